"""Broadcasts: how they are locked and listed, who receives one, and what became of it.

What changes one is in `broadcast_transitions.py`. New queries about broadcasts go here.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.broadcast_types import (
    ACTIVE,
    OVER,
    Broadcast,
    BroadcastState,
    DeliveryState,
    Kind,
    Recalled,
    Tally,
)
from storage.eligibility import CAN_BE_WRITTEN_TO, LANGUAGE, agreed_to, eligible, has_updates_left
from storage.tables import BROADCASTS, DELIVERIES, ERASED_DELIVERIES, RESTORES, SIGNATURES
from storage.times import from_millis, to_millis
from storage.transaction import Transaction

_SHORTEST_PART = 1_000  # milliseconds
# A broadcast is not sent if one of these cannot be decrypted; the progress chat does no harm.
_NEEDED = ("author", "confirmed_by", "source_chat")

_COLUMNS = BROADCASTS.c
IS_OPEN = DELIVERIES.c.state.in_((DeliveryState.PENDING, DeliveryState.SENDING))
_IS_WAITED_FOR = sa.and_(
    _COLUMNS.state == BroadcastState.FINISHED,
    sa.exists().where(DELIVERIES.c.broadcast_id == _COLUMNS.id, IS_OPEN),
)

_NEWEST_FIRST = sa.select(BROADCASTS).order_by(_COLUMNS.created_at.desc(), _COLUMNS.id)

# Asked every second, so it is made once; those that are over for good are not even read.
_MAY_NEED_A_WORKER = _NEWEST_FIRST.where(
    _COLUMNS.petition == sa.bindparam("own_petition"),
    ~sa.exists().where(RESTORES.c.petition == _COLUMNS.petition, RESTORES.c.released_at.is_(None)),
    sa.or_(
        _COLUMNS.state.not_in(OVER),
        _COLUMNS.reported_at.is_(None),
        sa.and_(_COLUMNS.recall_started_at.is_not(None), _COLUMNS.recall_ended_at.is_(None)),
        sa.and_(_COLUMNS.recall_started_at.is_(None), _IS_WAITED_FOR),
    ),
)


class Moment(NamedTuple):
    """One part of a timeline, from `at` on: how many were delivered and how many unreachable."""

    at: datetime
    delivered: int
    unreachable: int


class SignerCounts(NamedTuple):
    """How many signers can be written to, and of how many that is not so, and why.

    Attributes:
        written_to: who are reachable and did not say no.
        unreachable: who blocked the bot or left Telegram.
        muted: who are reachable and asked for no messages.
        not_chosen: of the first, who did not choose messages of this kind.
        had_all: of the first, who have had as many messages about the petition as they chose.
    """

    written_to: int = 0
    unreachable: int = 0
    muted: int = 0
    not_chosen: int = 0
    had_all: int = 0


def _broadcast_in(tx: Transaction, row: sa.Row[Any]) -> Broadcast:
    stored, values = row._mapping, tx.unsealed(BROADCASTS, row)
    is_lost = [values[name] is None and stored[f"{name}_sealed"] is not None for name in _NEEDED]
    return Broadcast(**values | {"author": values["author"] or 0, "is_damaged": any(is_lost)})


def lock_broadcast(tx: Transaction, key: bytes) -> Broadcast | None:
    """Locks a broadcast's row, before its signatures and deliveries, and returns it.

    The worker and a supporter who returns (`returning_supporters.py`) wait here for each other: on
    PostgreSQL each would otherwise miss what the other has not committed, and the supporter would
    receive nothing.
    """
    query = sa.select(BROADCASTS).where(tx.of(BROADCASTS), _COLUMNS.id == key)
    row = tx.first(query.with_for_update(key_share=True))
    return None if row is None else _broadcast_in(tx, row)


def broadcast_history(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> list[Broadcast]:
    """Returns the broadcasts for which all of that holds, the newest first."""
    query = _NEWEST_FIRST.where(tx.of(BROADCASTS), *conditions)
    return [_broadcast_in(tx, row) for row in tx.all(query)]


def broadcast_with(tx: Transaction, key: bytes) -> Broadcast | None:
    """Returns a broadcast, or None if there is none with this id."""
    row = tx.find(BROADCASTS, key)
    return None if row is None else _broadcast_in(tx, row)


def active_broadcast(tx: Transaction) -> Broadcast | None:
    """Returns the broadcast that is running or paused, if there is one."""
    return next(iter(broadcast_history(tx, _COLUMNS.state.in_(ACTIVE))), None)


def scheduled_broadcasts(tx: Transaction) -> list[Broadcast]:
    """Returns the planned broadcasts, the earliest first."""
    found = broadcast_history(tx, _COLUMNS.state == BroadcastState.SCHEDULED)
    return sorted(found, key=lambda each: (each.starts_at or each.created_at, each.id))


def listed_broadcasts(tx: Transaction) -> list[Broadcast]:
    """Returns broadcasts of every state: under way, then planned, then over.

    The planned ones come with the earliest first, the others with the latest first.
    """
    begun = broadcast_history(tx, _COLUMNS.state != BroadcastState.SCHEDULED)
    begun.sort(key=lambda each: each.started_at or each.created_at, reverse=True)
    under_way = [each for each in begun if each.is_active]
    return [*under_way, *scheduled_broadcasts(tx), *(each for each in begun if each.is_over)]


def has_sent_broadcasts(tx: Transaction, author: int) -> bool:
    """Returns whether a broadcast that has begun is this admin's."""
    begun = broadcast_history(tx, _COLUMNS.started_at.is_not(None))
    return any(each.author == author for each in begun)


def due_broadcasts(tx: Transaction, at: datetime) -> list[Broadcast]:
    """Returns the broadcasts that need a worker, the most urgent first.

    Nothing is due until an admin has looked at a restored backup.
    """
    rows = tx.all(_MAY_NEED_A_WORKER, {"own_petition": tx.slug})
    found = [_broadcast_in(tx, row) for row in rows]
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


def recipients(
    tx: Transaction,
    kind: Kind,
    only: str | None = None,
    topic: str | None = None,
    upto: int | None = None,
) -> sa.ColumnElement[bool]:
    """Returns whether a row of SIGNATURES is a recipient of a broadcast that has no rows yet.

    Who received one on its topic is left out; without one that is the topic of all closing
    updates, or none. So are who signed after number `upto`, and who read another language than
    `only`.
    """
    if topic is None:
        topic = kind if kind is Kind.CLOSING else ""  # no broadcast has an empty one
    counted = sa.true() if upto is None else SIGNATURES.c.number <= upto
    return sa.and_(eligible(tx.slug, kind, topic, only=only), counted)


def count_audience(
    tx: Transaction,
    *,
    kind: Kind = Kind.CLOSING,
    only: str | None = None,
    topic: str | None = None,
    last_signature_number: int | None = None,
) -> dict[str, int]:
    """Returns how many would receive a broadcast started now, by the language they read.

    Those who sign after the numbers were shown were not counted, and are not written to either.
    """
    found = recipients(tx, kind, only, topic, last_signature_number)
    query = sa.select(LANGUAGE.label("spoken"), sa.func.count().label("people"))
    query = query.where(found).group_by("spoken").order_by(sa.desc("people"), "spoken")
    return {row.spoken: row.people for row in tx.all(query)}


def has_recipients(tx: Transaction, kind: Kind) -> bool:
    """Returns whether anybody would receive a broadcast of this kind; counts nobody."""
    return tx.find(SIGNATURES, recipients(tx, kind)) is not None


def count_signers(tx: Transaction, kind: Kind = Kind.CLOSING) -> SignerCounts:
    """Returns how many signers can be sent messages of a kind, and how many cannot."""
    columns, reached = SIGNATURES.c, CAN_BE_WRITTEN_TO
    is_chosen = agreed_to(kind) if kind in (Kind.UPDATE, Kind.NEWS) else sa.true()
    is_left = has_updates_left() if kind is Kind.UPDATE else sa.true()
    conditions = {
        "written_to": reached,
        "unreachable": columns.unreachable_at.is_not(None),
        "muted": sa.and_(columns.muted_at.is_not(None), columns.unreachable_at.is_(None)),
        "not_chosen": sa.and_(reached, ~is_chosen),
        "had_all": sa.and_(reached, is_chosen, ~is_left),
    }
    counts = [sa.func.count().filter(those).label(name) for name, those in conditions.items()]
    (row,) = tx.all(sa.select(*counts).where(tx.of(SIGNATURES)))
    return SignerCounts(**row._mapping)


def tally_of_broadcast(tx: Transaction, key: bytes) -> Tally:
    """Returns how many deliveries are in each state, and what became of a recall.

    Those to people who withdrew since are counted; their messages cannot be deleted, as their
    chats are erased.
    """
    states = _count(tx, key, "state", sa.true())
    tally = Tally(states.total(), **{str(state): n for state, n in states.items()})
    if tx.find(BROADCASTS, key, _COLUMNS.recall_started_at.is_not(None)) is None:
        return tally
    ended = _count(
        tx, key, "recall_outcome", sa.literal_column("state") == DeliveryState.DELIVERED
    )
    failed = ended[Recalled.FAILED] + ended[""]
    return replace(tally, recalled=ended[Recalled.DELETED], unrecallable=failed)


def newest_tally(tx: Transaction) -> tuple[BroadcastState, Tally] | None:
    """Returns how the newest broadcast that has begun stands; None without one."""
    has_begun = _COLUMNS.started_at.is_not(None)
    row = tx.first(_NEWEST_FIRST.where(tx.of(BROADCASTS), has_begun).limit(1))
    return None if row is None else (row.state, tally_of_broadcast(tx, row.id))


def _count(
    tx: Transaction, key: bytes, column: str, which: sa.ColumnElement[bool]
) -> Counter[str | None]:
    """Returns how many deliveries of a broadcast have each value of a column.

    In one statement, as somebody who withdraws meanwhile goes from one table to the other.
    """
    left, erased = DELIVERIES.c, ERASED_DELIVERIES.c
    of_left = sa.select(left[column], sa.func.count().label("people")).group_by(left[column])
    of_erased = sa.select(erased[column], erased.people).where(erased.broadcast_id == key, which)
    counts: Counter[str | None] = Counter()
    for row in tx.all(of_left.where(left.broadcast_id == key, which).union_all(of_erased)):
        counts[row[0]] += row.people
    return counts


def count_not_told(tx: Transaction, key: bytes) -> int:
    """Returns how many had signed when it began and are not known to have got it.

    Nor an earlier one on its topic: they were unreachable before or by then, refused, left over,
    or without an answer from Telegram. None of them have withdrawn.
    """
    broadcast = tx.find(BROADCASTS, key)
    if broadcast is None or broadcast.last_signature_number is None:
        return 0
    on_topic = sa.select(_COLUMNS.id).where(_COLUMNS.topic == broadcast.topic)
    got_it = sa.exists().where(
        DELIVERIES.c.signature_id == SIGNATURES.c.id,
        DELIVERIES.c.broadcast_id.in_(on_topic),
        DELIVERIES.c.state == DeliveryState.DELIVERED,
    )
    return tx.count(SIGNATURES, SIGNATURES.c.number <= broadcast.last_signature_number, ~got_it)


def timeline_of_broadcast(tx: Transaction, key: bytes, parts: int = 60) -> list[Moment]:
    """Returns what was delivered when, from begin to end, in at most `parts` parts.

    Later deliveries, to supporters who returned, are left out; parts in which nothing happened
    are not.
    """
    broadcast = tx.find(BROADCASTS, key)
    if broadcast is None or broadcast.started_at is None or broadcast.ended_at is None:
        return []
    columns = DELIVERIES.c
    start, end = to_millis(broadcast.started_at), to_millis(broadcast.ended_at)
    width = max(_SHORTEST_PART, -(-(end - start + 1) // parts))
    part = (sa.type_coerce(columns.updated_at, sa.BigInteger) - start) // width
    states = (DeliveryState.DELIVERED, DeliveryState.UNREACHABLE)
    query = (
        sa.select(
            part.label("part"), *(sa.func.count().filter(columns.state == each) for each in states)
        )
        .where(columns.broadcast_id == key)
        .where(columns.updated_at.between(broadcast.started_at, broadcast.ended_at))
        .group_by("part")
    )
    counts = {row.part: row[1:] for row in tx.all(query)}
    return [
        Moment(from_millis(start + part * width), *counts.get(part, (0, 0)))
        for part in range((end - start) // width + 1)
    ]
