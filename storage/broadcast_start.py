"""Starting a broadcast: what is requested, and the one transaction that starts it.

The transaction fixes the content and the last signature it goes to; the worker writes the
recipients' rows before it sends (`enqueue.py`), in portions too small to delay other writes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.broadcast_transition_sql import (
    NO_OTHER_ACTIVE,
    WRITTEN_TO_RECENTLY,
    counted_together,
)
from storage.broadcast_types import EVERYONE, Audience, Kind
from storage.closing_texts import CLOSING_UPDATE_WAITS
from storage.database import Statement, Value
from storage.eligibility import ELIGIBLE, IN_LANGUAGE, of_topic
from storage.keyring import Keyring
from storage.petitions import locking_petition
from storage.times import to_millis

# A change of its text gives the petition another revision; the former text is not sent while
# another one waits for a second admin.
_MAY_CLOSE = f"""
(:kind <> 'closing' OR (p.closed_at IS NOT NULL AND NOT {CLOSING_UPDATE_WAITS}
  AND p.revision = COALESCE(CAST(:revision AS BIGINT), p.revision)))
"""

# Counted once for both numbers, as nobody can sign meanwhile.
_AS_CONFIRMED = f"""
((CAST(:at_most AS BIGINT) IS NULL AND CAST(:approval_above AS BIGINT) IS NULL) OR EXISTS (
  SELECT 1
  FROM (
    SELECT COUNT(*) AS people FROM {ELIGIBLE}
      AND s.number <= COALESCE(CAST(:last_number AS BIGINT), (
        SELECT last.last_number FROM petitions last WHERE last.slug = :petition
      ))
      AND {IN_LANGUAGE}
  ) recipients
  WHERE (CAST(:at_most AS BIGINT) IS NULL
      OR recipients.people BETWEEN 1 AND CAST(:at_most AS BIGINT))
    AND (CAST(:approval_above AS BIGINT) IS NULL
      OR recipients.people + {WRITTEN_TO_RECENTLY} <= CAST(:approval_above AS BIGINT))
))
"""  # noqa: S608 - constants of this package

_INSERT = f"""
INSERT INTO broadcasts
  (id, petition, kind, topic, state, content, content_sha256, source_chat_sealed,
   source_language, language, news_only, paid, expected, total, last_signature_number,
   created_at, starts_at, started_at, author_sealed, confirmed_by_sealed,
   progress_chat_sealed, progress_message_id)
SELECT :broadcast, :petition, :kind, :topic, :state, :content, :content_sha256,
  :source_chat_sealed, :source_language, CAST(:language AS TEXT), :news_only, :paid,
  CAST(:expected AS BIGINT), 0,
  CASE WHEN :state = 'running' THEN COALESCE(CAST(:last_number AS BIGINT), p.last_number) END,
  :at, CAST(:starts_at AS BIGINT),
  CAST(:started_at AS BIGINT), :author_sealed, :confirmed_by_sealed, :progress_chat_sealed,
  CAST(:progress_message_id AS BIGINT)
FROM petitions p
WHERE p.slug = :petition AND {_MAY_CLOSE} AND (:state = 'scheduled' OR {NO_OTHER_ACTIVE})
  AND {_AS_CONFIRMED}
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - constants of this file

# The entry has the broadcast's own id, so a retry does not write it twice.
_AUDIT = """
INSERT INTO audit (id, petition, at, actor_sealed, action, detail)
SELECT b.id, b.petition, b.created_at, :actor_sealed, 'broadcast',
  b.kind || ' to ' || COALESCE(CAST(b.expected AS TEXT), 'everyone')
    || CASE WHEN b.confirmed_by_sealed IS NULL THEN ', to be approved'
       WHEN b.state = 'scheduled' THEN ', scheduled' ELSE '' END
FROM broadcasts b WHERE b.id = :broadcast
ON CONFLICT (id) DO NOTHING
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
    """Nothing was started: there are more recipients than were confirmed or than one admin may
    write to, or none."""


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
        audience: which of the signers it goes to; with the notice of a breach that is everyone,
            or this raises ValueError.
        topic: nobody receives two broadcasts on one topic; left out, all closing updates share
            one, and any other broadcast has its own.
        source_chat: the chat whose messages are copied.
        starts_at: when it is sent, or None for now.
        expected: the number of recipients that the admin was shown.
        at_most: the most recipients that the confirmation covers; None for any number.
        last_signature_number: that of the last signature counted, or None for all up to now.
        progress: the chat and the id of the admin's progress message, if there is one.
        paid: whether Telegram is paid for a higher sending rate.
        needs_approval: whether another admin has to approve it before it is sent.
        approval_above: with more recipients than this, together with what its author sent alone
            within a day, it is not started without an approval; None for any number.
        revision: of the petition that the admin was shown; a closing update is started with no
            other. None for any.
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
    last_signature_number: int | None = None
    progress: tuple[int, int] | None = None
    paid: bool = False
    needs_approval: bool = False
    approval_above: int | None = None
    revision: int | None = None

    def __post_init__(self) -> None:
        if self.kind is Kind.BREACH and self.audience != EVERYONE:
            raise ValueError("the notice of a breach goes to everyone")

    @property
    def due(self) -> datetime | None:
        """When it is sent at the earliest, or None for now."""
        return self.at if self.starts_at is None and self.needs_approval else self.starts_at


def start_statements(
    plan: NewBroadcast, petition: str, keyring: Keyring, others: Sequence[bytes] = ()
) -> tuple[Statement, ...]:
    """Returns the transaction that starts a broadcast; repeating it changes nothing.

    Args:
        plan: what is requested.
        petition: the petition's slug.
        keyring: encrypts who requested it.
        others: ids of recent broadcasts that are not its author's alone; see `counted_together`.
    """
    at = to_millis(plan.at)
    values = {**_values(plan, keyring, at), **counted_together(plan.at, others)}
    noted = keyring.seal(str(plan.actor), table="audit", column="actor_sealed", row=plan.id)
    return (
        locking_petition(petition),  # as reopening it does
        Statement(_INSERT, {"petition": petition, **values}),
        Statement(_AUDIT, {"broadcast": plan.id, "actor_sealed": noted}),
    )


def _values(plan: NewBroadcast, keyring: Keyring, at: int) -> dict[str, Value]:
    def sealed(number: int | None, column: str) -> bytes | None:
        if number is None:
            return None
        return keyring.seal(str(number), table="broadcasts", column=column, row=plan.id)

    chat, message_id = plan.progress or (None, None)
    return {
        "broadcast": plan.id,
        "kind": plan.kind.value,
        **of_topic(plan.topic or (Kind.CLOSING if plan.kind is Kind.CLOSING else plan.id.hex())),
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
        # A planned one is counted at its time.
        "approval_above": None if plan.due is not None else plan.approval_above,
        "last_number": plan.last_signature_number,
        "revision": plan.revision,
        "at": at,
        "starts_at": to_millis(plan.due),
        "started_at": at if plan.due is None else None,
        "author_sealed": sealed(plan.actor, "author_sealed"),
        "confirmed_by_sealed": sealed(
            None if plan.needs_approval else plan.actor, "confirmed_by_sealed"
        ),
        "progress_chat_sealed": sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
    }
