"""The recall of a broadcast: deletes what was sent, for as long as Telegram lets a bot do that.

Deleting twice does no harm, so nothing is claimed: the successor of a killed worker continues with
the deliveries that have no recall outcome yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from storage.broadcast_types import DeliveryState, Recalled
from storage.broadcasts import lock_broadcast
from storage.tables import BROADCASTS, DELIVERIES, SIGNATURES
from storage.transaction import Transaction

RECALLABLE_FOR = timedelta(hours=48)
"""How long Telegram lets a bot delete what it sent:
https://core.telegram.org/bots/api#deletemessage"""

_WAS_DELIVERED = DELIVERIES.c.state == DeliveryState.DELIVERED
_IS_UNRECALLED = DELIVERIES.c.recall_outcome.is_(None)


def can_be_recalled(tx: Transaction, broadcast: bytes, at: datetime) -> bool:
    """Returns whether Telegram still deletes any message of a broadcast."""
    columns = DELIVERIES.c
    is_young = columns.updated_at > at - RECALLABLE_FOR
    has_messages = columns.message_ids.is_not(None)
    is_its = columns.broadcast_id == broadcast
    return tx.find(DELIVERIES, is_its, _WAS_DELIVERED, has_messages, is_young) is not None


@dataclass(frozen=True, slots=True)
class SentMessages:
    """What one recipient was sent; `chat_id` is None if it can no longer be deleted."""

    position: int
    chat_id: int | None = field(repr=False)
    messages: tuple[int, ...]


def next_to_recall(
    tx: Transaction, broadcast: bytes, *, after: int, limit: int, at: datetime
) -> list[SentMessages]:
    """Returns the next deliveries whose messages are to be deleted, by position."""
    columns = DELIVERIES.c
    query = (
        select(columns.position, columns.message_ids, columns.updated_at)
        .add_columns(columns.signature_id, SIGNATURES.c.chat_sealed)
        .outerjoin(SIGNATURES, SIGNATURES.c.id == columns.signature_id)
        .where(columns.broadcast_id == broadcast, _WAS_DELIVERED, _IS_UNRECALLED)
        .where(columns.position > after)
        .order_by(columns.position)
        .limit(limit)
    )
    found = []
    for row in tx.all(query):
        messages = tuple(row.message_ids or ())
        chat = None
        if messages and row.updated_at > at - RECALLABLE_FOR:
            chat = tx.opened(row.chat_sealed, SIGNATURES.c.chat_sealed, row.signature_id)
        found.append(SentMessages(row.position, chat, messages))
    return found


def record_recalled(
    tx: Transaction, broadcast: bytes, recalled: Recalled, positions: Sequence[int]
) -> None:
    """Records one outcome for many positions; repeating it changes nothing."""
    recorded = DELIVERIES.c.position.in_(positions)
    is_its = DELIVERIES.c.broadcast_id == broadcast
    tx.set(DELIVERIES, is_its, recorded, _IS_UNRECALLED, recall_outcome=recalled)


def end_recall(tx: Transaction, broadcast: bytes, at: datetime, unrecorded: int = 0) -> None:
    """Ends the recall if at most `unrecorded` deliveries have no outcome yet."""
    found = lock_broadcast(tx, broadcast)
    if found is None or not found.is_recalling:
        return
    is_its = DELIVERIES.c.broadcast_id == broadcast
    if tx.count(DELIVERIES, is_its, _WAS_DELIVERED, _IS_UNRECALLED) <= unrecorded:
        tx.set(BROADCASTS, broadcast, recall_ended_at=at)
