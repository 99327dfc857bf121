"""The storage, client, clocks and settings that a worker passes to everything it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.back_off import BackOff, Retries
from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.claim_pacing import AHEAD_SECONDS, BATCH_SECONDS, WINDOW_SECONDS
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

_LONGEST_REST_SECONDS = 300.0
_MOST_BUGS_IN_A_ROW = 3  # then a broadcast is paused


class ReportRetries(Retries):
    """Keeps the back-offs per broadcast, the bugs, and which questions the admins were asked."""

    def __init__(self, first_pause: float) -> None:
        super().__init__(BackOff(first_pause, _LONGEST_REST_SECONDS))
        self._bugs: dict[bytes, int] = {}
        self._asked: set[tuple[bytes, str]] = set()

    def record_bug(self, broadcast: bytes) -> bool:
        """Notes a run that ended in a bug; tells whether there were too many in a row."""
        self._bugs[broadcast] = self._bugs.get(broadcast, 0) + 1
        return self._bugs[broadcast] >= _MOST_BUGS_IN_A_ROW

    def record_success(self, broadcast: bytes) -> None:
        """Notes a run without a bug."""
        self._bugs.pop(broadcast, None)

    def record_question(self, broadcast: bytes, question: str) -> None:
        """Notes that the admins were asked this question."""
        self._asked.add((broadcast, question))

    def is_asked(self, broadcast: bytes, question: str | None) -> bool:
        """Tells whether there is a question that the admins were asked."""
        return (broadcast, question) in self._asked


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

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        """Returns the seconds until a call to this chat, or without one to any, may leave."""
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
        woken: set when there may be something to send.
        is_admin: tells whether a user is still an admin; asked when a planned broadcast is due.
        approval_above: more recipients than this need a second admin's approval.
        interrupt: the only thing that is one run's alone.
    """

    storage: Storage

    reporter: Reporter
    report_retries: ReportRetries
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
                InterruptReason.LOST if self.lease_holder.has_expired() else InterruptReason.CLOCKS
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
