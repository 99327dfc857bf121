"""The worker: sends broadcasts for as long as the process lives, one at a time, alone."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.broadcast_run import BroadcastRun
from bot.broadcast.context import Rates, WorkerContext, WorkerStorage
from bot.broadcast.lease import LeaseHolder, utc_now
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.report_retries import ReportRetries
from bot.broadcast.reporter import Reporter
from bot.broadcast.result_recorder import ResultRecorder
from bot.broadcast.sender import Client, RateGate
from bot.broadcast.timing import Timing
from bot.transport import Lane
from storage import Broadcast, Unavailable

_log = structlog.stdlib.get_logger()

# Of the time to stop, what may go into sending; the rest is for recording.
_SEND_SHARE: Final = 0.6


class SteadyRate:
    """A gate that is not known: one rate, and no pauses."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def set_ceiling(self, rate: float) -> None:
        """Another rate from now on."""
        self.rate = rate

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        """Always now."""
        return 0.0

    def announced_pause(self) -> float:
        """None."""
        return 0.0


class Worker:
    """Looks for a broadcast that is due, takes the lease, and sends.

    Args:
        client: the way out to Telegram; it waits at the gate.
        storage: where broadcasts and leases are.
        reporter: who tells the admin.
        rate: messages a second, of those that cost nothing.
        paid_rate: messages a second of a paid broadcast; left out, the same.
        gate: the client's gate, to claim no faster than it lets through, and not in a pause.
        sole: whether at this moment no other process can be alive, so that a lease that is
            found is a dead one's.
        woken: set when there is something to send; `wake` sets it too.
        claims: what it has claimed, for those who say no meanwhile.
        timing: the durations.
        clock: seconds, monotonic.
        now: the time of day.
        is_admin: whether somebody still has a say; asked when the time of a planned one comes.
        approval_above: to more people than this only when a second admin agrees.
    """

    def __init__(
        self,
        client: Client,
        storage: WorkerStorage,
        reporter: Reporter,
        *,
        rate: float,
        paid_rate: float | None = None,
        gate: RateGate | None = None,
        sole: Callable[[], bool] = lambda: False,
        woken: asyncio.Event | None = None,
        claims: OpenClaims | None = None,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        is_admin: Callable[[int], bool] = lambda _: True,
        approval_above: int | None = None,
    ) -> None:
        timing = timing or Timing()
        broadcasts = storage.broadcasts
        self._reporter = reporter
        self._means = WorkerContext(
            broadcasts=broadcasts,
            recalls=storage.recalls,
            client=client,
            gate=gate or SteadyRate(rate),
            rates=Rates(rate, rate if paid_rate is None else paid_rate),
            outbox=ResultRecorder(broadcasts.deliveries, timing, self._hold, now),
            claims=OpenClaims() if claims is None else claims,
            tenure=LeaseHolder(
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
            is_admin=is_admin,
            approval_above=approval_above,
        )
        self._arrears = ReportRetries(timing.rest)
        self._woken = woken or asyncio.Event()
        self._stopping = False
        self._duty: BroadcastRun | None = None
        self._running: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is something to send: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due, until `stop`."""
        while True:
            running = self._running = asyncio.create_task(self._run())
            try:
                await asyncio.wait({running})
            finally:
                running.cancel()
            # Cut off by `stop` it has ended as it should; a mistake of ours is raised.
            if not running.cancelled():
                return running.result()
            if self._stopping:
                return None
            # Nobody asked for that: a cancellation strayed out of something that it waited for.
            _log.warning("broadcast_begun_anew")

    async def stop(self, seconds: float) -> None:
        """Claim no more, let what is in flight finish, and record it, within so many seconds."""
        self._stopping = True
        self._woken.set()
        if self._duty is not None:
            self._duty.halt.trigger(InterruptReason.ASKED)
        if self._running is None:
            return
        # What takes longer is cut off while there is still time to write that down.
        await asyncio.wait({self._running}, timeout=seconds * _SEND_SHARE)
        if self._duty is not None:
            self._duty.cut_off()
        await asyncio.wait({self._running}, timeout=seconds * (1 - _SEND_SHARE))
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _hold(self, broadcast: bytes, reason: str) -> None:
        if self._duty is not None:
            # Its own, since a duty begins when nothing is left to be recorded of the one before.
            self._duty.halt.trigger(InterruptReason.ENDED)
        await self._means.broadcasts.pause_by_system(broadcast, reason)

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
        duty = self._duty = BroadcastRun(
            means, self._reporter, self._arrears, broadcast, self._woken
        )
        try:
            if not self._stopping:
                await duty.run()
        finally:
            self._duty = None
            await self._give_up_lease()
        return means.timing.rest

    async def _due(self) -> Broadcast | None:
        """What is to be worked on now; what could not be said or done has its time."""
        now = self._means.clock()
        for broadcast in await self._means.broadcasts.due(self._means.now()):
            if self._waits(broadcast):
                continue
            if broadcast.is_running or not self._arrears.rests(broadcast.id, now):
                return broadcast
        return None

    def _waits(self, broadcast: Broadcast) -> bool:
        """Whether it is the admins' turn, and they know."""
        question = broadcast.question
        if question is None or broadcast.has_lapsed(self._means.now()):
            return False
        return self._arrears.is_asked(broadcast.id, question)

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
