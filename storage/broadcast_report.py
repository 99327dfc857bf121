"""What a report needs: the outcomes, how many were delivered when, and who is left.

New queries about what became of a broadcast go here.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, exists, func, select, type_coerce

from storage.broadcast_rows import broadcast_with
from storage.broadcast_types import DeliveryState, Tally
from storage.tables import BROADCASTS, DELIVERIES, ERASED_DELIVERIES, SIGNATURES
from storage.times import from_millis, to_millis
from storage.transaction import Transaction

_SHORTEST_PART = 1_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Moment:
    """One part of a timeline, from `at` on: how many were delivered and how many unreachable."""

    at: datetime
    delivered: int
    unreachable: int


def tally_of_broadcast(tx: Transaction, key: bytes) -> Tally:
    """Returns how many deliveries are in each state; people who withdrew since are counted."""
    left, erased = DELIVERIES.c, ERASED_DELIVERIES.c
    people = func.count().label("people")
    rows = [
        *tx.all(select(left.state, people).where(left.broadcast_id == key).group_by(left.state)),
        *tx.all(select(erased.state, erased.people).where(erased.broadcast_id == key)),
    ]
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.state] += row.people
    return Tally(total=counts.total(), **counts)


def not_told(tx: Transaction, key: bytes) -> int:
    """Returns how many had signed when it began and are not known to have got it.

    Nor an earlier one on its topic: they were unreachable before or by then, refused, left over,
    or without an answer from Telegram. None of them have withdrawn.
    """
    broadcast = tx.find(BROADCASTS, BROADCASTS.c.id == key)
    if broadcast is None or broadcast.last_signature_number is None:
        return 0
    on_topic = select(BROADCASTS.c.id).where(BROADCASTS.c.topic == broadcast.topic)
    got_it = exists().where(
        DELIVERIES.c.signature_id == SIGNATURES.c.id,
        DELIVERIES.c.broadcast_id.in_(on_topic),
        DELIVERIES.c.state == DeliveryState.DELIVERED,
    )
    return tx.count(SIGNATURES, SIGNATURES.c.number <= broadcast.last_signature_number, ~got_it)


def timeline(tx: Transaction, key: bytes, parts: int = 60) -> list[Moment]:
    """Returns what was delivered when, from begin to end, in at most `parts` parts.

    Later deliveries, to supporters who returned, are left out; parts in which nothing happened
    are not.
    """
    broadcast = broadcast_with(tx, key)
    if broadcast is None or broadcast.started_at is None:
        return []
    columns = DELIVERIES.c
    was_tried = (
        columns.broadcast_id == key,
        columns.state.in_((DeliveryState.DELIVERED, DeliveryState.UNREACHABLE)),
    )
    last = tx.scalar(select(func.max(columns.updated_at)).where(*was_tried))
    end = broadcast.ended_at or last or broadcast.started_at
    start, until = to_millis(broadcast.started_at), to_millis(end)
    width = max(_SHORTEST_PART, -(-(until - start + 1) // parts))
    part = (type_coerce(columns.updated_at, BigInteger) - start) // width
    query = (
        select(part.label("part"), columns.state, func.count().label("people"))
        .where(*was_tried, columns.updated_at.between(broadcast.started_at, end))
        .group_by("part", columns.state)
    )
    counts = {(row.part, row.state): row.people for row in tx.all(query)}
    return [
        Moment(
            from_millis(start + part * width),
            counts.get((part, DeliveryState.DELIVERED), 0),
            counts.get((part, DeliveryState.UNREACHABLE), 0),
        )
        for part in range((until - start) // width + 1)
    ]
