"""Rows of broadcasts and of their deliveries, decrypted and turned into objects."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.broadcast_states import BroadcastState, PauseReason, StopReason
from storage.broadcast_types import Audience, Broadcast, Delivery, Kind
from storage.database import Row
from storage.errors import BrokenData
from storage.keyring import Keyring
from storage.times import from_millis

# A broadcast is not sent if one of these cannot be decrypted; the progress chat does no harm.
_NEEDED = ("author_sealed", "confirmed_by_sealed", "source_chat_sealed")


@dataclass(frozen=True, slots=True)
class Claimed:
    """Claimed rows, sorted by whether they can be sent."""

    deliveries: list[Delivery] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


def read_broadcast(row: Row, keyring: Keyring) -> Broadcast:
    """Returns the broadcast in a row of `broadcasts`."""

    def opened(column: str) -> int | None:
        number = keyring.open_if_whole(
            row[column], table="broadcasts", column=column, row=row["id"]
        )
        return None if number is None else int(number)

    needed = {column: opened(column) for column in _NEEDED}
    author = needed["author_sealed"] or 0
    return Broadcast(
        id=row["id"],
        kind=Kind(row["kind"]),
        topic=row["topic"],
        state=BroadcastState(row["state"]),
        content=json.loads(row["content"]),
        source_language=row["source_language"],
        source_chat=needed["source_chat_sealed"],
        audience=Audience(row["language"], bool(row["news_only"])),
        paid=bool(row["paid"]),
        expected=row["expected"],
        total=row["total"],
        is_enqueued=row["enqueued_at"] is not None,
        created_at=from_millis(row["created_at"]),
        starts_at=from_millis(row["starts_at"]),
        started_at=from_millis(row["started_at"]),
        ended_at=from_millis(row["ended_at"]),
        reported_at=from_millis(row["reported_at"]),
        recall_started_at=from_millis(row["recall_started_at"]),
        recall_ended_at=from_millis(row["recall_ended_at"]),
        progress_chat=opened("progress_chat_sealed"),
        progress_message_id=row["progress_message_id"],
        author=author,
        confirmed_by=needed["confirmed_by_sealed"] or author,
        pause_reason=PauseReason(row["pause_reason"]) if row["pause_reason"] else None,
        stop_reason=StopReason(row["stop_reason"]) if row["stop_reason"] else None,
        reason_detail=row["reason_detail"] or "",
        cancel_requested_at=from_millis(row["cancel_requested_at"]),
        # A broadcast to be approved always has a time; rows older than approvals have neither.
        is_approved=row["confirmed_by_sealed"] is not None or row["starts_at"] is None,
        is_damaged=any(needed[column] is None and row[column] is not None for column in _NEEDED),
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
