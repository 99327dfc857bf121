"""Starting a broadcast, and what changes it: its time, admins, the worker and the system.

Each locks it first and has an effect in some states only, so a repeat, or two at once, take effect
once. All that changes a broadcast goes here; deleting what it sent is in `recalls.py`.
"""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from storage.admins import add_audit, delete_draft
from storage.approvals import has_lapsed, written_to_alone
from storage.broadcast_types import (
    OVER,
    TRANSITIONS,
    Broadcast,
    BroadcastAction,
    BroadcastState,
    Kind,
    PauseReason,
    StopReason,
)
from storage.broadcasts import (
    IS_OPEN,
    active_broadcast,
    broadcast_with,
    lock_broadcast,
    recipients,
)
from storage.petitions import forget_petition_notices, lock_petition
from storage.recalls import can_be_recalled
from storage.tables import BROADCASTS, DELIVERIES, RESTORES, SIGNATURES
from storage.transaction import Transaction

LATE = timedelta(hours=1)
"""A planned broadcast that is later than this waits for an admin: it may be out of date."""


def start_broadcast(
    tx: Transaction,
    plan: Broadcast,
    *,
    at_most: int | None = None,
    approval_above: int | None = None,
    revision: int | None = None,
    drafted_by: bytes | None = None,
) -> Broadcast | None:
    """Stores a broadcast, for the worker to send now or at its time; returns it.

    Its content is fixed from then on. Starting the same id again returns it as it now is. While
    another one is under way, that one is returned, and nothing is started at once.

    Args:
        plan: what is to be stored; up to its last signature number it is counted.
        at_most: the most recipients that the confirmation covers; None for any number.
        approval_above: with more recipients than this, together with what its author sent alone
            within a day, it is not started without an approval; None for any number.
        revision: of the petition that the admin was shown; a closing update is started with no
            other, since its text is another one or waits for approval. None for any.
        drafted_by: the reference of the admin whose draft it was, which it takes the place of.

    Returns:
        None if nothing was started: the petition is open; there are more recipients than were
        confirmed or than one admin may write to, or none; the petition has changed since; or not
        everybody is told of a breach.
    """
    petition = lock_petition(tx)  # as reopening it does
    known = broadcast_with(tx, plan.id)
    if known is not None:
        return known
    is_closing = plan.kind is Kind.CLOSING
    if is_closing and (petition.closed_at is None or revision not in (None, petition.revision)):
        return None
    at = plan.created_at
    topic = plan.topic or (plan.kind if is_closing else plan.id.hex())
    is_now = plan.starts_at is None and plan.confirmed_by is not None
    plan = replace(plan, topic=topic, starts_at=None if is_now else plan.starts_at or at)
    active = active_broadcast(tx)
    if active is not None and is_now:
        return active
    if not _has_its_audience(tx, plan, at_most, approval_above if is_now else None):
        return None
    values = {**asdict(plan), "last_signature_number": None}
    del values["is_damaged"]
    if is_now:
        last = plan.last_signature_number
        values["last_signature_number"] = petition.last_number if last is None else last
        values |= {"state": BroadcastState.RUNNING, "started_at": at}
    tx.add(BROADCASTS, **values)
    if drafted_by is not None:
        delete_draft(tx, drafted_by)
    add_audit(tx, "broadcast", at=at, actor=plan.author, detail=_in_words(plan))
    return broadcast_with(tx, plan.id)


def begin_broadcast(
    tx: Transaction,
    broadcast: Broadcast,
    at: datetime,
    pause: PauseReason | None = None,
    at_most: int | None = None,
) -> Broadcast:
    """Begins a planned broadcast; one that is late is paused until an admin decides.

    It goes also to people who signed since it was planned. One that nobody approved in time is
    stopped.

    Args:
        pause: a reason to pause it even if it is not late.
        at_most: as `approval_above` of `start_broadcast`; None also if an approval was given.
    """
    petition = lock_petition(tx)
    found = lock_broadcast(tx, broadcast.id)
    if found is None or found.state is not BroadcastState.SCHEDULED:
        return found or broadcast
    if has_lapsed(found, at):
        return _bring(tx, found, BroadcastState.STOPPED, at, StopReason.UNAPPROVED)
    is_due = found.starts_at is not None and found.starts_at <= at
    if not is_due or found.awaits_approval or active_broadcast(tx) is not None:
        return found
    reason = pause or (PauseReason.LATE if _is_late(tx, found, at) else None)
    people = tx.count(SIGNATURES, recipients(tx, found.kind, found.language, found.topic))
    if at_most is not None and people + written_to_alone(tx, found.author, at) > at_most:
        return _set(tx, found, confirmed_by=None, starts_at=at, expected=people)
    begun = {"started_at": at, "last_signature_number": petition.last_number, "expected": people}
    to = BroadcastState.RUNNING if reason is None else BroadcastState.PAUSED
    return _bring(tx, found, to, at, reason, **begun)


def finish_broadcast(tx: Transaction, key: bytes, at: datetime) -> None:
    """Ends a running broadcast if nothing is left to send."""
    found = lock_broadcast(tx, key)
    if found is None or not found.is_running or found.enqueued_at is None:
        return
    if tx.find(DELIVERIES, DELIVERIES.c.broadcast_id == key, IS_OPEN) is None:
        _bring(tx, found, BroadcastState.FINISHED, at)


def interrupt_broadcast(
    tx: Transaction, key: bytes, reason: PauseReason | StopReason, at: datetime, detail: str = ""
) -> None:
    """Pauses a running broadcast until an admin decides, or ends it early, for a reason.

    Of one that was ended, those who still wait can be recipients of the next one.
    """
    found = lock_broadcast(tx, key)
    if found is not None and found.is_running:
        is_end = isinstance(reason, StopReason)
        to = BroadcastState.STOPPED if is_end else BroadcastState.PAUSED
        _bring(tx, found, to, at, reason, detail)


def change_broadcast(
    tx: Transaction,
    action: BroadcastAction,
    key: bytes,
    actor: int | None,
    at: datetime,
    expected: int | None = None,
) -> Broadcast | None:
    """Does to a broadcast what an admin orders, or the operator; returns it as it now is.

    The operator is None; `expected` is how many recipients are approved.
    """
    found = lock_broadcast(tx, key)
    if found is None or not _is_allowed(tx, found, action, actor, at):
        return found
    values: dict[str, Any] = {}
    if action is BroadcastAction.APPROVE:
        values["confirmed_by"] = actor
        values["expected"] = found.expected if expected is None else expected
        # One whose time has passed goes out now, and does not count as late.
        values["starts_at"] = max(found.starts_at or at, at)
    elif action is BroadcastAction.RECALL:
        values["recall_started_at"] = at
    elif action is not BroadcastAction.PAUSE:
        values["cancel_requested_at"] = None
    if action is BroadcastAction.RESUME:
        # What was asked is decided; the same may come again.
        forget_petition_notices(tx, f"{key.hex()}/")
    add_audit(tx, f"broadcast_{action}", at=at, actor=actor, detail=key.hex()[:8])
    to = TRANSITIONS[action].to
    if to is None:
        return _set(tx, found, **values)
    reason = StopReason.DECLINED if action is BroadcastAction.DECLINE else None
    return _bring(tx, found, to, at, reason, **values)


def set_on_broadcast(tx: Transaction, /, key: bytes, **values: Any) -> Broadcast | None:
    """Stores columns that change no state, such as its progress message; returns it as it is."""
    tx.set(BROADCASTS, key, **values)
    return broadcast_with(tx, key)


def _has_its_audience(
    tx: Transaction, plan: Broadcast, at_most: int | None, above: int | None
) -> bool:
    """Returns whether it goes to no more than were confirmed, and than one admin may write to.

    Nobody can sign meanwhile. A planned one is counted once more at its time, and until then its
    author may write to any number.
    """
    if plan.kind is Kind.BREACH and plan.language is not None:
        return False
    if at_most is None and above is None:
        return True
    upto = plan.last_signature_number
    people = tx.count(SIGNATURES, recipients(tx, plan.kind, plan.language, plan.topic, upto))
    if at_most is not None and not 1 <= people <= at_most:
        return False
    return above is None or people + written_to_alone(tx, plan.author, plan.created_at) <= above


def _in_words(plan: Broadcast) -> str:
    """Returns what the audit log says of it."""
    people = "everyone" if plan.expected is None else plan.expected
    if plan.confirmed_by is None:
        return f"{plan.kind} to {people}, to be approved"
    return f"{plan.kind} to {people}{'' if plan.starts_at is None else ', scheduled'}"


def _is_late(tx: Transaction, broadcast: Broadcast, at: datetime) -> bool:
    """Returns whether a broadcast whose time has come may be out of date, or sent already.

    What was planned before a restored backup may have been sent after it was made. The notice of
    a breach is wanted however late.
    """
    planned_for = broadcast.starts_at or at
    if tx.find(RESTORES, RESTORES.c.released_at > planned_for):
        return True
    return broadcast.kind is not Kind.BREACH and at - planned_for > LATE


def _is_allowed(
    tx: Transaction, broadcast: Broadcast, action: BroadcastAction, actor: int | None, at: datetime
) -> bool:
    """Returns whether an order has an effect on a broadcast that is locked."""
    if broadcast.state not in TRANSITIONS[action].sources:
        return False
    if action is BroadcastAction.RECALL:
        return broadcast.recall_started_at is None and can_be_recalled(tx, broadcast.id, at)
    if action is BroadcastAction.APPROVE and has_lapsed(broadcast, at):
        return False
    if action in (BroadcastAction.APPROVE, BroadcastAction.DECLINE):
        return broadcast.awaits_approval and broadcast.author != actor
    return True


def _bring(
    tx: Transaction,
    broadcast: Broadcast,
    to: BroadcastState,
    at: datetime,
    reason: PauseReason | StopReason | None = None,
    detail: str = "",
    **values: Any,
) -> Broadcast:
    """Brings a broadcast that is locked into a state; the reason is why, if it was not ordered."""
    values["state"] = to
    values["pause_reason"] = reason if isinstance(reason, PauseReason) else None
    values["stop_reason"] = reason if isinstance(reason, StopReason) else None
    values["reason_detail"] = None if reason is None else detail
    if to in OVER:
        values["ended_at"] = at
    return _set(tx, broadcast, **values)


def _set(tx: Transaction, broadcast: Broadcast, **values: Any) -> Broadcast:
    return set_on_broadcast(tx, broadcast.id, **values) or broadcast
