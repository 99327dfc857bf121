"""The worker: sends broadcasts for as long as the process lives, one at a time, alone."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

import structlog

from bot.broadcast.arrears import Arrears
from bot.broadcast.halt import Cause, Halt
from bot.broadcast.outbox import Outbox
from bot.broadcast.reporter import Reporter
from bot.broadcast.sending import Client, RateGate
from bot.broadcast.shift import Means, Shift
from bot.broadcast.stopping import StopCause, written
from bot.broadcast.tenure import Tenure, utc_now
from bot.broadcast.timing import Timing
from bot.broadcast.watch import Watch
from bot.transport import Lane
from storage import Broadcast, Broadcasts, BrokenData, Leases, Unavailable

_log = structlog.stdlib.get_logger()

# A token that is refused is not accepted a moment later; a new one comes with a restart.
_TOKEN_SECONDS: Final = 30.0

_STOPS: Final = {
    Cause.REFUSED: StopCause.CONTENT,
    Cause.UNREADABLE: StopCause.UNREADABLE,
    Cause.BROKEN: StopCause.DEFECT,
}

# Of the time to stop, what may go into sending; the rest is for recording.
_SEND_SHARE: Final = 0.6


class Memory(Protocol):
    """The part of the storage that a worker needs."""

    @property
    def broadcasts(self) -> Broadcasts:
        """What is to be sent."""
        ...

    @property
    def leases(self) -> Leases:
        """Who sends it."""
        ...


class SteadyRate:
    """A gate that is not known: one rate, and no pauses."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        """Always now."""
        return 0.0


class Worker:
    """Looks for a broadcast that is due, takes the lease, and sends.

    Args:
        client: the way out to Telegram; it waits at the gate.
        storage: where broadcasts and leases are.
        reporter: who tells the admin.
        rate: messages a second, to plan by when there is no gate to ask.
        gate: the client's gate, to claim no faster than it lets through, and not in a pause.
        sole: whether at this moment no other process can be alive, so that a lease that is
            found is a dead one's.
        woken: set when there is something to send; `wake` sets it too.
        timing: the durations.
        clock: seconds, monotonic.
        now: the time of day.
    """

    def __init__(
        self,
        client: Client,
        storage: Memory,
        reporter: Reporter,
        *,
        rate: float,
        gate: RateGate | None = None,
        sole: Callable[[], bool] = lambda: False,
        woken: asyncio.Event | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        timing = timing or Timing()
        broadcasts = storage.broadcasts
        self._reporter = reporter
        self._means = Means(
            broadcasts=broadcasts,
            client=client,
            gate=gate or SteadyRate(rate),
            outbox=Outbox(broadcasts, timing, now),
            tenure=Tenure(
                storage.leases,
                broadcasts.lease,
                seconds=timing.lease,
                sole=sole,
                clock=clock,
                now=now,
            ),
            timing=timing,
            clock=clock,
            now=now,
        )
        self._arrears = Arrears(timing.rest)
        self._woken = woken or asyncio.Event()
        self._stopping = False
        self._shift: Shift | None = None
        self._running: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is something to send: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due, until `stop`."""
        running = self._running = asyncio.create_task(self._run())
        try:
            await asyncio.wait({running})
        finally:
            running.cancel()
        # Cut off by `stop` it has ended as it should; a mistake of ours is raised.
        if not running.cancelled():
            running.result()

    async def stop(self, seconds: float) -> None:
        """Claim no more, let what is in flight finish, and record it, within so many seconds."""
        self._stopping = True
        self._woken.set()
        if self._shift is not None:
            self._shift.halt.call(Cause.ASKED)
        if self._running is None:
            return
        # What takes longer is cut off while there is still time to write that down.
        await asyncio.wait({self._running}, timeout=seconds * _SEND_SHARE)
        if self._shift is not None:
            self._shift.crew.cancel()
        await asyncio.wait({self._running}, timeout=seconds * (1 - _SEND_SHARE))
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _run(self) -> None:
        recording = asyncio.create_task(self._means.outbox.run())
        try:
            while not self._stopping:
                await self._rest(await self._look())
            await self._means.outbox.flush()
        finally:
            recording.cancel()
            await asyncio.wait({recording})

    async def _look(self) -> float:
        """Do what is due; returns how long to wait before the next look."""
        timing = self._means.timing
        try:
            return await self._work_if_due()
        except (Unavailable, TimeoutError):
            _log.warning("broadcast_waits_for_database")
        except Exception as error:  # whatever it is, the bot goes on and so does the broadcast
            _log.exception("broadcast_broken", kind=type(error).__name__)
        return timing.rest

    async def _work_if_due(self) -> float:
        means = self._means
        # What an earlier time left unwritten belongs to it and must not be taken for lost.
        async with asyncio.timeout(means.timing.rest):
            await means.outbox.flush()
        broadcast = await self._due()
        if broadcast is None:
            return means.timing.poll
        if not await means.tenure.begin():
            return means.timing.rest
        shift = self._shift = Shift(means, broadcast, Halt())
        try:
            if not self._stopping:
                await self._attend(shift)
        finally:
            self._shift = None
            await self._give_up_lease()
        return _TOKEN_SECONDS if shift.halt.cause is Cause.TOKEN else means.timing.rest

    async def _due(self) -> Broadcast | None:
        """What is to be worked on now; an end that could not be reported has its time."""
        now = self._means.clock()
        for broadcast in await self._means.broadcasts.due():
            if broadcast.is_running or not self._arrears.rests(broadcast.id, now):
                return broadcast
        return None

    async def _attend(self, shift: Shift) -> None:
        """Work on a broadcast and see it to its end, if it comes to that."""
        means, halt, key = self._means, shift.halt, shift.broadcast.id
        watch = Watch(means, self._reporter, key, halt)
        async with watch.keeping(on_loss=shift.crew.cancel):
            done = False
            if shift.broadcast.is_running:
                async with watch.reporting():
                    done = await self._send(shift)
            if done:
                await means.broadcasts.finish(key)
            elif halt.cause in _STOPS:
                await means.broadcasts.stop(key, written(_STOPS[halt.cause], halt.said))
            if halt.cause not in (Cause.ASKED, Cause.LOST):
                await self._report_end(watch, key)

    async def _report_end(self, watch: Watch, key: bytes) -> None:
        if await watch.report_end():
            self._arrears.said(key)
            return
        seconds = self._arrears.failed(key, self._means.clock())
        _log.warning("end_not_reported", again_in=seconds)

    async def _send(self, shift: Shift) -> bool:
        try:
            done = await shift.work()
        except BrokenData as error:
            shift.halt.call(Cause.UNREADABLE, str(error))
            done = False
        finally:
            await shift.settle()
            if shift.halt.cause is not Cause.LOST:
                await self._means.outbox.flush()
        return done

    async def _give_up_lease(self) -> None:
        # Results that are not recorded yet find their rows by claim, whoever has them by then.
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(self._means.timing.rest):
                await self._means.tenure.end()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        if not self._stopping:
            self._woken.clear()
