"""Starting a broadcast: what is asked for, and the one transaction that makes it so.

It freezes the content and up to which signature it goes; the recipients' rows are written by the
worker before it sends (`enqueue.py`), in portions that hold nobody up.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from storage.broadcast_rows import Broadcast
from storage.broadcast_transitions import APPROVABLE_FOR
from storage.database import FOR_UPDATE, Statement, Value
from storage.eligibility import ELIGIBLE, EVERYONE, IN_LANGUAGE, Audience, Kind
from storage.keyring import Keyring
from storage.times import to_millis

# Opening the petition again and starting another broadcast wait here for each other.
_LOCK: Final = f"SELECT slug FROM petitions WHERE slug = :petition {FOR_UPDATE}"  # noqa: S608

_MAY_CLOSE: Final = "(:kind <> 'closing' OR p.closed_at IS NOT NULL)"

# Counted by the statement that starts it: who comes back a moment before it is among them.
_RECIPIENTS: Final = f"(SELECT COUNT(*) FROM {ELIGIBLE} AND {IN_LANGUAGE})"  # noqa: S608

_AS_CONFIRMED: Final = f"""
(CAST(:at_most AS BIGINT) IS NULL OR (
  SELECT COUNT(*) FROM {ELIGIBLE}
    AND s.number <= COALESCE(CAST(:cutoff AS BIGINT), p.last_number) AND {IN_LANGUAGE}
) BETWEEN 1 AND CAST(:at_most AS BIGINT))
"""  # noqa: S608 - constants of this package

_ANOTHER: Final = """
EXISTS (
  SELECT 1 FROM broadcasts r
  WHERE r.petition = :petition AND r.state IN ('running', 'paused') AND r.id <> :broadcast
)
"""

_BEGIN: Final = f"""
INSERT INTO broadcasts
  (id, petition, kind, topic, state, content, content_sha256, source_chat_sealed,
   source_language, language, news_only, paid, expected, total, cutoff, created_at, starts_at,
   started_at, started_by_sealed, approved_by_sealed, progress_chat_sealed, progress_message_id)
SELECT :broadcast, :petition, :kind, :topic, :state, :content, :content_sha256,
  :source_chat_sealed, :source_language, CAST(:language AS TEXT), :news_only, :paid,
  CAST(:expected AS BIGINT), 0,
  CASE WHEN :state = 'running' THEN COALESCE(CAST(:cutoff AS BIGINT), p.last_number) END,
  :at, CAST(:starts_at AS BIGINT),
  CAST(:started_at AS BIGINT), :started_by_sealed, :approved_by_sealed, :progress_chat_sealed,
  CAST(:progress_message_id AS BIGINT)
FROM petitions p
WHERE p.slug = :petition AND {_MAY_CLOSE} AND (:state = 'scheduled' OR NOT {_ANOTHER})
  AND {_AS_CONFIRMED}
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - constants of this file

# It has the broadcast's own id, so it is written once however often it is tried.
_AUDIT: Final = """
INSERT INTO audit (id, petition, at, actor_sealed, action, detail)
SELECT b.id, b.petition, b.created_at, :actor_sealed, 'broadcast',
  b.kind || ' to ' || COALESCE(CAST(b.expected AS TEXT), 'everyone')
    || CASE WHEN b.approved_by_sealed IS NULL THEN ', to be approved'
       WHEN b.state = 'scheduled' THEN ', scheduled' ELSE '' END
FROM broadcasts b WHERE b.id = :broadcast AND b.created_at = :at
ON CONFLICT (id) DO NOTHING
"""

_ITS_TIME_HAS_COME: Final = f"""
id = :broadcast AND petition = :petition AND state = 'scheduled' AND starts_at <= :at
  AND approved_by_sealed IS NOT NULL AND NOT {_ANOTHER}
  AND (kind <> 'closing' OR EXISTS (
    SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL
  ))
"""  # noqa: S608 - constants of this file

# A planned moment has come. Whoever signs in the meantime belongs to it, so the last number is
# the one of now.
_BEGIN_PLANNED: Final = f"""
UPDATE broadcasts
SET state = :state, started_at = :at, stop_reason = CAST(:reason AS TEXT),
  cutoff = (SELECT p.last_number FROM petitions p WHERE p.slug = :petition)
WHERE {_ITS_TIME_HAS_COME}
  AND (CAST(:at_most AS BIGINT) IS NULL OR {_RECIPIENTS} <= CAST(:at_most AS BIGINT))
"""  # noqa: S608 - constants of this file

# It has grown to more than one admin may write to: from now on another one has a day to agree.
_ASK_ANOTHER: Final = f"""
UPDATE broadcasts
SET approved_by_sealed = NULL, starts_at = :at, expected = {_RECIPIENTS}
WHERE {_ITS_TIME_HAS_COME} AND {_RECIPIENTS} > CAST(:at_most AS BIGINT)
"""  # noqa: S608 - constants of this file

# The petition was opened again: it has no end to tell of.
_DROP_PLANNED: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = 'open: ', ended_at = :at
WHERE id = :broadcast AND petition = :petition AND state = 'scheduled' AND kind = 'closing'
  AND NOT EXISTS (
    SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL
  )
"""

# Nobody else wanted it, or nobody else was there.
_DROP_UNAPPROVED: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = 'unapproved: ', ended_at = :at
WHERE id = :broadcast AND petition = :petition AND state = 'scheduled'
  AND approved_by_sealed IS NULL AND starts_at <= :lapsed
"""


@dataclass(frozen=True, slots=True)
class AlreadyRunning:
    """Nothing was started: another broadcast of this petition is under way."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PetitionOpen:
    """Nothing was started: the petition is not closed."""


@dataclass(frozen=True, slots=True)
class AudienceChanged:
    """Nothing was started: there are more recipients than were confirmed, or none."""


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A broadcast that is asked for.

    Attributes:
        id: 16 random bytes; starting the same one again starts nothing new.
        content: by language, HTML, or what is copied: `{"messages": [17], "keyboard": [[…]]}`.
        content_sha256: what the admin confirmed.
        source_language: one of the content's, for everyone whose own it lacks.
        actor: the Telegram id of the admin who confirmed it.
        at: now.
        kind: what it is about.
        audience: to whom.
        topic: nobody is told twice by broadcasts on one topic; left out, a closing update has
            the topic of all of them, and anything else one of its own.
        source_chat: where the messages are that are copied.
        starts_at: when, or None for now.
        expected: the number of recipients that the admin was shown.
        at_most: up to how many the confirmation holds, and for one at least; None for any.
        cutoff: the last signature's number that was counted, or None for all up to now.
        progress: the chat and the message in which the admin watches it, if there is one.
        paid: whether Telegram is paid to let it go faster.
        author: the admin who wrote it; left out, the one who confirmed it.
        needs_approval: whether another admin has to agree before any of it goes out.
    """

    id: bytes
    content: Mapping[str, object] = field(repr=False)
    content_sha256: bytes
    source_language: str
    actor: int
    at: datetime
    kind: Kind = Kind.CLOSING
    audience: Audience = EVERYONE
    topic: str | None = None
    source_chat: int | None = field(default=None, repr=False)
    starts_at: datetime | None = None
    expected: int | None = None
    at_most: int | None = None
    cutoff: int | None = None
    progress: tuple[int, int] | None = None
    paid: bool = False
    author: int | None = None
    needs_approval: bool = False

    @property
    def due(self) -> datetime | None:
        """When it goes out at the earliest, or None for now."""
        return self.at if self.starts_at is None and self.needs_approval else self.starts_at


def topic_of(plan: NewBroadcast) -> str:
    """What nobody is told twice."""
    if plan.topic is not None:
        return plan.topic
    return Kind.CLOSING if plan.kind is Kind.CLOSING else plan.id.hex()


def start_statements(plan: NewBroadcast, petition: str, keyring: Keyring) -> tuple[Statement, ...]:
    """Everything that starting is: all of it happens or none, and again changes nothing."""
    at = to_millis(plan.at)
    noted = keyring.seal(str(plan.actor), table="audit", column="actor_sealed", row=plan.id)
    return (
        Statement(_LOCK, {"petition": petition}),
        Statement(_BEGIN, {"petition": petition, **_begun_with(plan, keyring, at)}),
        Statement(_AUDIT, {"broadcast": plan.id, "at": at, "actor_sealed": noted}),
    )


def begin_statements(
    petition: str, broadcast: Broadcast, at: datetime, hold: str | None, at_most: int | None
) -> tuple[Statement, ...]:
    """A planned broadcast begins, or waits for a decision if there is a reason to hold it.

    When it would go to more than `at_most`, it waits for a second admin; what was not approved in
    time is over instead.
    """
    key: dict[str, Value] = {"petition": petition, "broadcast": broadcast.id, "at": to_millis(at)}
    counted: dict[str, Value] = {
        **key,
        "topic": broadcast.topic,
        "news_only": int(broadcast.audience.news_only),
        "only": broadcast.audience.language,
        "at_most": at_most,
    }
    begun: dict[str, Value] = {
        "state": "running" if hold is None else "paused",
        "reason": hold,
    }
    return (
        Statement(_LOCK, {"petition": petition}),
        Statement(_BEGIN_PLANNED, {**counted, **begun}),
        *(() if at_most is None else (Statement(_ASK_ANOTHER, counted),)),
        Statement(_DROP_PLANNED, key),
        Statement(_DROP_UNAPPROVED, {**key, "lapsed": to_millis(at - APPROVABLE_FOR)}),
    )


def _begun_with(plan: NewBroadcast, keyring: Keyring, at: int) -> dict[str, Value]:
    def sealed(number: int | None, column: str) -> bytes | None:
        if number is None:
            return None
        return keyring.seal(str(number), table="broadcasts", column=column, row=plan.id)

    chat, message_id = plan.progress or (None, None)
    author = plan.actor if plan.author is None else plan.author
    return {
        "broadcast": plan.id,
        "kind": plan.kind.value,
        "topic": topic_of(plan),
        "state": "running" if plan.due is None else "scheduled",
        "content": json.dumps(dict(plan.content), ensure_ascii=False, sort_keys=True),
        "content_sha256": plan.content_sha256,
        "source_chat_sealed": sealed(plan.source_chat, "source_chat_sealed"),
        "source_language": plan.source_language,
        "language": plan.audience.language,
        "only": plan.audience.language,
        "news_only": int(plan.audience.news_only),
        "paid": int(plan.paid),
        "expected": plan.expected,
        "at_most": plan.at_most,
        "cutoff": plan.cutoff,
        "at": at,
        "starts_at": to_millis(plan.due),
        "started_at": at if plan.due is None else None,
        "started_by_sealed": sealed(author, "started_by_sealed"),
        "approved_by_sealed": sealed(
            None if plan.needs_approval else plan.actor, "approved_by_sealed"
        ),
        "progress_chat_sealed": sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
    }
