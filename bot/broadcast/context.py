"""The storage, client, clocks and settings that a worker passes to everything it runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.claim_pacing import AHEAD_SECONDS, BATCH_SECONDS, WINDOW_SECONDS
from bot.broadcast.content import Content
from bot.broadcast.delivery_retries import CALL_PAUSES
from bot.broadcast.lease import LEASE_SECONDS, LeaseHolder
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.reporter import PROGRESS_SECONDS
from bot.broadcast.result_recorder import RECORD_SECONDS, ResultRecorder
from bot.broadcast.sender import CALL_SECONDS, Client, RateGate
from storage import Broadcast, Broadcasts, Leases, Recalls, Unavailable

POLL_SECONDS = 1.0  # between two looks for a due broadcast, when nothing wakes the worker
REST_SECONDS = 1.0  # before what failed is tried again

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Durations:
    """A worker's durations in seconds, which tests shorten; see the constants for what each is."""

    poll: float = POLL_SECONDS
    rest: float = REST_SECONDS
    lease: float = LEASE_SECONDS
    batch: float = BATCH_SECONDS
    ahead: float = AHEAD_SECONDS
    window: float = WINDOW_SECONDS
    call: float = CALL_SECONDS
    retries: tuple[float, ...] = CALL_PAUSES
    record: float = RECORD_SECONDS
    progress: float = PROGRESS_SECONDS


class WorkerStorage(Protocol):
    """The part of the storage that a worker needs."""

    @property
    def broadcasts(self) -> Broadcasts:
        """The broadcasts and their deliveries."""
        ...

    @property
    def recalls(self) -> Recalls:
        """The messages that recalls are to delete."""
        ...

    @property
    def leases(self) -> Leases:
        """The leases, of which a worker needs one to send."""
        ...


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second: the free rate, and the one that Telegram sells."""

    free: float
    paid: float

    def of(self, broadcast: Broadcast, content: Content) -> float:
        """Returns the recipients a second for a broadcast; each message of an album counts."""
        paid = broadcast.paid and content.can_be_paid
        return (self.paid if paid else self.free) / content.per_recipient


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Everything that one worker's runs share; `clock` is monotonic and in seconds."""

    broadcasts: Broadcasts
    recalls: Recalls
    client: Client
    gate: RateGate
    rates: Rates
    recorder: ResultRecorder
    claims: OpenClaims
    lease_holder: LeaseHolder
    durations: Durations
    clock: Callable[[], float]
    now: Callable[[], datetime]
    is_admin: Callable[[int], bool]
    approval_above: int | None

    def may_continue(self, interrupt: BroadcastInterrupt) -> bool:
        """Tells whether work may go on: no interrupt, and the lease is certainly ours.

        Triggers the interrupt itself when the lease is not.
        """
        if not interrupt.is_triggered and not self.lease_holder.holds():
            interrupt.trigger(
                InterruptReason.LOST if self.lease_holder.has_expired() else InterruptReason.CLOCKS
            )
        return not interrupt.is_triggered

    async def retry_while_unavailable(
        self, interrupt: BroadcastInterrupt, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Returns what `ask` returns, asking again while the database is away.

        Raises:
            Unavailable: it is still away, and the work may not go on.
        """
        while True:
            try:
                return await ask()
            except Unavailable:
                if not self.may_continue(interrupt):
                    raise
            await interrupt.rest(self.durations.rest)
