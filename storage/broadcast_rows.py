"""Rows of broadcasts: how they are locked, listed, decrypted and turned into objects."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select

from storage.broadcast_types import ACTIVE, OVER, Broadcast, BroadcastState, DeliveryState
from storage.tables import BROADCASTS, DELIVERIES, RESTORES
from storage.transaction import Transaction

# A broadcast is not sent if one of these cannot be decrypted; the progress chat does no harm.
_NEEDED = ("author", "confirmed_by", "source_chat")

_IS_OPEN = DELIVERIES.c.state.in_((DeliveryState.PENDING, DeliveryState.SENDING))
_IS_WAITED_FOR = and_(
    BROADCASTS.c.state == BroadcastState.FINISHED,
    exists().where(DELIVERIES.c.broadcast_id == BROADCASTS.c.id, _IS_OPEN),
)


def _broadcast_in(tx: Transaction, row: Row[Any]) -> Broadcast:
    stored, values = row._mapping, tx.unsealed(BROADCASTS, row)
    is_lost = [values[name] is None and stored[f"{name}_sealed"] is not None for name in _NEEDED]
    return Broadcast(**values | {"author": values["author"] or 0, "is_damaged": any(is_lost)})


def lock_broadcast(tx: Transaction, key: bytes) -> Broadcast | None:
    """Locks a broadcast's row, before its signatures and deliveries, and returns it.

    The worker and a supporter who returns (`returning_supporters.py`) wait here for each other: on
    PostgreSQL each would otherwise miss what the other has not committed, and the supporter would
    receive nothing.
    """
    query = select(BROADCASTS).where(tx.of(BROADCASTS), BROADCASTS.c.id == key)
    row = tx.first(query.with_for_update(key_share=True))
    return None if row is None else _broadcast_in(tx, row)


def broadcast_history(tx: Transaction, *conditions: ColumnElement[bool]) -> list[Broadcast]:
    """Returns the broadcasts for which all of that holds, the newest first."""
    query = select(BROADCASTS).where(tx.of(BROADCASTS), *conditions)
    newest_first = query.order_by(BROADCASTS.c.created_at.desc(), BROADCASTS.c.id)
    return [_broadcast_in(tx, row) for row in tx.all(newest_first)]


def broadcast_with(tx: Transaction, key: bytes) -> Broadcast | None:
    """Returns a broadcast, or None if there is none with this id."""
    return next(iter(broadcast_history(tx, BROADCASTS.c.id == key)), None)


def active_broadcast(tx: Transaction) -> Broadcast | None:
    """Returns the broadcast that is running or paused, if there is one."""
    return next(iter(broadcast_history(tx, BROADCASTS.c.state.in_(ACTIVE))), None)


def scheduled_broadcasts(tx: Transaction) -> list[Broadcast]:
    """Returns the planned broadcasts, the earliest first."""
    found = broadcast_history(tx, BROADCASTS.c.state == BroadcastState.SCHEDULED)
    return sorted(found, key=lambda each: (each.starts_at or each.created_at, each.id))


def listed_broadcasts(tx: Transaction) -> list[Broadcast]:
    """Returns broadcasts of every state: under way, then planned, then over.

    The planned ones come with the earliest first, the others with the latest first.
    """
    begun = broadcast_history(tx, BROADCASTS.c.state != BroadcastState.SCHEDULED)
    begun.sort(key=lambda each: each.started_at or each.created_at, reverse=True)
    under_way = [each for each in begun if each.is_active]
    return [*under_way, *scheduled_broadcasts(tx), *(each for each in begun if each.is_over)]


def has_sent_broadcasts(tx: Transaction, author: int) -> bool:
    """Returns whether a broadcast that has begun is this admin's."""
    begun = broadcast_history(tx, BROADCASTS.c.started_at.is_not(None))
    return any(each.author == author for each in begun)


def due_broadcasts(tx: Transaction, at: datetime) -> list[Broadcast]:
    """Returns the broadcasts that need a worker, the most urgent first.

    Nothing is due until an admin has looked at a restored backup.
    """
    if tx.find(RESTORES, RESTORES.c.released_at.is_(None)):
        return []
    columns = BROADCASTS.c
    # Asked every second: those that are over for good are not even read.
    found = broadcast_history(
        tx,
        or_(
            columns.state.not_in(OVER),
            columns.reported_at.is_(None),
            and_(columns.recall_started_at.is_not(None), columns.recall_ended_at.is_(None)),
            and_(columns.recall_started_at.is_(None), _IS_WAITED_FOR),
        ),
    )
    is_idle = not any(each.is_active for each in found)
    ranked = [(each, _urgency(each, at, is_idle)) for each in reversed(found)]
    return [each for rank in range(5) for each, its in ranked if its == rank]


def _urgency(broadcast: Broadcast, at: datetime, is_idle: bool) -> int | None:
    """Returns in which order broadcasts are worked on; None for one that needs no worker.

    A recall goes first: what was sent is wrong, and after 48 hours it cannot be deleted. What
    waits for an admin, who is to be told, comes last, so that it delays nothing that can be done
    meanwhile. What was planned begins while nothing is under way. What is over is to be reported,
    and then sent to supporters who return.
    """
    if broadcast.is_recalling:
        return 0
    if broadcast.is_running:
        return 1
    if broadcast.is_over:
        return 3
    if broadcast.awaits_approval or broadcast.pause_reason is not None:
        return 4
    has_time = broadcast.starts_at is not None and broadcast.starts_at <= at
    return 2 if has_time and is_idle and not broadcast.is_active else None


def has_open_deliveries(tx: Transaction, key: bytes) -> bool:
    """Returns whether somebody is still to be sent a broadcast."""
    return tx.find(DELIVERIES, DELIVERIES.c.broadcast_id == key, _IS_OPEN) is not None
