"""Rows of broadcasts and of their deliveries, decrypted and turned into objects."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from storage.broadcast_transitions import APPROVABLE_FOR
from storage.database import Row
from storage.eligibility import Audience, Kind
from storage.errors import BrokenData
from storage.keyring import Keyring
from storage.outcomes import Delivery
from storage.recalls import RECALLABLE_FOR
from storage.times import from_millis

# A broadcast is not sent if one of these cannot be decrypted; `_WATCHED` does no harm.
_ORDERED: Final = ("started_by_sealed", "approved_by_sealed", "source_chat_sealed")
_WATCHED: Final = "progress_chat_sealed"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it is stored.

    Attributes:
        state: scheduled, running, paused, finished, stopped or cancelled.
        content: HTML by language, or what is copied from `source_chat`.
        expected: how many recipients the admin confirmed.
        total: how many recipients there are; known once `queued`.
        queued: whether every recipient has a row.
        starts_at: the planned moment; None for at once.
        started_at: when it began.
        ended_at: when nothing more was to be sent.
        finished_at: when its end was reported; None until then.
        started_by: the admin who wrote it.
        approved_by: the admin who confirmed it.
        cancel_requested_at: since when admins are asked whether to cancel it; None if not.
        is_approved: whether no admin's approval is missing.
        is_damaged: whether who ordered it, or where its content is, cannot be decrypted; it is
            then not sent.
    """

    id: bytes
    kind: Kind
    topic: str
    state: str
    content: dict[str, Any] = field(repr=False)
    source_language: str
    source_chat: int | None = field(repr=False)
    audience: Audience
    paid: bool
    expected: int | None
    total: int
    queued: bool
    created_at: datetime
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    finished_at: datetime | None
    stop_reason: str | None
    recall_started_at: datetime | None
    recall_ended_at: datetime | None
    progress_chat: int | None = field(repr=False)
    progress_message_id: int | None
    started_by: int = field(repr=False)
    approved_by: int = field(repr=False)
    cancel_requested_at: datetime | None = None
    is_approved: bool = True
    is_damaged: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there may still be something to send."""
        return self.state == "running"

    @property
    def is_active(self) -> bool:
        """Whether it has begun and not ended; no other can begin meanwhile."""
        return self.state in ("running", "paused")

    @property
    def is_held(self) -> bool:
        """Whether the system paused it, and an admin has to decide."""
        return self.state == "paused" and self.stop_reason is not None

    @property
    def awaits_approval(self) -> bool:
        """Whether another admin has to approve it before it is sent."""
        return self.state == "scheduled" and not self.is_approved

    @property
    def question(self) -> str | None:
        """What admins have to decide: "approval" or the pause reason; None if nothing."""
        if self.awaits_approval:
            return "approval"
        return self.stop_reason if self.is_held else None

    def has_lapsed(self, at: datetime) -> bool:
        """Returns whether it was not approved in time."""
        starts = self.starts_at or self.created_at
        return self.awaits_approval and at - starts >= APPROVABLE_FOR

    @property
    def is_over(self) -> bool:
        """Whether it has ended; after that it is sent only to supporters who return."""
        return self.state in ("finished", "stopped", "cancelled")

    def can_be_recalled(self, delivered: int, at: datetime) -> bool:
        """Returns whether it sent messages that Telegram still lets the bot delete."""
        return (
            self.is_over
            and self.recall_started_at is None
            and delivered > 0
            and self.ended_at is not None
            and at - self.ended_at < RECALLABLE_FOR
        )

    @property
    def is_recalling(self) -> bool:
        """Whether its messages are being deleted."""
        return self.recall_started_at is not None and self.recall_ended_at is None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Claimed rows, sorted by whether they can be sent."""

    deliveries: list[Delivery] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


def read_broadcast(row: Row, keyring: Keyring) -> Broadcast:
    """Returns the broadcast in a row of `broadcasts`."""

    numbers = {
        column: keyring.open_if_whole(
            row[column], table="broadcasts", column=column, row=row["id"]
        )
        for column in (*_ORDERED, _WATCHED)
    }

    def opened(column: str) -> int | None:
        number = numbers[column]
        return None if number is None else int(number)

    started_by = opened("started_by_sealed") or 0
    return Broadcast(
        id=row["id"],
        kind=Kind(row["kind"]),
        topic=row["topic"],
        state=row["state"],
        content=json.loads(row["content"]),
        source_language=row["source_language"],
        source_chat=opened("source_chat_sealed"),
        audience=Audience(row["language"], bool(row["news_only"])),
        paid=bool(row["paid"]),
        expected=row["expected"],
        total=row["total"],
        queued=row["queued_at"] is not None,
        created_at=from_millis(row["created_at"]),
        starts_at=from_millis(row["starts_at"]),
        started_at=from_millis(row["started_at"]),
        ended_at=from_millis(row["ended_at"]),
        finished_at=from_millis(row["finished_at"]),
        stop_reason=row["stop_reason"],
        recall_started_at=from_millis(row["recall_started_at"]),
        recall_ended_at=from_millis(row["recall_ended_at"]),
        progress_chat=opened(_WATCHED),
        progress_message_id=row["progress_message_id"],
        started_by=started_by,
        approved_by=opened("approved_by_sealed") or started_by,
        cancel_requested_at=from_millis(row["cancel_requested_at"]),
        # A broadcast to be approved always has a time; rows older than approvals have neither.
        is_approved=row["approved_by_sealed"] is not None or row["starts_at"] is None,
        is_damaged=any(numbers[column] is None and row[column] is not None for column in _ORDERED),
    )


def read_claimed(
    rows: Iterable[Row], broadcast: Broadcast, claim: bytes, keyring: Keyring
) -> Claimed:
    """Decrypts rows of `deliveries`, each with the sealed chat id of its signature."""
    claimed = Claimed()
    for row in rows:
        position, signature = row["position"], row["signature_id"]
        if signature is None or row["chat_sealed"] is None:
            claimed.withdrawn.append(position)
            continue
        try:
            chat = keyring.open(
                row["chat_sealed"], table="signatures", column="chat_sealed", row=signature
            )
        except BrokenData:
            claimed.unreadable.append(position)
            continue
        # A supporter who returned may read a language that the broadcast lacks.
        has_it = row["language"] in broadcast.content
        language = row["language"] if has_it else broadcast.source_language
        claimed.deliveries.append(Delivery(position, int(chat), language, claim))
    return claimed
