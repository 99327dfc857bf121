"""What one worker and its runs share: settings, reporter, lock, and what ends a run early."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

from bot.back_off import BackOff, Retries
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.result_recorder import ResultRecorder
from bot.clocks import Clocks
from bot.periodic import wait_for
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from storage import Storage
from storage.approvals import has_lapsed
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Broadcast, PauseReason, StopReason, Tally
from storage.broadcasts import due_broadcasts
from storage.process_lock import PetitionLease, ProcessLock

_LONGEST_BACK_OFF_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Durations:
    """A worker's durations in seconds, which tests shorten.

    Attributes:
        poll: between two looks for a due broadcast, when nothing wakes the worker.
        rest: before what failed is tried again.
        look: between two looks whether the broadcast still comes first.
        batch: one claim takes as many deliveries as are sent in this time.
        window: as many as are sent in this time may be claimed and not done, which is what a kill
            repeats at most; nearly as long a claim may take on a slow disk.
        call: how long Telegram's answer is waited for.
        doubt: from when this process has the lease on, before what the one before had claimed is
            repeated: that may be frozen, or cut off, and may yet record what it sent.
        retries: before a call that surely did not arrive is repeated.
        record: how long a result waits for others to be recorded with it.
        progress: between two reports of how far a broadcast is.
    """

    poll: float = 1.0
    rest: float = 1.0
    look: float = 3.0
    batch: float = 0.1
    window: float = 1.0
    call: float = 10.0
    doubt: float = 60.0
    retries: tuple[float, ...] = (0.3, 1.0)
    record: float = 0.05
    progress: float = 3.0


class InterruptReason(Enum):
    """Why a run ends early while the broadcast stays as it is."""

    ASKED = auto()
    """The process is stopping, or another one may have taken its place."""
    ENDED = auto()
    """What is due has to be looked at again: the broadcast is no longer running, another one comes
    first, or what a former process had claimed can be taken back."""


class Interrupt:
    """What ends a run early, and the run's calls in flight.

    The first reason stays. With a pause or stop reason, the broadcast is paused or stopped for it.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._calls = set[asyncio.Task[Any]]()
        self.reason: InterruptReason | PauseReason | StopReason | None = None
        self.detail = ""

    def trigger(
        self, reason: InterruptReason | PauseReason | StopReason, detail: str = ""
    ) -> None:
        """Says that no more is to be sent."""
        if self.reason is None:
            self.reason, self.detail = reason, detail
        self._event.set()

    def begin_call(self, call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begins a call, which is in flight until its task is done."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    def cancel_calls(self) -> None:
        """Cancels the calls in flight at once."""
        for each in self._calls:
            each.cancel()

    async def calls_ended(self) -> None:
        """Waits until no call is in flight and what has ended is judged."""
        while self._calls:
            await asyncio.wait(self._calls)
            await asyncio.sleep(0)

    async def rest(self, seconds: float) -> None:
        """Waits for `seconds`, or until the run is to end."""
        await wait_for(self._event, seconds)


class Reporter(Protocol):
    """Shows admins how a broadcast goes; the handlers write the texts.

    Any report may be repeated with the same content after a process was killed. What a reporter
    raises is logged. Questions, and the end of a broadcast or of its recall, are repeated until
    they do not raise; so a report that can never be shown must not raise.
    """

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None:
        """Shows how far the broadcast is, or its recall, or how it ended.

        Args:
            broadcast: its current state.
            tally: the outcomes so far.
            rate: messages a second; None when it waits for an admin, or has ended.
            pause: for how many seconds Telegram asks to send nothing.
        """
        ...

    async def ask(self, broadcast: Broadcast, tally: Tally) -> None:
        """Asks the admins to decide: another must approve it, or the system has paused it."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class WorkerContext:
    """What one worker and its runs share.

    Attributes:
        gate: the client's, so as to claim no faster than it lets through.
        rate: messages a second of a free broadcast.
        paid_rate: messages a second of a paid one; None: the same.
        claims: the open claims, shared with the handlers that make them void.
        woken: set when there may be something to send.
        lock: by which no other process sends at the same time.
        is_admin: tells whether a user is still an admin; asked when a planned broadcast is due.
        approval_above: more recipients than this need a second admin's approval; None: never.
        retries: when each broadcast, or its recall, is tried again whose end was not reported, or
            that met a bug.
        asked: the broadcasts of which the admins were asked something, and what.
        interrupt: that of the present run, or of the last one.
    """

    client: TelegramClient
    gate: Gate
    storage: Storage
    lock: ProcessLock | PetitionLease
    reporter: Reporter
    rate: float
    paid_rate: float | None = None
    claims: OpenClaims = field(default_factory=OpenClaims)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_admin: Callable[[int], bool] = lambda _: True
    approval_above: int | None = None
    durations: Durations = field(default_factory=Durations)
    clocks: Clocks = field(default_factory=Clocks)
    retries: Retries = field(init=False)
    asked: set[tuple[bytes, str]] = field(default_factory=set, init=False)
    interrupt: Interrupt = field(default_factory=Interrupt, init=False)
    recorder: ResultRecorder = field(init=False)
    _held: tuple[str, float] = field(default=("", 0.0), init=False)  # as which holder, since when

    def __post_init__(self) -> None:
        storage, durations, clocks = self.storage, self.durations, self.clocks
        self.retries = Retries(BackOff(durations.rest, _LONGEST_BACK_OFF_SECONDS))
        self.recorder = ResultRecorder(storage, self.pause, clocks.now, durations.record)

    def awaits_former_holder(self) -> bool:
        """Tells whether who had the lease before may yet record what it sent.

        That is over some time after it was taken, when its holder could claim no more; no clock of
        day is read, as two machines' differ. With a database of its own, that process is dead.
        """
        now, holder = self.clocks.monotonic(), self.lock.holder
        if holder != self._held[0]:
            self._held = holder, now
        return self.storage.database.is_shared and now < self._held[1] + self.durations.doubt

    async def next_due(self) -> Broadcast | None:
        """Returns the first due broadcast that does not wait for admins or a back-off."""
        self.awaits_former_holder()  # which counts from the first look with the lease on
        now = self.clocks.now()
        for broadcast in await self.storage.read(due_broadcasts, now):
            is_asked = (broadcast.id, broadcast.question) in self.asked
            if is_asked and not has_lapsed(broadcast, now):
                continue
            attempt = (broadcast.id, broadcast.is_recalling)
            is_too_early = self.retries.is_too_early(attempt, self.clocks.monotonic())
            if broadcast.is_running or not is_too_early:
                return broadcast
        return None

    async def look_whether_first(self, known: Broadcast) -> None:
        """Interrupts if another broadcast comes first, or an admin has paused or ended this one.

        It may have been done in another process.
        """
        self.woken.clear()
        due = await self.next_due()
        if due is None or (due.id, due.state, due.is_recalling) != (
            known.id,
            known.state,
            known.is_recalling,
        ):
            self.interrupt.trigger(InterruptReason.ENDED)

    async def pause(self, broadcast: bytes, reason: PauseReason, detail: str) -> None:
        """Has the present broadcast paused; from now on, no more of it is sent."""
        self.interrupt.trigger(InterruptReason.ENDED)
        now = self.clocks.now()
        await self.storage.write(interrupt_broadcast, broadcast, reason, now, detail)

    def may_continue(self) -> bool:
        """Tells whether the run may go on: no interrupt, and the lock is certainly ours.

        Triggers the interrupt itself when the lock is not.
        """
        if not self.lock.is_ours():
            self.interrupt.trigger(InterruptReason.ASKED)
        return self.interrupt.reason is None
