"""Deliveries: one row for each recipient of a broadcast, and how it moves from state to state.

    pending → sending → delivered | unreachable | rejected | forbidden | unconfirmed
       ↑         │
       └─────────┘  certainly not sent, or in doubt and not yet repeated
    pending → withdrawn | unreachable    found when it is claimed
    unreachable → pending    the supporter returned

The rows are written a portion of signature numbers at a time, while the first are sent already: a
million in one statement would block all signing for a quarter of a minute on SQLite. How far they
are written is stored with the broadcast, so a kill loses nothing and repeats nothing.

They survive a kill and a second worker: a claim is a random token on its rows, and results find
their rows by it, so a worker that lost its lock cannot overwrite what its successor does.
`attempts` counts the sends that stayed in doubt although the worker lived, never more than two.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, case, exists, func, select, update

from storage.broadcast_types import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryState,
    Kind,
    Outcome,
    Result,
)
from storage.broadcasts import lock_broadcast, tally_of_broadcast
from storage.eligibility import LANGUAGE, eligible
from storage.errors import BrokenData
from storage.leases import is_holder
from storage.tables import BROADCASTS, DELIVERIES, SIGNATURES
from storage.transaction import Row, Transaction

# Positions are signature numbers: the order of signing. People for whom Telegram rejected an
# earlier content come last: if the cause lies with them, it keeps no message from anybody else.
_REFUSED_BEFORE = 1_000_000_000_000
_BEHIND_ALL = 2**63 - 1
_MOST_ATTEMPTS = 2  # a send in doubt is repeated once, and never again

_ROW = DELIVERIES.c
_PENDING, _SENDING = DeliveryState.PENDING, DeliveryState.SENDING
_AT = bindparam("at", type_=_ROW.updated_at.type)
_OF_BROADCAST = _ROW.broadcast_id == bindparam("broadcast")
_OF_CLAIM = sa.and_(_OF_BROADCAST, _ROW.claim_token == bindparam("claim"))

_CLAIMED = (
    select(_ROW.position, _ROW.language, _ROW.signature_id, SIGNATURES.c.chat_sealed)
    .outerjoin(SIGNATURES, SIGNATURES.c.id == _ROW.signature_id)
    .where(_OF_CLAIM, _ROW.state == _SENDING, _ROW.position > bindparam("after"))
    .order_by(_ROW.position)
)

_OF_RESULT = sa.and_(_OF_CLAIM, _ROW.position == bindparam("place"))
_MARK_UNREACHABLE = (
    update(SIGNATURES)
    .where(SIGNATURES.c.id == select(_ROW.signature_id).where(_OF_RESULT).scalar_subquery())
    .where(SIGNATURES.c.unreachable_at.is_(None))
    .values(unreachable_at=_AT)
)
_RECORDED = update(DELIVERIES).where(_OF_RESULT).values(updated_at=_AT)
_UNLESS_KNOWN = _RECORDED.where(_ROW.state == _SENDING)
# A certain outcome counts even when it comes late, from a worker that was taken for dead.
_RECORD = {
    Outcome.DELIVERED: _RECORDED.values(
        state=DeliveryState.DELIVERED, message_ids=bindparam("messages")
    ),
    Outcome.UNREACHABLE: _RECORDED.values(state=DeliveryState.UNREACHABLE),
    Outcome.REJECTED: _UNLESS_KNOWN.values(state=DeliveryState.REJECTED),
    Outcome.FORBIDDEN: _UNLESS_KNOWN.values(state=DeliveryState.FORBIDDEN),
    Outcome.UNCONFIRMED: _UNLESS_KNOWN.values(state=DeliveryState.UNCONFIRMED),
    Outcome.UNSENT: _UNLESS_KNOWN.values(
        state=_PENDING, attempts=_ROW.attempts - 1, claim_token=None
    ),
    Outcome.IN_DOUBT: _UNLESS_KNOWN.values(
        state=case(
            (_ROW.attempts < _MOST_ATTEMPTS, _PENDING.value), else_=DeliveryState.UNCONFIRMED.value
        )
    ),
}


def enqueue_deliveries(
    tx: Transaction, broadcast: Broadcast, *, holder: str, portion: int, at: datetime
) -> bool:
    """Writes the rows of the next recipients; returns whether all rows are written.

    Has an effect only for the holder of the process lock, and only while the broadcast is running.
    """
    found = lock_broadcast(tx, broadcast.id)
    if found is None or found.enqueued_at is not None:
        return True
    if not _may_send(tx, found, holder):
        return False
    after, last = found.enqueued_through, found.last_signature_number or 0  # as it has begun
    upto = min(after + portion, last)
    adding = _enqueueing(tx.slug, found.id, found.kind, found.topic, found.language)
    tx.change(adding, {"after": after, "upto": upto, "at": at})
    is_last = upto == last
    tx.set(BROADCASTS, found.id, enqueued_through=upto, enqueued_at=at if is_last else None)
    return is_last


def enqueue_before_erasure(tx: Transaction, signature: Row, at: datetime) -> None:
    """Writes the rows that somebody whose signature is erased next has not got yet.

    So they count as withdrawn in every broadcast that is for them, and that was cancelled, or is
    under way, before its list came to them.
    """
    columns, number = BROADCASTS.c, signature.number
    is_ahead = sa.and_(columns.enqueued_at.is_(None), columns.enqueued_through < number)
    is_for_it = columns.last_signature_number >= number
    for each in tx.every(BROADCASTS, is_ahead, is_for_it, by=[columns.created_at]):
        enqueue_signature(tx, each, number, at)


def enqueue_signature(tx: Transaction, broadcast: Row, number: int, at: datetime) -> bool:
    """Gives the owner of one signature a row, if a broadcast is for them; returns whether."""
    its = (broadcast.id, broadcast.kind, broadcast.topic, broadcast.language)
    adding = _enqueueing(tx.slug, *its)
    return tx.change(adding, {"after": number - 1, "upto": number, "at": at}) > 0


def claim_deliveries(
    tx: Transaction,
    broadcast: Broadcast,
    *,
    claim: bytes,
    holder: str,
    limit: int,
    at: datetime,
    after: int = 0,
) -> list[Delivery]:
    """Claims the next rows to send, after checking again that each is still to be sent.

    Repeating a claim, a random token, gives the same rows and no more. Recipients who withdrew or
    became unreachable get that outcome. Nothing is claimed from a broadcast that is paused,
    stopped or cancelled, or by anyone but the holder of the process lock.

    Raises:
        BrokenData: the broadcast is damaged, or none of its chat ids can be decrypted.
    """
    if broadcast.is_damaged:
        raise BrokenData("Who ordered the broadcast, or its content, cannot be read.")
    found = lock_broadcast(tx, broadcast.id)
    may_send = _may_send(tx, found, holder)
    # Who comes after everybody else waits until everybody has a row.
    is_enqueued = found is not None and found.enqueued_at is not None
    below = _BEHIND_ALL if is_enqueued else _REFUSED_BEFORE
    values = {"broadcast": broadcast.id, "claim": claim, "after": after, "at": at, "below": below}
    rows = tx.all(_CLAIMED, values)
    if may_send and not rows:
        take, pass_over = _claiming(tx.slug, broadcast.id, broadcast.kind, broadcast.topic)
        tx.change(take, {**values, "limit": limit})
        rows = tx.all(_CLAIMED, values)
        tx.change(pass_over, {**values, "end": rows[-1].position if rows else below})
    return _sendable(tx, broadcast, claim, rows, at)


def record_results(tx: Transaction, key: bytes, results: Iterable[Result], at: datetime) -> None:
    """Records many results in one transaction; repeating it changes nothing."""
    by_outcome: dict[Outcome, list[dict[str, Any]]] = {}
    for each in results:
        values = {"broadcast": key, "claim": each.claim, "place": each.position, "at": at}
        values["messages"] = each.messages or None
        by_outcome.setdefault(each.outcome, []).append(values)
    # Signatures are locked before deliveries, as in a withdrawal.
    if unreachable := by_outcome.get(Outcome.UNREACHABLE):
        tx.change(_MARK_UNREACHABLE, sorted(unreachable, key=itemgetter("place")))
    for outcome, some in by_outcome.items():
        tx.change(_RECORD[outcome], some)
    if by_outcome:
        count_erased(tx)


def recover_deliveries(
    tx: Transaction, broadcast: Broadcast, *, holder: str, takes_back: bool, at: datetime
) -> int:
    """Takes over from a worker that died; returns the position to continue after.

    What it had claimed becomes pending again; most of it had not been sent yet. So being claimed
    is no attempt: repeated kills must not use up the attempts of people to whom nothing was sent.
    Unless `takes_back` it stays as it is, as that worker may yet say what it sent.
    """
    may_send = _may_send(tx, lock_broadcast(tx, broadcast.id), holder)
    mine = _ROW.broadcast_id == broadcast.id
    sending = select(_ROW.position).where(mine, _ROW.state == _SENDING)
    newest = tx.scalar(sending.order_by(_ROW.updated_at.desc(), _ROW.position.desc()).limit(1))
    settle_deliveries(tx, at)
    if may_send and takes_back:
        # The claim stays: who was taken for dead may still report what it delivered.
        again = {"state": _PENDING, "attempts": _ROW.attempts - 1, "updated_at": at}
        tx.set(DELIVERIES, mine, _ROW.state == _SENDING, **again)
        count_erased(tx)
    # After that claim, or repeated kills would hit the same people. The furthest row would not do
    # while there is one: from the second round on it stays the same.
    if newest is not None:
        return int(newest)
    sent = (DeliveryState.DELIVERED, DeliveryState.UNREACHABLE, DeliveryState.UNCONFIRMED)
    return tx.scalar(select(func.max(_ROW.position)).where(mine, _ROW.state.in_(sent))) or 0


def is_being_sent(tx: Transaction, number: int) -> bool:
    """Tells whether a process is sending to who has, or had, the signature of a number."""
    its = select(BROADCASTS.c.id).where(tx.of(BROADCASTS))
    places = (number, number + _REFUSED_BEFORE)
    row = select(_ROW.position).where(_ROW.broadcast_id.in_(its), _ROW.position.in_(places))
    return tx.first(row.where(_ROW.state == _SENDING).limit(1)) is not None


def settle_deliveries(tx: Transaction, at: datetime) -> None:
    """Marks as unconfirmed what a worker that died was sending and nobody sends again.

    That is of a broadcast that was stopped or cancelled since, or is being recalled.
    """
    columns, ended = BROADCASTS.c, (BroadcastState.STOPPED, BroadcastState.CANCELLED)
    is_ended = sa.or_(columns.state.in_(ended), columns.recall_started_at.is_not(None))
    of_ended = select(columns.id).where(tx.of(BROADCASTS), is_ended)
    unconfirmed = {"state": DeliveryState.UNCONFIRMED, "updated_at": at}
    tx.set(DELIVERIES, _ROW.state == _SENDING, _ROW.broadcast_id.in_(of_ended), **unconfirmed)
    count_erased(tx)


def _may_send(tx: Transaction, broadcast: Broadcast | None, holder: str) -> bool:
    """Returns whether a holder may send what is left of a broadcast.

    The holder of the process lock may, while it is running, or finished and not recalled:
    supporters return to it then.
    """
    sendable = (BroadcastState.RUNNING, BroadcastState.FINISHED)
    if broadcast is None or broadcast.state not in sendable:
        return False
    return broadcast.recall_started_at is None and is_holder(tx, holder)


@lru_cache(maxsize=8)
def _enqueueing(slug: str, key: bytes, kind: Kind, topic: str, only: str | None) -> sa.Insert:
    """Returns the statement that writes the rows of the signatures above `after` up to `upto`.

    It waits for a withdrawal that is under way; those who have withdrawn by then get no row. All
    portions have the same, as making it would take as long as running it.
    """
    refused = exists().where(
        _ROW.signature_id == SIGNATURES.c.id, _ROW.state == DeliveryState.REJECTED
    )
    row = {
        _ROW.broadcast_id: sa.literal(key),
        _ROW.position: SIGNATURES.c.number + case((refused, _REFUSED_BEFORE), else_=0),
        _ROW.signature_id: SIGNATURES.c.id,
        _ROW.language: LANGUAGE,
        _ROW.state: sa.literal(_PENDING.value),
        _ROW.updated_at: _AT,
    }
    number = SIGNATURES.c.number
    recipients = (
        select(*row.values())
        .where(eligible(slug, kind, topic, only=only, but=key))
        .where(number > bindparam("after"), number <= bindparam("upto"))
        .with_for_update(read=True, key_share=True, of=SIGNATURES)
    )
    return sa.insert(DELIVERIES).from_select(list(row), recipients)


def _sendable(
    tx: Transaction, broadcast: Broadcast, claim: bytes, rows: Sequence[Row], at: datetime
) -> list[Delivery]:
    """Returns the claimed rows that can be sent; the others get their outcome at once."""
    deliveries, others = [], []
    for row in rows:
        chat = tx.opened(row.chat_sealed, SIGNATURES.c.chat_sealed, row.signature_id)
        if chat is None:
            outcome = Outcome.UNSENT if row.signature_id is None else Outcome.REJECTED
            others.append(Result(row.position, claim, outcome))
            continue
        # A supporter who returned may read a language that the broadcast lacks.
        has_it = row.language in broadcast.content
        language = row.language if has_it else broadcast.source_language
        deliveries.append(Delivery(row.position, chat, language, claim))
    if not deliveries and any(each.outcome is Outcome.REJECTED for each in others):
        # If no chat id can be decrypted, the key or the disk is at fault, not these rows. A claim
        # may be of one row only, so whom it was sent to counts as well.
        tally = tally_of_broadcast(tx, broadcast.id)
        if tally.delivered + tally.sending <= len(rows):
            raise BrokenData("Not one chat id can be opened with the key file.")
    record_results(tx, broadcast.id, others, at)
    return deliveries


@lru_cache(maxsize=8)
def _claiming(slug: str, broadcast: bytes, kind: Kind, topic: str) -> tuple[sa.Update, sa.Update]:
    """Returns what claims the next rows of a broadcast, and what passes over the others."""
    who = SIGNATURES.c.id == _ROW.signature_id
    waits = sa.and_(
        _ROW.broadcast_id == broadcast,
        _ROW.state == _PENDING,
        _ROW.position > bindparam("after"),
        _ROW.position < bindparam("below"),
    )
    is_eligible = eligible(slug, kind, topic, but=broadcast)
    is_recipient = exists().where(who, is_eligible).correlate(DELIVERIES)
    is_lost = exists().where(who, SIGNATURES.c.unreachable_at.is_not(None)).correlate(DELIVERIES)
    # A parameter alone as the limit would have SQLite compile the statement anew every time.
    # MATERIALIZED, or PostgreSQL may run this once for each row and take more than asked.
    turn = (
        select(_ROW.position)
        .where(waits, is_recipient)
        .order_by(_ROW.position)
        .limit(sa.cast(bindparam("limit"), sa.BigInteger))
        .with_for_update(skip_locked=True)
        .cte("turn")
        .prefix_with("MATERIALIZED")
    ).c.position
    # BETWEEN, or PostgreSQL reads every pending row while it does not yet know the table's size.
    first, last = select(func.min(turn)), select(func.max(turn))
    take = (
        update(DELIVERIES)
        .where(waits, _ROW.position.in_(select(turn)))
        .where(_ROW.position.between(first.scalar_subquery(), last.scalar_subquery()))
        .values(state=_SENDING, attempts=_ROW.attempts + 1)
        .values(claim_token=bindparam("claim"), updated_at=_AT)
    )
    # What the claim skipped, up to the last row it took, or to the end if it took none.
    state = case((is_lost, DeliveryState.UNREACHABLE.value), else_=DeliveryState.WITHDRAWN.value)
    pass_over = (
        update(DELIVERIES)
        .where(waits, _ROW.position < bindparam("end"), ~is_recipient)
        .values(state=state, updated_at=_AT)
    )
    return take, pass_over


# A row without a signature shows somebody's place in the order of signing, when and in which
# language they were written to, and the ids of messages in their chat; a broadcast needs only the
# number. Every change to such a row locks and counts it in the same transaction, so what the first
# of these counts the second deletes. One that is being sent stays until its outcome is known,
# since the result finds it by its claim and position.
_COUNT = sa.text("""
INSERT INTO erased_deliveries (broadcast_id, state, recall_outcome, people)
SELECT broadcast_id, CASE WHEN state = 'pending' THEN CAST(:pending AS TEXT) ELSE state END,
  COALESCE(recall_outcome, ''), COUNT(*)
FROM deliveries
WHERE signature_id IS NULL AND state <> 'sending'
GROUP BY 1, 2, 3
ON CONFLICT (broadcast_id, state, recall_outcome)
DO UPDATE SET people = erased_deliveries.people + excluded.people
""")
_DELETE = sa.text("DELETE FROM deliveries WHERE signature_id IS NULL AND state <> 'sending'")


def count_erased(tx: Transaction, pending: str = DeliveryState.WITHDRAWN) -> None:
    """Counts the deliveries to people whose signature is erased, and deletes them.

    The last of what erases a signature or settles deliveries. What was not sent yet counts as
    `pending`: where the retention of signatures is over, who was not told has not withdrawn.
    """
    if tx.change(_COUNT, {"pending": pending}):
        tx.change(_DELETE)
