"""What a broadcast and its deliveries are: kind, audience, content, outcomes and counts."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from storage.broadcast_states import ACTIVE, OVER, BroadcastState, PauseReason, StopReason

APPROVABLE_FOR = timedelta(hours=24)
"""For how long after it was due a broadcast can be approved: later it may be out of date."""

COUNTED_TOGETHER_FOR = timedelta(hours=24)
"""What one admin sends within this time, approved by nobody else, counts as one broadcast where
it is asked whether a second admin has to approve it."""

RECALLABLE_FOR = timedelta(hours=48)
"""How long Telegram lets a bot delete what it sent:
https://core.telegram.org/bots/api#deletemessage"""

MOST_ATTEMPTS = 2
"""A send in doubt is repeated once, and never again."""


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


_CORRECTIONS_AT_MOST = 2


@dataclass(frozen=True, slots=True)
class Correction:
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
        if before is None:
            # All closing updates share a topic; others have the id of the first broadcast on it.
            is_closing = wrong.kind is Kind.CLOSING
            return cls(wrong.kind, wrong.id if is_closing else bytes.fromhex(wrong.topic))
        return replace(before, number=before.number + 1)

    @classmethod
    def on(cls, topic: str) -> "Correction | None":
        """Returns the correction that has this topic; None if the topic is another broadcast's."""
        kind, *rest = topic.split("/")
        return cls(Kind(kind), bytes.fromhex(rest[0]), int(rest[1])) if rest else None

    @property
    def topic(self) -> str:
        """What it is stored under: nobody gets two broadcasts on one topic."""
        return f"{self.kind}/{self.first.hex()}/{self.number}"


@dataclass(frozen=True, slots=True)
class Audience:
    """Which of the signers a broadcast goes to.

    Attributes:
        language: only those who read it, or None for all.
        news_only: only those who agreed to other news.
    """

    language: str | None = None
    news_only: bool = False


EVERYONE = Audience()


def pause_question(reason: PauseReason, detail: str = "") -> str:
    """Returns the text by which it is remembered who was asked about a pause; see `question`."""
    return f"{reason}: {detail}"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it is stored.

    Attributes:
        content: HTML by language, or what is copied from `source_chat`.
        expected: how many recipients the admin confirmed.
        total: how many recipients there are; known once `is_enqueued`.
        is_enqueued: whether every recipient has a row.
        starts_at: the planned moment; None for at once.
        started_at: when it began.
        ended_at: when nothing more was to be sent.
        reported_at: when its end was reported; None until then.
        pause_reason: why the system paused it; None unless it is paused and did.
        stop_reason: why it was ended early; None unless it is stopped.
        reason_detail: what there is to say about the reason; may be empty.
        cancel_requested_at: since when admins are asked whether to cancel it; None if not.
        author: the admin who wrote it.
        confirmed_by: the admin who confirmed it.
        is_approved: whether no admin's approval is missing.
        is_damaged: whether who ordered it, or where its content is, cannot be decrypted; it is
            then not sent.
    """

    id: bytes
    kind: Kind
    topic: str
    state: BroadcastState
    content: dict[str, Any] = field(repr=False)
    source_language: str
    source_chat: int | None = field(repr=False)
    audience: Audience
    paid: bool
    expected: int | None
    total: int
    is_enqueued: bool
    created_at: datetime
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    reported_at: datetime | None
    recall_started_at: datetime | None
    recall_ended_at: datetime | None
    progress_chat: int | None = field(repr=False)
    progress_message_id: int | None
    author: int = field(repr=False)
    confirmed_by: int = field(repr=False)
    pause_reason: PauseReason | None = None
    stop_reason: StopReason | None = None
    reason_detail: str = ""
    cancel_requested_at: datetime | None = None
    is_approved: bool = True
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
        return self.state is BroadcastState.SCHEDULED and not self.is_approved

    @property
    def question(self) -> str | None:
        """What admins have to decide, as a text that is another for another question, or None.

        A digest of it is stored once they have been asked, so it stays as it is.
        """
        if self.awaits_approval:
            return "approval"
        if self.pause_reason is None:
            return None
        return pause_question(self.pause_reason, self.reason_detail)

    def has_lapsed(self, at: datetime) -> bool:
        """Returns whether it was not approved in time."""
        starts = self.starts_at or self.created_at
        return self.awaits_approval and at - starts >= APPROVABLE_FOR

    @property
    def is_over(self) -> bool:
        """Whether it has ended; after that it is sent only to supporters who return."""
        return self.state in OVER

    def can_be_recalled(self, delivered: int, at: datetime) -> bool:
        """Returns whether it sent messages that Telegram still lets the bot delete."""
        return (
            self.is_over
            and self.recall_started_at is None
            and delivered > 0
            and self.ended_at is not None
            and at - self.ended_at < RECALLABLE_FOR
        )

    def can_be_corrected(self, tally: "Tally") -> bool:
        """Returns whether those who got it can be sent a correction.

        A closing update that was recalled is sent again instead, as it should have been. Nothing
        is corrected more than twice, since a correction counts against no number of updates.
        """
        is_replaced = self.kind is Kind.CLOSING and self.recall_started_at is not None
        made = Correction.on(self.topic)
        is_last = made is not None and made.number >= _CORRECTIONS_AT_MOST
        return (
            self.is_over
            and not self.is_recalling
            and not is_replaced
            and not is_last
            and self.kind is not Kind.BREACH
            and tally.delivered + tally.unconfirmed > 0
        )

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
    chat_id: int
    language: str
    claim: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a claimed delivery; one that arrived has message ids, to recall it by."""

    position: int
    claim: bytes
    outcome: Outcome
    messages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a broadcast are in each state."""

    total: int
    pending: int = 0
    sending: int = 0
    delivered: int = 0
    unreachable: int = 0
    rejected: int = 0
    forbidden: int = 0
    unconfirmed: int = 0
    withdrawn: int = 0

    @property
    def open(self) -> int:
        """How many are still to be sent or being sent."""
        return self.pending + self.sending

    @property
    def done(self) -> int:
        """How many have their outcome."""
        return self.total - self.open
