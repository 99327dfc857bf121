"""Starting a broadcast, and what changes it: its time, admins, the worker and the system.

Each has an effect only in the states that `TRANSITIONS` allows, so a repeat, or two at once, take
effect once. What an action needs besides stands before it. All that changes a broadcast goes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from storage.audit import add_audit
from storage.broadcast_counts import recipients, written_to_alone
from storage.broadcast_rows import (
    active_broadcast,
    broadcast_with,
    has_open_deliveries,
    lock_broadcast,
    read_broadcast,
    stored_broadcast,
)
from storage.broadcast_types import (
    EVERYONE,
    OVER,
    RECALLABLE_FOR,
    TRANSITIONS,
    Audience,
    Broadcast,
    BroadcastAction,
    BroadcastState,
    DeliveryState,
    Kind,
    PauseReason,
    StopReason,
)
from storage.closing_texts import closing_update_waits
from storage.petitions import lock_petition
from storage.tables import BROADCASTS, DELIVERIES, RESTORES, SIGNATURES
from storage.transaction import Transaction

LATE = timedelta(hours=1)
"""A planned broadcast that is later than this waits for an admin: it may be out of date."""


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """A request to start a broadcast.

    Attributes:
        id: 16 random bytes; starting the same id again starts nothing new.
        content: by language, HTML, or what is copied: `{"messages": [17], "keyboard": [[…]]}`.
        content_sha256: the hash of what the admin confirmed.
        source_language: the language of the content that everyone gets whose own it lacks.
        actor: the Telegram id of the admin who confirmed it.
        at: now.
        kind: what it is about.
        audience: which of the signers it goes to; with the notice of a breach that is everyone,
            or this raises ValueError.
        topic: nobody receives two broadcasts on one topic; left out, all closing updates share
            one, and any other broadcast has its own.
        source_chat: the chat whose messages are copied.
        starts_at: when it is sent, or None for now.
        expected: the number of recipients that the admin was shown.
        at_most: the most recipients that the confirmation covers; None for any number.
        last_signature_number: that of the last signature counted, or None for all up to now.
        progress: the chat and the id of the admin's progress message, if there is one.
        paid: whether Telegram is paid for a higher sending rate.
        needs_approval: whether another admin has to approve it before it is sent.
        approval_above: with more recipients than this, together with what its author sent alone
            within a day, it is not started without an approval; None for any number.
        revision: of the petition that the admin was shown; a closing update is started with no
            other. None for any.
    """

    id: bytes
    content: Mapping[str, object] = field(repr=False)
    content_sha256: bytes
    source_language: str
    actor: int
    at: datetime
    kind: Kind = Kind.CLOSING
    audience: Audience = EVERYONE
    topic: str | None = None
    source_chat: int | None = field(default=None, repr=False)
    starts_at: datetime | None = None
    expected: int | None = None
    at_most: int | None = None
    last_signature_number: int | None = None
    progress: tuple[int, int] | None = None
    paid: bool = False
    needs_approval: bool = False
    approval_above: int | None = None
    revision: int | None = None

    def __post_init__(self) -> None:
        if self.kind is Kind.BREACH and self.audience != EVERYONE:
            raise ValueError("the notice of a breach goes to everyone")

    @property
    def due(self) -> datetime | None:
        """When it is sent at the earliest, or None for now."""
        return self.at if self.starts_at is None and self.needs_approval else self.starts_at

    @property
    def stored_topic(self) -> str:
        """The topic that it is stored under."""
        return self.topic or (Kind.CLOSING if self.kind is Kind.CLOSING else self.id.hex())


def start_broadcast(tx: Transaction, plan: NewBroadcast) -> Broadcast | None:
    """Stores a broadcast, for the worker to send now or at its time; returns it.

    Its content is fixed from then on. Starting the same id again returns it as it now is. While
    another one is under way, that one is returned, and nothing is started at once.

    Returns:
        None if nothing was started: the petition is open; there are more recipients than were
        confirmed or than one admin may write to, or none; or there is another text of the closing
        update than was confirmed, or one waits.
    """
    petition = lock_petition(tx)  # as reopening it does
    known = broadcast_with(tx, plan.id)
    if known is not None:
        return known
    if plan.kind is Kind.CLOSING and petition.closed_at is None:
        return None
    active = active_broadcast(tx)
    if active is not None and plan.due is None:
        return active
    if not _has_its_text(tx, plan, petition.revision) or not _has_its_audience(tx, plan):
        return None
    tx.add(BROADCASTS, **_columns(tx, plan, petition.last_number))
    add_audit(tx, "broadcast", at=plan.at, actor=plan.actor, detail=_in_words(plan))
    return stored_broadcast(tx, plan.id)


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
        return _change(tx, found, BroadcastAction.DROP, at, StopReason.OPEN)
    if found.has_lapsed(at):
        return _change(tx, found, BroadcastAction.DROP, at, StopReason.UNAPPROVED)
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
    return _change(tx, found, waits, at, reason, **begun, expected=people)


def finish(tx: Transaction, key: bytes, at: datetime) -> None:
    """Ends a running broadcast if nothing is left to send."""
    broadcast = _locked(tx, key)
    if broadcast is None or not broadcast.is_enqueued or has_open_deliveries(tx, key):
        return
    _change(tx, broadcast, BroadcastAction.FINISH, at)


def interrupt_broadcast(
    tx: Transaction, key: bytes, reason: PauseReason | StopReason, at: datetime, detail: str = ""
) -> None:
    """Pauses a running broadcast until an admin decides, or ends it early, for a reason.

    Of one that was ended, those who still wait can be recipients of the next one.
    """
    broadcast = _locked(tx, key)
    is_end = isinstance(reason, StopReason)
    action = BroadcastAction.STOP if is_end else BroadcastAction.PAUSE_BY_SYSTEM
    if broadcast is not None:
        _change(tx, broadcast, action, at, reason, detail)


def mark_reported(tx: Transaction, key: bytes, at: datetime) -> None:
    """Records that the end was reported, so that it is not reported again."""
    columns = BROADCASTS.c
    is_news = (columns.state.in_(OVER), columns.reported_at.is_(None))
    tx.set(BROADCASTS, columns.id == key, *is_news, reported_at=at)


def change_broadcast(
    tx: Transaction,
    action: BroadcastAction,
    key: bytes,
    actor: int | None,
    at: datetime,
    expected: int | None = None,
) -> Broadcast | None:
    """Does to a broadcast what an admin orders, or the operator; returns it as it now is.

    Args:
        tx: the transaction.
        action: one that is ordered, such as PAUSE or APPROVE.
        key: of the broadcast.
        actor: the admin; None for the operator.
        at: now.
        expected: how many recipients are to be approved after a RECOUNT.
    """
    broadcast = _locked(tx, key)
    if broadcast is None or not _is_allowed(tx, broadcast, action, actor, at):
        return broadcast
    values: dict[str, Any] = {}
    if action is BroadcastAction.APPROVE and actor is not None:
        values["confirmed_by_sealed"] = tx.seal(actor, BROADCASTS.c.confirmed_by_sealed, key)
        # One whose time has passed goes out now, and does not count as late.
        values["starts_at"] = max(broadcast.starts_at or at, at)
    elif action is BroadcastAction.RECOUNT:
        values["expected"] = expected
    elif action is BroadcastAction.RECALL:
        values["recall_started_at"] = at
    elif action in (BroadcastAction.RESUME, BroadcastAction.CANCEL):
        values["cancel_requested_at"] = None
    reason = StopReason.DECLINED if action is BroadcastAction.DECLINE else None
    add_audit(tx, f"broadcast_{action}", at=at, actor=actor, detail=key.hex()[:8])
    return _change(tx, broadcast, action, at, reason, **values)


def set_cancel_request(tx: Transaction, key: bytes, at: datetime | None) -> Broadcast | None:
    """Stores since when admins are asked whether to cancel a broadcast, for every screen of it.

    None if they no longer are. Returns it as it now is.
    """
    tx.set(BROADCASTS, BROADCASTS.c.id == key, cancel_requested_at=at)
    return broadcast_with(tx, key)


def set_progress(tx: Transaction, key: bytes, chat: int, message_id: int) -> None:
    """Stores which message shows the admin its progress."""
    sealed = tx.seal(chat, BROADCASTS.c.progress_chat_sealed, key)
    shown = {"progress_chat_sealed": sealed, "progress_message_id": message_id}
    tx.set(BROADCASTS, BROADCASTS.c.id == key, **shown)


def _has_its_text(tx: Transaction, plan: NewBroadcast, revision: int) -> bool:
    """Returns whether a closing update has the text that was confirmed.

    A change of its text gives the petition another revision; the former text is not sent while
    another one waits for a second admin.
    """
    if plan.kind is not Kind.CLOSING:
        return True
    return plan.revision in (None, revision) and not closing_update_waits(tx)


def _has_its_audience(tx: Transaction, plan: NewBroadcast) -> bool:
    """Returns whether it goes to no more than were confirmed, and than one admin may write to.

    Nobody can sign meanwhile. A planned one is counted once more at its time, and until then its
    author may write to any number.
    """
    above = plan.approval_above if plan.due is None else None
    if plan.at_most is None and above is None:
        return True
    upto = plan.last_signature_number
    people = tx.count(
        SIGNATURES, recipients(tx, plan.kind, plan.audience, plan.stored_topic, upto=upto)
    )
    if plan.at_most is not None and not 1 <= people <= plan.at_most:
        return False
    return above is None or people + written_to_alone(tx, plan.actor, plan.at) <= above


def _columns(tx: Transaction, plan: NewBroadcast, newest: int) -> dict[str, Any]:
    def sealed(number: int | None, name: str) -> bytes | None:
        return None if number is None else tx.seal(number, BROADCASTS.c[name], plan.id)

    chat, message_id = plan.progress or (None, None)
    confirmed_by = None if plan.needs_approval else plan.actor
    last = newest if plan.last_signature_number is None else plan.last_signature_number
    as_asked = ("id", "kind", "content_sha256", "source_language", "paid", "expected")
    return {
        **{name: getattr(plan, name) for name in as_asked},
        "topic": plan.stored_topic,
        "state": BroadcastState.RUNNING if plan.due is None else BroadcastState.SCHEDULED,
        "content": dict(plan.content),
        "source_chat_sealed": sealed(plan.source_chat, "source_chat_sealed"),
        "language": plan.audience.language,
        "news_only": plan.audience.news_only,
        "total": 0,
        "last_signature_number": last if plan.due is None else None,
        "created_at": plan.at,
        "starts_at": plan.due,
        "started_at": plan.at if plan.due is None else None,
        "author_sealed": sealed(plan.actor, "author_sealed"),
        "confirmed_by_sealed": sealed(confirmed_by, "confirmed_by_sealed"),
        "progress_chat_sealed": sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
    }


def _in_words(plan: NewBroadcast) -> str:
    """Returns what the audit log says of it."""
    people = "everyone" if plan.expected is None else plan.expected
    if plan.needs_approval:
        return f"{plan.kind} to {people}, to be approved"
    return f"{plan.kind} to {people}{'' if plan.due is None else ', scheduled'}"


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
    tx: Transaction,
    broadcast: Broadcast,
    action: BroadcastAction,
    actor: int | None,
    at: datetime,
) -> bool:
    """Returns whether an order has an effect on a broadcast that is locked."""
    if broadcast.state not in TRANSITIONS[action].sources:
        return False
    if action is BroadcastAction.RECALL:
        can_be_deleted = (
            DELIVERIES.c.broadcast_id == broadcast.id,
            DELIVERIES.c.state == DeliveryState.DELIVERED,
            DELIVERIES.c.message_ids.is_not(None),
            DELIVERIES.c.updated_at > at - RECALLABLE_FOR,
        )
        is_first = broadcast.recall_started_at is None
        return is_first and tx.find(DELIVERIES, *can_be_deleted) is not None
    if action is BroadcastAction.RECOUNT:
        return broadcast.awaits_approval
    if action is BroadcastAction.APPROVE and broadcast.has_lapsed(at):
        return False
    if action in (BroadcastAction.APPROVE, BroadcastAction.DECLINE):
        return broadcast.awaits_approval and broadcast.author != actor
    return True


def _locked(tx: Transaction, key: bytes) -> Broadcast | None:
    row = lock_broadcast(tx, key)
    return None if row is None else read_broadcast(row, tx.keyring)


def _change(
    tx: Transaction,
    broadcast: Broadcast,
    action: BroadcastAction,
    at: datetime,
    reason: PauseReason | StopReason | None = None,
    detail: str = "",
    **values: Any,
) -> Broadcast:
    """Makes a transition of a broadcast that is locked, if its state allows it.

    Args:
        tx: the transaction.
        broadcast: as it was read under its lock.
        action: what is done.
        at: now.
        reason: why it is paused or stopped, if not by an order.
        detail: what there is to say about the reason.
        values: what else is set.

    Returns:
        The broadcast as it now is.
    """
    sources, to = TRANSITIONS[action]
    if broadcast.state not in sources:
        return broadcast
    if to is not None:
        values["state"] = to
        values["pause_reason"] = reason if isinstance(reason, PauseReason) else None
        values["stop_reason"] = reason if isinstance(reason, StopReason) else None
        values["reason_detail"] = None if reason is None else detail
    if to in OVER:
        values["ended_at"] = at
    tx.set(BROADCASTS, BROADCASTS.c.id == broadcast.id, **values)
    return stored_broadcast(tx, broadcast.id)
