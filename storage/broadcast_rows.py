"""Rows of broadcasts: how they are locked, listed, decrypted and turned into objects."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row as TableRow
from sqlalchemy import Select, and_, case, exists, func, or_, select

from storage.broadcast_states import ACTIVE, OVER, BroadcastState
from storage.broadcast_types import Audience, Broadcast, DeliveryState
from storage.keyring import Keyring
from storage.tables import BROADCASTS, DELIVERIES, RESTORES
from storage.transaction import Transaction

_MOST_SEARCHED = 200  # for an admin's first one

_NEWEST = select(BROADCASTS).order_by(BROADCASTS.c.created_at.desc(), BROADCASTS.c.id)

# A broadcast is not sent if one of these cannot be decrypted; the progress chat does no harm.
_NEEDED = ("author_sealed", "confirmed_by_sealed", "source_chat_sealed")

_AS_STORED = {each.name for each in fields(Broadcast)} & {*BROADCASTS.c.keys()} - {"reason_detail"}


def read_broadcast(row: TableRow[Any], keyring: Keyring) -> Broadcast:
    """Returns the broadcast in a row of BROADCASTS."""
    stored = row._mapping

    def opened(name: str) -> int | None:
        number = keyring.open_if_whole(stored[name], table="broadcasts", column=name, row=row.id)
        return None if number is None else int(number)

    needed = {name: opened(name) for name in _NEEDED}
    author = needed["author_sealed"] or 0
    return Broadcast(
        **{name: stored[name] for name in _AS_STORED},
        source_chat=needed["source_chat_sealed"],
        audience=Audience(row.language, row.news_only),
        is_enqueued=row.enqueued_at is not None,
        progress_chat=opened("progress_chat_sealed"),
        author=author,
        confirmed_by=needed["confirmed_by_sealed"] or author,
        reason_detail=row.reason_detail or "",
        # A broadcast to be approved always has a time; rows older than approvals have neither.
        is_approved=row.confirmed_by_sealed is not None or row.starts_at is None,
        is_damaged=any(needed[name] is None and stored[name] is not None for name in _NEEDED),
    )


def lock_broadcast(tx: Transaction, key: bytes) -> TableRow[Any] | None:
    """Locks a broadcast's row, before its signatures and deliveries, and returns it.

    The worker and a supporter who returns (`returning_supporters.py`) wait here for each other: on
    PostgreSQL each would otherwise miss what the other has not committed, and the supporter would
    receive nothing.
    """
    query = select(BROADCASTS).where(tx.of(BROADCASTS), BROADCASTS.c.id == key)
    return tx.first(query.with_for_update(key_share=True))


def broadcast_with(tx: Transaction, key: bytes) -> Broadcast | None:
    """Returns a broadcast, or None if there is none with this id."""
    return _first(tx, select(BROADCASTS).where(BROADCASTS.c.id == key))


def stored_broadcast(tx: Transaction, key: bytes) -> Broadcast:
    """Returns a broadcast that is there, as it now is."""
    (broadcast,) = _found(tx, select(BROADCASTS).where(BROADCASTS.c.id == key))
    return broadcast


def active_broadcast(tx: Transaction) -> Broadcast | None:
    """Returns the broadcast that is running or paused, if there is one."""
    return _first(tx, select(BROADCASTS).where(BROADCASTS.c.state.in_(ACTIVE)))


def scheduled_broadcasts(tx: Transaction) -> list[Broadcast]:
    """Returns the planned broadcasts, the earliest first."""
    columns = BROADCASTS.c
    query = select(BROADCASTS).where(columns.state == BroadcastState.SCHEDULED)
    return _found(tx, query.order_by(columns.starts_at, columns.id))


def latest_broadcast(tx: Transaction) -> Broadcast | None:
    """Returns the newest broadcast, whatever its state."""
    return _first(tx, _NEWEST)


def broadcast_history(tx: Transaction, *, limit: int = 10, offset: int = 0) -> list[Broadcast]:
    """Returns broadcasts of every state, newest first."""
    return _found(tx, _NEWEST.limit(limit).offset(offset))


def listed_broadcasts(tx: Transaction, *, limit: int, offset: int = 0) -> list[Broadcast]:
    """Returns broadcasts of every state: under way, then planned, then over.

    The planned ones come with the earliest first, the others with the latest first.
    """
    columns = BROADCASTS.c
    is_planned = columns.state == BroadcastState.SCHEDULED
    query = select(BROADCASTS).order_by(
        case((columns.state.in_(ACTIVE), 0), (is_planned, 1), else_=2),
        case((is_planned, columns.starts_at)),
        func.coalesce(columns.started_at, columns.created_at).desc(),
        columns.id,
    )
    return _found(tx, query.limit(limit).offset(offset))


def has_sent(tx: Transaction, author: int) -> bool:
    """Returns whether one of the newest broadcasts that have begun is this admin's."""
    begun = select(BROADCASTS).where(BROADCASTS.c.started_at.is_not(None))
    newest = begun.order_by(BROADCASTS.c.started_at.desc(), BROADCASTS.c.id)
    return any(each.author == author for each in _found(tx, newest.limit(_MOST_SEARCHED)))


def recent_broadcasts(tx: Transaction, since: datetime) -> list[Broadcast]:
    """Returns the broadcasts that were under way since then.

    Not those that began since then: one that was paused for a day is sent after it.
    """
    columns = BROADCASTS.c
    lasted = or_(columns.ended_at.is_(None), columns.ended_at > since)
    return _found(tx, select(BROADCASTS).where(columns.started_at.is_not(None), lasted))


_IS_PLANNED = BROADCASTS.c.state == BroadcastState.SCHEDULED
_NEEDS_A_WORKER = or_(
    BROADCASTS.c.state == BroadcastState.RUNNING,
    and_(BROADCASTS.c.state == BroadcastState.PAUSED, BROADCASTS.c.pause_reason.is_not(None)),
    and_(_IS_PLANNED, BROADCASTS.c.confirmed_by_sealed.is_(None)),
    and_(BROADCASTS.c.state.in_(OVER), BROADCASTS.c.reported_at.is_(None)),
    and_(BROADCASTS.c.recall_started_at.is_not(None), BROADCASTS.c.recall_ended_at.is_(None)),
    and_(
        BROADCASTS.c.state == BroadcastState.FINISHED,
        BROADCASTS.c.recall_started_at.is_(None),
        exists()
        .where(DELIVERIES.c.broadcast_id == BROADCASTS.c.id)
        .where(DELIVERIES.c.state.in_((DeliveryState.PENDING, DeliveryState.SENDING))),
    ),
)


def due_broadcasts(tx: Transaction, at: datetime) -> list[Broadcast]:
    """Returns the broadcasts that need a worker, the most urgent first.

    That is what is running, what is not reported yet, what has a supporter who returned, is to be
    recalled, or waits for an admin, who is to be told; and, while nothing is under way, what was
    planned for now. Nothing is due until an admin has looked at a restored backup.
    """
    if tx.find(RESTORES, RESTORES.c.released_at.is_(None)):
        return []
    is_due = _NEEDS_A_WORKER
    if active_broadcast(tx) is None:
        planned_for_now = and_(_IS_PLANNED, BROADCASTS.c.starts_at <= at)
        is_due = or_(is_due, planned_for_now)
    return sorted(_found(tx, select(BROADCASTS).where(is_due)), key=_urgency)


def _urgency(broadcast: Broadcast) -> tuple[int, datetime, bytes]:
    """Returns in which order broadcasts are worked on.

    A recall goes first: what was sent is wrong, and after 48 hours it cannot be deleted. What
    waits for an admin comes last, so that it delays nothing that can be done meanwhile.
    """
    if broadcast.is_recalling:
        rank = 0
    elif broadcast.is_running:
        rank = 1
    elif broadcast.awaits_approval or broadcast.state is BroadcastState.PAUSED:
        rank = 4
    else:
        rank = 3 if broadcast.is_over else 2
    return rank, broadcast.created_at, broadcast.id


def _found(tx: Transaction, query: Select[Any]) -> list[Broadcast]:
    rows = tx.all(query.where(tx.of(BROADCASTS)))
    return [read_broadcast(row, tx.keyring) for row in rows]


def _first(tx: Transaction, query: Select[Any]) -> Broadcast | None:
    row = tx.first(query.where(tx.of(BROADCASTS)).limit(1))
    return None if row is None else read_broadcast(row, tx.keyring)
