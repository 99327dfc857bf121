"""The storage, client, clocks and settings that a worker passes to everything it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.back_off import Retries
from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.content import Content
from bot.broadcast.lease import LEASE_SECONDS, LeaseHolder
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.reporter import PROGRESS_SECONDS, Reporter
from bot.broadcast.result_recorder import RECORD_SECONDS, ResultRecorder
from bot.transport import Lane
from storage import Storage
from storage.broadcast_types import Broadcast
from storage.errors import Unavailable
from storage.transaction import Arguments, Result, Work

POLL_SECONDS = 1.0  # between two looks for a due broadcast, when nothing wakes the worker
REST_SECONDS = 1.0  # before what failed is tried again
CALL_SECONDS = 10.0  # for Telegram's answer
CALL_PAUSES = (0.3, 1.0)  # seconds before a call that surely did not arrive is repeated
BATCH_SECONDS = 0.1  # one claim takes as many deliveries as are sent in this time
# As many as are sent in this time may be claimed and not done, which is what a kill repeats at
# most; nearly as long a claim may take on a slow disk.
WINDOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Durations:
    """A worker's durations in seconds, which tests shorten; see the constants for what each is."""

    poll: float = POLL_SECONDS
    rest: float = REST_SECONDS
    lease: float = LEASE_SECONDS
    batch: float = BATCH_SECONDS
    window: float = WINDOW_SECONDS
    call: float = CALL_SECONDS
    retries: tuple[float, ...] = CALL_PAUSES
    record: float = RECORD_SECONDS
    progress: float = PROGRESS_SECONDS


class Client(Protocol):
    """The part of the Telegram client that a broadcast needs."""

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.REPLY,
        timeout: float = 10.0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Calls a method of the Bot API and returns its raw result."""
        ...


class RateGate(Protocol):
    """The part of the gate that a broadcast needs to plan ahead."""

    @property
    def rate(self) -> float:
        """The present rate in messages a second."""
        ...

    def set_ceiling(self, rate: float) -> None:
        """Limits the rate, in messages a second, from now on."""
        ...

    def pause_for(self, lane: Lane) -> float:
        """Returns the seconds until a call may leave."""
        ...

    def announced_pause(self) -> float:
        """Returns for how many seconds Telegram asks to send nothing; it may be over earlier."""
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
    """Everything that one worker's runs share; `clock` is monotonic and in seconds.

    Attributes:
        retries: when each broadcast whose end was not reported, or that met a bug, is tried again.
        asked: the broadcasts of which the admins were asked something, and what.
        woken: set when there may be something to send.
        is_admin: tells whether a user is still an admin; asked when a planned broadcast is due.
        approval_above: more recipients than this need a second admin's approval.
        interrupt: the only thing that is one run's alone.
    """

    storage: Storage
    reporter: Reporter
    retries: Retries
    asked: set[tuple[bytes, str]]
    client: Client
    gate: RateGate
    rates: Rates
    recorder: ResultRecorder
    claims: OpenClaims
    lease_holder: LeaseHolder
    durations: Durations
    woken: asyncio.Event
    clock: Callable[[], float]
    now: Callable[[], datetime]
    is_admin: Callable[[int], bool]
    approval_above: int | None
    interrupt: BroadcastInterrupt = field(default_factory=BroadcastInterrupt)

    def may_continue(self) -> bool:
        """Tells whether the run may go on: no interrupt, and the lease is certainly ours.

        Triggers the interrupt itself when the lease is not.
        """
        if not self.interrupt.is_triggered and not self.lease_holder.holds():
            self.interrupt.trigger(
                InterruptReason.LOST if self.lease_holder.has_expired() else InterruptReason.ENDED
            )
        return not self.interrupt.is_triggered

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds, asked again while the database is away.

        Raises:
            Unavailable: it is still away, and the run may not go on.
        """
        return await self._retried(lambda: self.storage.read(work, *args, **kwargs))

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as a transaction, again while the database is away.

        Raises:
            Unavailable: it is still away, and the run may not go on.
        """
        return await self._retried(lambda: self.storage.write(work, *args, **kwargs))

    async def _retried(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        while True:
            try:
                return await ask()
            except Unavailable:
                if not self.may_continue():
                    raise
            await self.interrupt.rest(self.durations.rest)
