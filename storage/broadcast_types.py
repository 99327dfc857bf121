"""What a broadcast is: its kind, audience and content, its states, and what became of it.

`TRANSITIONS` says what can be ordered in which state; what an order needs besides, and what the
worker does, is in `broadcast_transitions.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class BroadcastState(StrEnum):
    """How far a broadcast is."""

    SCHEDULED = "scheduled"
    """It waits for its time, or for another admin's approval."""
    RUNNING = "running"
    PAUSED = "paused"
    """By an admin, or by the system: then it has a pause reason."""
    FINISHED = "finished"
    """Everyone was sent it; supporters who return may still get it."""
    STOPPED = "stopped"
    """It was ended for a stop reason."""
    CANCELLED = "cancelled"
    """An admin ended it."""


ACTIVE = frozenset({BroadcastState.RUNNING, BroadcastState.PAUSED})
"""The states of a broadcast that has begun and not ended; a petition has one such at most."""

OVER = frozenset({BroadcastState.FINISHED, BroadcastState.STOPPED, BroadcastState.CANCELLED})
"""The states of a broadcast that has ended."""


class PauseReason(StrEnum):
    """Why the system paused a broadcast; it waits for an admin to resume or cancel it."""

    LATE = "late"
    """Its time passed while the bot was not running."""
    FORMER = "former"
    """The admin who confirmed it is no longer one."""
    DEFECT = "defect"
    """A bug; the detail is the exception's class and its reference in the log."""
    UNRECORDED = "unrecorded"
    """A delivery's result could not be recorded; the detail is as with a defect."""
    NOBODY = "nobody"
    """None of the first recipients could be reached; the detail is their number."""
    DENIED = "denied"
    """Telegram or a proxy denied every call for a minute; the detail is what it said."""


class StopReason(StrEnum):
    """Why the system, or an admin who did not approve it, ended a broadcast early."""

    CONTENT = "content"
    """Telegram rejects the content; the detail is what it said."""
    UNREADABLE = "unreadable"
    """No chat can be decrypted: the key is another one, or the data is damaged."""
    DECLINED = "declined"
    """Another admin was asked to approve it, and declined."""
    UNAPPROVED = "unapproved"
    """Another admin was asked to approve it, and nobody answered in time."""


class BroadcastAction(StrEnum):
    """What can be ordered of a broadcast; it has this name in the audit log."""

    APPROVE = "approve"
    DECLINE = "decline"
    PAUSE = "pause"
    RESUME = "resume"
    """Also begins a planned broadcast that was paused when its time came."""
    CANCEL = "cancel"
    RECALL = "recall"
    """Has what was sent deleted."""


class Transition(NamedTuple):
    """The states in which an order has an effect, and the one after it; None: the same."""

    sources: frozenset[BroadcastState]
    to: BroadcastState | None = None


_SCHEDULED = frozenset({BroadcastState.SCHEDULED})

TRANSITIONS: Mapping[BroadcastAction, Transition] = {
    BroadcastAction.APPROVE: Transition(_SCHEDULED),
    BroadcastAction.DECLINE: Transition(_SCHEDULED, BroadcastState.STOPPED),
    BroadcastAction.PAUSE: Transition(ACTIVE - {BroadcastState.PAUSED}, BroadcastState.PAUSED),
    BroadcastAction.RESUME: Transition(ACTIVE - {BroadcastState.RUNNING}, BroadcastState.RUNNING),
    BroadcastAction.CANCEL: Transition(_SCHEDULED | ACTIVE, BroadcastState.CANCELLED),
    BroadcastAction.RECALL: Transition(OVER),
}


class Kind(StrEnum):
    """What a broadcast is about, which decides who may receive it."""

    CLOSING = "closing"
    """How the petition ended; nobody receives it twice."""
    UPDATE = "update"
    """Something about this petition, for anyone who signed it."""
    NEWS = "news"
    """Something else, only for those who agreed to other news."""
    BREACH = "breach"
    """What happened to people's data: for everyone who is held, also those who muted the bot. It
    counts against no number and waits for a second admin always (GDPR art. 34)."""
    CORRECTION = "correction"
    """Puts an earlier broadcast right, for those who got it. It counts as one with that broadcast
    against how many updates somebody chose."""


class Correction(NamedTuple):
    """Which broadcast a correction puts right, as its topic says.

    Attributes:
        kind: of the broadcast that was wrong at first.
        first: the id of that broadcast.
        number: 1 for its first correction; one that is wrong too is followed by the next.
    """

    kind: Kind
    first: bytes
    number: int = 1

    @classmethod
    def of(cls, wrong: "Broadcast") -> "Correction":
        """Returns the correction of a broadcast, which may be a correction itself."""
        before = cls.on(wrong.topic)
        if before is not None:
            return before._replace(number=before.number + 1)
        # All closing updates share a topic; others have the id of the first broadcast on it.
        is_closing = wrong.kind is Kind.CLOSING
        return cls(wrong.kind, wrong.id if is_closing else bytes.fromhex(wrong.topic))

    @classmethod
    def on(cls, topic: str) -> "Correction | None":
        """Returns the correction that has this topic; None if the topic is another broadcast's."""
        kind, *rest = topic.split("/")
        return cls(Kind(kind), bytes.fromhex(rest[0]), int(rest[1])) if rest else None

    @property
    def topic(self) -> str:
        """What it is stored under: nobody gets two broadcasts on one topic."""
        return f"{self.kind}/{self.first.hex()}/{self.number}"


def pause_question(reason: PauseReason, detail: str = "") -> str:
    """Returns the text by which it is remembered who was asked about a pause; see `question`."""
    return f"{reason}: {detail}"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it is stored, or is to be; the fields are the columns.

    Attributes:
        content: HTML by language, or what is copied from `source_chat`:
            `{"messages": [17], "keyboard": [[…]]}`.
        source_language: the language of the content that everyone gets whose own it lacks.
        topic: nobody receives two broadcasts on one topic. All closing updates share one, and any
            other broadcast has its own, unless one is given.
        language: it goes only to those who read it, or None for all.
        expected: how many recipients the admin confirmed.
        starts_at: the planned moment; None for at once.
        confirmed_by: the admin who confirmed it; None while another one has to approve it.
        last_signature_number: that of the last signature that it goes to; None until it begins.
        enqueued_at: when all recipients had a row.
        ended_at: when nothing more was to be sent.
        reason_detail: what there is to say about the reason; may be empty.
        cancel_requested_at: since when admins are asked whether to cancel it; None if not.
        is_damaged: whether who ordered it, or where its content is, cannot be decrypted; it is
            then not sent.
    """

    id: bytes
    kind: Kind
    content: Mapping[str, Any] = field(repr=False)
    source_language: str
    author: int = field(repr=False)
    created_at: datetime
    topic: str = ""
    source_chat: int | None = field(default=None, repr=False)
    language: str | None = None
    paid: bool = False
    expected: int | None = None
    starts_at: datetime | None = None
    confirmed_by: int | None = field(default=None, repr=False)
    progress_chat: int | None = field(default=None, repr=False)
    progress_message_id: int | None = None
    last_signature_number: int | None = None
    state: BroadcastState = BroadcastState.SCHEDULED
    enqueued_through: int = 0
    enqueued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reported_at: datetime | None = None
    recall_started_at: datetime | None = None
    recall_ended_at: datetime | None = None
    pause_reason: PauseReason | None = None
    stop_reason: StopReason | None = None
    reason_detail: str | None = None
    cancel_requested_at: datetime | None = None
    is_damaged: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there may still be something to send."""
        return self.state is BroadcastState.RUNNING

    @property
    def is_active(self) -> bool:
        """Whether it has begun and not ended; no other can begin meanwhile."""
        return self.state in ACTIVE

    @property
    def awaits_approval(self) -> bool:
        """Whether another admin has to approve it before it is sent."""
        return self.state is BroadcastState.SCHEDULED and self.confirmed_by is None

    @property
    def question(self) -> str | None:
        """What admins have to decide, as a text that is another for another question, or None.

        A digest of it is stored once they have been asked, so it stays as it is.
        """
        if self.awaits_approval:
            return "approval"
        if self.pause_reason is None:
            return None
        return pause_question(self.pause_reason, self.reason_detail or "")

    @property
    def is_over(self) -> bool:
        """Whether it has ended; after that it is sent only to supporters who return."""
        return self.state in OVER

    def counted(self, tally: "Tally") -> "Tally":
        """Returns the tally of all: of those who have no row, as many as last counted wait."""
        no_row = max((self.expected or 0) - tally.total, 0)
        if self.enqueued_at is not None or not no_row:
            return tally
        return replace(tally, total=tally.total + no_row, pending=tally.pending + no_row)

    @property
    def is_recalling(self) -> bool:
        """Whether its messages are being deleted."""
        return self.recall_started_at is not None and self.recall_ended_at is None


class DeliveryState(StrEnum):
    """How far the delivery to one recipient is."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden"
    """The recipient's settings forbid such a message."""
    UNCONFIRMED = "unconfirmed"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """The outcome of one send."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden"
    UNSENT = "unsent"
    """Certainly not delivered: it becomes pending again, and the attempt does not count."""
    IN_DOUBT = "in doubt"
    """It may have arrived: it becomes pending again once, and UNCONFIRMED the second time."""
    UNCONFIRMED = "unconfirmed"
    """It may have arrived, and is not tried again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed row: whom to send to, in which language, and under which claim."""

    position: int
    chat_id: int = field(repr=False)
    language: str
    claim: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a claimed delivery; one that arrived has message ids, to recall it by."""

    position: int
    claim: bytes
    outcome: Outcome
    messages: tuple[int, ...] = ()


class Recalled(StrEnum):
    """The outcome of deleting what one recipient was sent."""

    DELETED = "deleted"
    FAILED = "failed"
    """It is too old, or its chat id is no longer known."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a broadcast are in each state.

    Attributes:
        recalled: of those delivered, how many a recall has deleted.
        unrecallable: how many it could not delete, as they are too old or a chat is not known.
    """

    total: int
    pending: int = 0
    sending: int = 0
    delivered: int = 0
    unreachable: int = 0
    rejected: int = 0
    forbidden: int = 0
    unconfirmed: int = 0
    withdrawn: int = 0
    recalled: int = 0
    unrecallable: int = 0

    @property
    def left_to_recall(self) -> int:
        """How many are to be deleted; after the recall, whose outcome could not be recorded."""
        return self.delivered - self.recalled - self.unrecallable

    @property
    def open(self) -> int:
        """How many are still to be sent or being sent."""
        return self.pending + self.sending

    @property
    def done(self) -> int:
        """How many have their outcome."""
        return self.total - self.open
