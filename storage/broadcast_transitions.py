"""What changes a broadcast: its time, admins, the worker and the system.

Each has an effect only in the states that `TRANSITIONS` allows, so a repeat, or two at once, take
effect once. What an action needs besides stands before it. All that changes a broadcast goes here.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from storage.audit import add_audit
from storage.broadcast_audience import recipients, written_to_alone
from storage.broadcast_rows import (
    active_broadcast,
    broadcast_with,
    lock_broadcast,
    read_broadcast,
    stored_broadcast,
)
from storage.broadcast_states import (
    OVER,
    TRANSITIONS,
    BroadcastAction,
    PauseReason,
    StopReason,
)
from storage.broadcast_types import RECALLABLE_FOR, Broadcast, DeliveryState, Kind
from storage.petitions import lock_petition
from storage.tables import BROADCASTS, DELIVERIES, RESTORES, SIGNATURES
from storage.transaction import Transaction

LATE = timedelta(hours=1)
"""A planned broadcast that is later than this waits for an admin: it may be out of date."""


def begin(
    tx: Transaction,
    broadcast: Broadcast,
    at: datetime,
    pause: PauseReason | None = None,
    at_most: int | None = None,
) -> Broadcast:
    """Begins a planned broadcast; one that is late is paused until an admin decides.

    It goes also to people who signed since it was planned. One that nobody approved in time is
    stopped, as is a closing update of a petition that is open again.

    Args:
        tx: the transaction.
        broadcast: one whose time has come.
        at: now.
        pause: a reason to pause it even if it is not late.
        at_most: with more recipients than this, together with what its author sent alone
            within a day, another admin has to approve it first; None if no approval is
            needed, or it was given.
    """
    petition = lock_petition(tx)
    found = _locked(tx, broadcast.id)
    if found is None:
        return broadcast
    if found.kind is Kind.CLOSING and petition.closed_at is None:
        return _change(tx, found, BroadcastAction.DROP, at, reason=StopReason.OPEN)
    if found.has_lapsed(at):
        return _change(tx, found, BroadcastAction.LAPSE, at, reason=StopReason.UNAPPROVED)
    is_due = found.starts_at is not None and found.starts_at <= at
    if not is_due or found.awaits_approval or active_broadcast(tx) is not None:
        return found
    reason = pause or (PauseReason.LATE if _is_late(tx, found, at) else None)
    begun: dict[str, Any] = {"started_at": at, "last_signature_number": petition.last_number}
    if reason is None and at_most is None:
        return _change(tx, found, BroadcastAction.BEGIN, at, **begun)
    people = tx.count(SIGNATURES, recipients(tx, found.kind, found.audience, found.topic))
    if at_most is not None and people + written_to_alone(tx, found.author, at) > at_most:
        asked: dict[str, Any] = {"confirmed_by_sealed": None, "starts_at": at}
        return _change(tx, found, BroadcastAction.ASK_APPROVAL, at, **asked, expected=people)
    if reason is None:
        return _change(tx, found, BroadcastAction.BEGIN, at, **begun)
    waits = BroadcastAction.BEGIN_PAUSED
    return _change(tx, found, waits, at, reason=reason, **begun, expected=people)


def finish(tx: Transaction, key: bytes, at: datetime) -> bool:
    """Ends a broadcast if nothing is left to send; returns whether it is no longer running."""
    broadcast = _locked(tx, key)
    if broadcast is None:
        return False
    left = DELIVERIES.c.state.in_((DeliveryState.PENDING, DeliveryState.SENDING))
    if not broadcast.is_enqueued or _has_deliveries(tx, key, left):
        return not broadcast.is_running
    _change(tx, broadcast, BroadcastAction.FINISH, at)
    return True


def stop(tx: Transaction, key: bytes, reason: StopReason, at: datetime, detail: str = "") -> bool:
    """Ends a broadcast early; those who still wait can be recipients of the next one.

    Returns:
        Whether it is no longer running.
    """
    broadcast = _locked(tx, key)
    if broadcast is None:
        return False
    _change(tx, broadcast, BroadcastAction.STOP, at, reason=reason, detail=detail)
    return True


def pause_by_system(tx: Transaction, key: bytes, reason: PauseReason, detail: str = "") -> None:
    """Pauses a running broadcast for a reason, until an admin decides."""
    broadcast = _locked(tx, key)
    if broadcast is not None:
        paused = BroadcastAction.PAUSE_BY_SYSTEM
        _change(tx, broadcast, paused, None, reason=reason, detail=detail)


def mark_reported(tx: Transaction, key: bytes, at: datetime) -> None:
    """Records that the end was reported, so that it is not reported again."""
    broadcast = _locked(tx, key)
    if broadcast is not None and broadcast.reported_at is None:
        _change(tx, broadcast, BroadcastAction.MARK_REPORTED, at, reported_at=at)


def pause(tx: Transaction, key: bytes, actor: int | None, at: datetime) -> Broadcast | None:
    """Pauses a broadcast until it is resumed; returns it as it now is."""
    broadcast = _locked(tx, key)
    return broadcast and _change(tx, broadcast, BroadcastAction.PAUSE, at, actor)


def resume(tx: Transaction, key: bytes, actor: int | None, at: datetime) -> Broadcast | None:
    """Resumes a paused broadcast; returns it as it now is."""
    broadcast = _locked(tx, key)
    resumed = BroadcastAction.RESUME
    return broadcast and _change(tx, broadcast, resumed, at, actor, cancel_requested_at=None)


def cancel(tx: Transaction, key: bytes, actor: int | None, at: datetime) -> Broadcast | None:
    """Cancels a broadcast for good; returns it as it now is."""
    broadcast = _locked(tx, key)
    cancelled = BroadcastAction.CANCEL
    return broadcast and _change(tx, broadcast, cancelled, at, actor, cancel_requested_at=None)


def request_cancel(tx: Transaction, key: bytes, at: datetime) -> None:
    """Stores that admins are asked whether to cancel a broadcast, for every screen of it."""
    tx.set(BROADCASTS, BROADCASTS.c.id == key, cancel_requested_at=at)


def clear_cancel_request(tx: Transaction, key: bytes) -> Broadcast | None:
    """Stores that no admin is being asked any more; returns it as it now is."""
    tx.set(BROADCASTS, BROADCASTS.c.id == key, cancel_requested_at=None)
    return broadcast_with(tx, key)


def recall(tx: Transaction, key: bytes, actor: int | None, at: datetime) -> Broadcast | None:
    """Orders what it sent to be deleted, where Telegram allows; returns it as it now is."""
    broadcast = _locked(tx, key)
    columns = DELIVERIES.c
    can_be_deleted = (
        columns.state == DeliveryState.DELIVERED,
        columns.message_ids.is_not(None),
        columns.updated_at > at - RECALLABLE_FOR,
    )
    if broadcast is None or broadcast.recall_started_at is not None:
        return broadcast
    if not _has_deliveries(tx, key, *can_be_deleted):
        return broadcast
    return _change(tx, broadcast, BroadcastAction.RECALL, at, actor, recall_started_at=at)


def approve(tx: Transaction, key: bytes, actor: int, at: datetime) -> Broadcast | None:
    """Approves a broadcast of another admin, to go out at its time or now.

    One that was due more than `APPROVABLE_FOR` ago stays as it is. Returns it as it now is.
    """
    broadcast = _locked(tx, key)
    if broadcast is None or not _may_decide(broadcast, actor) or broadcast.has_lapsed(at):
        return broadcast
    confirmed: dict[str, Any] = {
        "confirmed_by_sealed": tx.seal(actor, BROADCASTS.c.confirmed_by_sealed, key),
        # One whose time has passed goes out now, and does not count as late.
        "starts_at": max(broadcast.starts_at or at, at),
    }
    return _change(tx, broadcast, BroadcastAction.APPROVE, at, actor, **confirmed)


def decline(tx: Transaction, key: bytes, actor: int, at: datetime) -> Broadcast | None:
    """Declines a broadcast of another admin, which ends unsent; returns it as it now is."""
    broadcast = _locked(tx, key)
    if broadcast is None or not _may_decide(broadcast, actor):
        return broadcast
    reason = StopReason.DECLINED
    return _change(tx, broadcast, BroadcastAction.DECLINE, at, actor, reason=reason)


def recount(
    tx: Transaction, key: bytes, people: int, actor: int, at: datetime
) -> Broadcast | None:
    """Sets how many recipients are to be approved; returns the broadcast as it now is."""
    broadcast = _locked(tx, key)
    if broadcast is None or not broadcast.awaits_approval:
        return broadcast
    return _change(tx, broadcast, BroadcastAction.RECOUNT, at, actor, expected=people)


def set_progress(tx: Transaction, key: bytes, chat: int, message_id: int) -> None:
    """Stores which message shows the admin its progress."""
    sealed = tx.seal(chat, BROADCASTS.c.progress_chat_sealed, key)
    shown = {"progress_chat_sealed": sealed, "progress_message_id": message_id}
    tx.set(BROADCASTS, BROADCASTS.c.id == key, **shown)


def _is_late(tx: Transaction, broadcast: Broadcast, at: datetime) -> bool:
    """Returns whether a broadcast whose time has come may be out of date, or sent already.

    What was planned before a restored backup may have been sent after it was made. The notice of
    a breach is wanted however late.
    """
    planned_for = broadcast.starts_at or at
    if tx.find(RESTORES, RESTORES.c.released_at > planned_for):
        return True
    return broadcast.kind is not Kind.BREACH and at - planned_for > LATE


def _may_decide(broadcast: Broadcast, actor: int) -> bool:
    """Returns whether a broadcast awaits an admin's approval: never that of its author."""
    return broadcast.awaits_approval and broadcast.author != actor


def _locked(tx: Transaction, key: bytes) -> Broadcast | None:
    row = lock_broadcast(tx, key)
    return None if row is None else read_broadcast(row, tx.keyring)


def _has_deliveries(tx: Transaction, key: bytes, *conditions: ColumnElement[bool]) -> bool:
    query = select(DELIVERIES.c.position).where(DELIVERIES.c.broadcast_id == key, *conditions)
    return tx.first(query.limit(1)) is not None


def _change(
    tx: Transaction,
    broadcast: Broadcast,
    action: BroadcastAction,
    at: datetime | None,
    actor: int | None = None,
    *,
    reason: PauseReason | StopReason | None = None,
    detail: str = "",
    **values: Any,
) -> Broadcast:
    """Makes a transition of a broadcast that is locked, if its state allows it.

    Args:
        tx: the transaction.
        broadcast: as it was read under its lock.
        action: what is done.
        at: now; only a pause by the system needs none.
        actor: the admin who ordered it; None if the operator did, or nobody.
        reason: why it is paused or stopped, if not by an order.
        detail: what there is to say about the reason.
        values: what else is set.

    Returns:
        The broadcast as it now is.
    """
    rule = TRANSITIONS[action]
    if broadcast.state not in rule.sources:
        return broadcast
    if rule.to is not None:
        values["state"] = rule.to
        values["pause_reason"] = reason if isinstance(reason, PauseReason) else None
        values["stop_reason"] = reason if isinstance(reason, StopReason) else None
        values["reason_detail"] = None if reason is None else detail
    if rule.to in OVER:
        values["ended_at"] = at
    tx.set(BROADCASTS, BROADCASTS.c.id == broadcast.id, **values)
    if rule.is_ordered and at is not None:
        detail = broadcast.id.hex()[:8]
        add_audit(tx, f"broadcast_{action}", at=at, actor=actor, detail=detail)
    return stored_broadcast(tx, broadcast.id)
