"""Supporters who return after being unreachable or muted, and still get what they missed.

They get the closing update, or its correction, for thirty days after the closing; later it would
come unexpectedly. Every notice of a breach they get however late, and muted too: it was promised.
What is being sent just now they get with everybody else.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from storage.broadcast_types import ACTIVE, BroadcastState, Correction, DeliveryState, Kind
from storage.deliveries import enqueue_signature
from storage.eligibility import eligible
from storage.petitions import lock_petition
from storage.tables import BROADCASTS, DELIVERIES, SIGNATURES
from storage.transaction import Transaction

OWED_FOR = timedelta(days=30)  # after the closing; a notice of a breach has no limit

_SENDABLE = ACTIVE | {BroadcastState.FINISHED}


def mark_reachable(tx: Transaction, supporter: bytes, at: datetime) -> bool:
    """Records that a supporter is reachable again; returns whether a message waits for them.

    That is the closing update that they missed, if the petition closed less than thirty days ago,
    every notice of a breach that they missed, or the broadcast that is being sent now.
    """
    # None begins meanwhile, and in those that have begun no worker passes anybody over.
    petition, columns = lock_petition(tx), BROADCASTS.c
    has_begun = (tx.of(BROADCASTS), columns.state != BroadcastState.SCHEDULED)
    query = select(*(each for each in columns if each is not columns.content)).where(*has_begun)
    begun = tx.all(query.order_by(columns.id).with_for_update(key_share=True))
    # Another transaction may be recording at this moment that they are unreachable.
    signature = tx.find(SIGNATURES, SIGNATURES.c.supporter == supporter, lock=True)
    if signature is None:
        return False
    tx.set(SIGNATURES, signature.id, unreachable_at=None)
    closings = _closings(petition, begun, at)
    breaches = [each for each in begun if each.kind == Kind.BREACH]
    under_way = [each for each in begun if each.state in ACTIVE]
    owed = partial(_send, tx, signature, at, is_owed=True)
    # Of the closing updates the newest that they missed, of all else each.
    waiting = [any(map(owed, closings)), *map(owed, breaches)]
    waiting += [_send(tx, signature, at, each, is_owed=False) for each in under_way]
    return any(waiting)


def _closings(petition: Row[Any], begun: Sequence[Row[Any]], at: datetime) -> list[Row[Any]]:
    """Returns the closing updates of a petition that was closed lately, the newest first.

    One that was corrected is left out; in place of it, those who have it get the correction.
    """
    closed_at = petition.closed_at
    if closed_at is None or closed_at <= at - OWED_FOR:
        return []
    corrections = [(each, Correction.on(each.topic)) for each in begun]
    of_closings = [(each, on.first) for each, on in corrections if on and on.kind is Kind.CLOSING]
    started = [each.started_at for each, _ in of_closings if each.started_at is not None]
    closings = [
        each for each in begun if each.kind == Kind.CLOSING and each.created_at >= closed_at
    ]
    ids = {each.id for each in closings}
    found = [each for each, first in of_closings if first in ids]
    found += [each for each in closings if all(each.created_at > began for began in started)]
    return sorted(found, key=lambda each: each.created_at, reverse=True)


def _send(
    tx: Transaction, signature: Row[Any], at: datetime, broadcast: Row[Any], *, is_owed: bool
) -> bool:
    """Has a broadcast sent to somebody who missed it; returns whether it waits for them.

    Of one that is not owed they get what they were muted for.
    """
    if broadcast.state not in _SENDABLE or broadcast.recall_started_at is not None:
        return False
    columns, kind = DELIVERIES.c, broadcast.kind
    is_recipient = eligible(tx.slug, kind, broadcast.topic, but=broadcast.id)
    if not tx.count(SIGNATURES, signature.id, is_recipient):
        return False
    whose = (columns.signature_id == signature.id, columns.broadcast_id == broadcast.id)
    delivery = tx.find(DELIVERIES, *whose, lock=True)
    if delivery is None:
        # Whose portion of rows is still to be written, or who signed too late, needs none.
        number, is_listed = signature.number, broadcast.enqueued_at is not None
        is_late = is_listed or number <= broadcast.enqueued_through
        is_late &= number <= broadcast.last_signature_number
        return is_owed and is_late and enqueue_signature(tx, broadcast, number, at)
    state = delivery.state
    if state == DeliveryState.WITHDRAWN or (is_owed and state == DeliveryState.UNREACHABLE):
        anew = {"attempts": 0, "claim_token": None} if is_owed else {}
        tx.set(DELIVERIES, *whose, state=DeliveryState.PENDING, updated_at=at, **anew)
        return True
    return bool(state == DeliveryState.PENDING)
