"""What a worker works with, whatever it works on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.content import Content
from bot.broadcast.lease import LeaseHolder
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.result_recorder import ResultRecorder
from bot.broadcast.sender import Client, RateGate
from bot.broadcast.timing import Timing
from storage import Broadcast, Broadcasts, Leases, Recalls, Unavailable

Answer = TypeVar("Answer")


class WorkerStorage(Protocol):
    """The part of the storage that a worker needs."""

    @property
    def broadcasts(self) -> Broadcasts:
        """What is to be sent."""
        ...

    @property
    def recalls(self) -> Recalls:
        """What is to be taken back."""
        ...

    @property
    def leases(self) -> Leases:
        """Who does it."""
        ...


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second: what Telegram lets everyone send, and what it sells."""

    free: float
    paid: float

    def of(self, broadcast: Broadcast, content: Content) -> float:
        """Recipients a second of a broadcast; each message of an album counts."""
        paid = broadcast.paid and content.can_be_paid
        return (self.paid if paid else self.free) / content.per_recipient


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Everything around a worker."""

    broadcasts: Broadcasts
    recalls: Recalls
    client: Client
    gate: RateGate
    rates: Rates
    outbox: ResultRecorder
    claims: OpenClaims
    tenure: LeaseHolder
    timing: Timing
    clock: Callable[[], float]
    now: Callable[[], datetime]
    is_admin: Callable[[int], bool]
    approval_above: int | None

    def may_go_on(self, halt: BroadcastInterrupt) -> bool:
        """Whether more may be done: nobody said no, and the lease is surely still ours."""
        if not halt.is_called and not self.tenure.holds():
            halt.trigger(InterruptReason.LOST if self.tenure.is_over() else InterruptReason.CLOCKS)
        return not halt.is_called

    async def retry_while_unavailable(
        self, halt: BroadcastInterrupt, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Ask the database again while it is away, as long as there is a reason to."""
        while True:
            try:
                return await ask()
            except Unavailable:
                if not self.may_go_on(halt):
                    raise
            await halt.rest(self.timing.rest)
