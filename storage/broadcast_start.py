"""Starting a broadcast: what is requested, and the one transaction that starts it.

The transaction fixes the content and the last signature it goes to; the worker writes the
recipients' rows before it sends (`enqueue.py`), in portions too small to delay other writes.
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

# Reopening the petition and starting another broadcast wait for each other at this lock.
_LOCK: Final = f"SELECT slug FROM petitions WHERE slug = :petition {FOR_UPDATE}"  # noqa: S608

_MAY_CLOSE: Final = "(:kind <> 'closing' OR p.closed_at IS NOT NULL)"

# Counted by the statement that starts it, so that supporters who have just returned are included.
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

# The entry has the broadcast's own id, so a retry does not write it twice.
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

# A planned broadcast also goes to people who signed since it was planned, so it takes the last
# signature number of now.
_BEGIN_PLANNED: Final = f"""
UPDATE broadcasts
SET state = :state, started_at = :at, stop_reason = CAST(:reason AS TEXT),
  cutoff = (SELECT p.last_number FROM petitions p WHERE p.slug = :petition)
WHERE {_ITS_TIME_HAS_COME}
  AND (CAST(:at_most AS BIGINT) IS NULL OR {_RECIPIENTS} <= CAST(:at_most AS BIGINT))
"""  # noqa: S608 - constants of this file

# It has more recipients by now than one admin may write to: another one has a day to approve it.
_ASK_ANOTHER: Final = f"""
UPDATE broadcasts
SET approved_by_sealed = NULL, starts_at = :at, expected = {_RECIPIENTS}
WHERE {_ITS_TIME_HAS_COME} AND {_RECIPIENTS} > CAST(:at_most AS BIGINT)
"""  # noqa: S608 - constants of this file

# The petition was reopened, so there is no closing to report.
_DROP_PLANNED: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = 'open: ', ended_at = :at
WHERE id = :broadcast AND petition = :petition AND state = 'scheduled' AND kind = 'closing'
  AND NOT EXISTS (
    SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL
  )
"""

# No other admin approved it in time.
_DROP_UNAPPROVED: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = 'unapproved: ', ended_at = :at
WHERE id = :broadcast AND petition = :petition AND state = 'scheduled'
  AND approved_by_sealed IS NULL AND starts_at <= :lapsed
"""


@dataclass(frozen=True, slots=True)
class AlreadyRunning:
    """Nothing was started: another broadcast of this petition is running or paused."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PetitionOpen:
    """Nothing was started: the petition is not closed."""


@dataclass(frozen=True, slots=True)
class AudienceChanged:
    """Nothing was started: there are more recipients than were confirmed, or none."""


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A request to start a broadcast.

    Attributes:
        id: 16 random bytes; starting the same id again starts nothing new.
        content: by language, HTML, or what is copied: `{"messages": [17], "keyboard": [[…]]}`.
        content_sha256: the hash of what the admin confirmed.
        source_language: the language of the content that everyone gets whose own it lacks.
        actor: the Telegram id of the admin who confirmed it.
        at: now.
        kind: what it is about.
        audience: which of the signers it goes to.
        topic: nobody receives two broadcasts on one topic; left out, all closing updates share
            one, and any other broadcast has its own.
        source_chat: the chat whose messages are copied.
        starts_at: when it is sent, or None for now.
        expected: the number of recipients that the admin was shown.
        at_most: the confirmation covers one to so many recipients; None for any number.
        cutoff: the number of the last signature that was counted, or None for all up to now.
        progress: the chat and the id of the admin's progress message, if there is one.
        paid: whether Telegram is paid for a higher sending rate.
        needs_approval: whether another admin has to approve it before it is sent.
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
    needs_approval: bool = False

    @property
    def due(self) -> datetime | None:
        """When it is sent at the earliest, or None for now."""
        return self.at if self.starts_at is None and self.needs_approval else self.starts_at


def topic_of(plan: NewBroadcast) -> str:
    """Returns the topic of a broadcast, on which nobody receives a second one."""
    if plan.topic is not None:
        return plan.topic
    return Kind.CLOSING if plan.kind is Kind.CLOSING else plan.id.hex()


def start_statements(plan: NewBroadcast, petition: str, keyring: Keyring) -> tuple[Statement, ...]:
    """Returns the transaction that starts a broadcast; repeating it changes nothing."""
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
    """Returns the transaction that begins a planned broadcast, or pauses it for a reason.

    The reason is `hold`. With more than `at_most` recipients it waits for a second admin's
    approval instead; one that was not approved in time is stopped.
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
        "started_by_sealed": sealed(plan.actor, "started_by_sealed"),
        "approved_by_sealed": sealed(
            None if plan.needs_approval else plan.actor, "approved_by_sealed"
        ),
        "progress_chat_sealed": sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
    }
