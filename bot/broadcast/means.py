"""What a worker works with, whatever it works on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bot.broadcast.content import Content
from bot.broadcast.halt import Cause, Halt
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.outbox import Outbox
from bot.broadcast.sending import Client, RateGate
from bot.broadcast.tenure import Tenure
from bot.broadcast.timing import Timing
from storage import Broadcast, Broadcasts, Leases, Recalls, Unavailable

Answer = TypeVar("Answer")


class Memory(Protocol):
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
class Means:
    """Everything around a worker."""

    broadcasts: Broadcasts
    recalls: Recalls
    client: Client
    gate: RateGate
    rates: Rates
    outbox: Outbox
    claims: OpenClaims
    tenure: Tenure
    timing: Timing
    clock: Callable[[], float]
    now: Callable[[], datetime]
    is_admin: Callable[[int], bool]
    approval_above: int | None

    def may_go_on(self, halt: Halt) -> bool:
        """Whether more may be done: nobody said no, and the lease is surely still ours."""
        if not halt.is_called and not self.tenure.holds():
            halt.call(Cause.LOST if self.tenure.is_over() else Cause.CLOCKS)
        return not halt.is_called

    async def patiently(self, halt: Halt, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the database again while it is away, as long as there is a reason to."""
        while True:
            try:
                return await ask()
            except Unavailable:
                if not self.may_go_on(halt):
                    raise
            await halt.rest(self.timing.rest)
