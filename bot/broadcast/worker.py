"""The worker, which sends due broadcasts one at a time while it has the lease."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from bot.back_off import BackOff, Retries
from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.broadcast_run import BroadcastRun
from bot.broadcast.context import Client, Durations, RateGate, Rates, WorkerContext
from bot.broadcast.lease import LeaseHolder
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.reporter import Reporter
from bot.broadcast.result_recorder import ResultRecorder
from bot.clocks import utc_now
from storage import Storage
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Broadcast, PauseReason
from storage.broadcasts import due_broadcasts
from storage.deliveries import lease_of
from storage.errors import Unavailable

_log = structlog.stdlib.get_logger()

_LONGEST_BACK_OFF_SECONDS = 300.0
# The share of the time to stop that sending may take; the rest is for recording.
_SEND_SHARE = 0.6


class Worker:
    """Looks for a due broadcast, takes the lease, and sends or recalls it.

    Args:
        rate: messages a second of a free broadcast.
        paid_rate: messages a second of a paid broadcast; by default the same.
        gate: the client's gate, so as to claim no faster than it lets through.
        is_only: tells whether no other process can be alive now, so that any other lease is stale.
        claims: the open claims, shared with the handlers that make them void.

    What is not listed is explained in `WorkerContext`.
    """

    def __init__(
        self,
        client: Client,
        storage: Storage,
        reporter: Reporter,
        *,
        rate: float,
        paid_rate: float | None = None,
        gate: RateGate,
        is_only: Callable[[], bool] = lambda: False,
        woken: asyncio.Event | None = None,
        claims: OpenClaims | None = None,
        durations: Durations | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        is_admin: Callable[[int], bool] = lambda _: True,
        approval_above: int | None = None,
    ) -> None:
        durations = durations or Durations()
        self._context = WorkerContext(
            storage=storage,
            reporter=reporter,
            retries=Retries(BackOff(durations.rest, _LONGEST_BACK_OFF_SECONDS)),
            asked=set(),
            client=client,
            gate=gate,
            rates=Rates(rate, rate if paid_rate is None else paid_rate),
            recorder=ResultRecorder(storage, self._pause, now, durations.record),
            claims=OpenClaims() if claims is None else claims,
            lease_holder=LeaseHolder(
                storage,
                lease_of(storage.slug),
                seconds=durations.lease,
                is_only=is_only,
                clock=clock,
                now=now,
            ),
            durations=durations,
            woken=woken or asyncio.Event(),
            clock=clock,
            now=now,
            is_admin=is_admin,
            approval_above=approval_above,
        )
        self._stopping = False
        self._broadcast_run: BroadcastRun | None = None
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Sends what is due until `stop` is called; raises the error if the loop itself breaks."""
        while True:
            running = self._running = asyncio.create_task(self._run())
            try:
                await asyncio.wait({running})
            finally:
                running.cancel()
            # Ended after `stop`, or raises a bug.
            if not running.cancelled():
                return running.result()
            if self._stopping:
                return None
            # A stray cancellation, out of something that it awaited.
            _log.warning("worker_restarted")

    async def stop(self, seconds: float) -> None:
        """Ends within `seconds`: no more claims, calls in flight finish and are recorded."""
        self._stopping = True
        self._context.woken.set()
        if self._broadcast_run is not None:
            self._broadcast_run.interrupt.trigger(InterruptReason.ASKED)
        if self._running is None:
            return
        # Calls that take longer are cancelled while there is still time to record that.
        await asyncio.wait({self._running}, timeout=seconds * _SEND_SHARE)
        if self._broadcast_run is not None:
            self._broadcast_run.cut_off()
        await asyncio.wait({self._running}, timeout=seconds * (1 - _SEND_SHARE))
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _pause(self, broadcast: bytes, reason: PauseReason, detail: str) -> None:
        if self._broadcast_run is not None:
            # It is this broadcast: a run begins only when all results of the last are recorded.
            self._broadcast_run.interrupt.trigger(InterruptReason.ENDED)
        now = self._context.now()
        await self._context.storage.write(interrupt_broadcast, broadcast, reason, now, detail)

    async def _run(self) -> None:
        recording = asyncio.create_task(self._context.recorder.run())
        try:
            while not self._stopping:
                await self._wait(await self._poll())
            await self._context.recorder.flush()
        finally:
            recording.cancel()
            await asyncio.wait({recording})

    async def _poll(self) -> float:
        """Works on what is due; returns the seconds to wait before the next look."""
        try:
            return await self._work_if_due()
        except (Unavailable, TimeoutError):
            _log.warning("broadcast_waits_for_database")
        except Exception as error:  # whatever it is, the worker goes on
            _log.exception("broadcast_failed", kind=type(error).__name__)
        return self._context.durations.rest

    async def _work_if_due(self) -> float:
        context = self._context
        # Results of an earlier run that are not recorded yet must not be taken for lost.
        async with asyncio.timeout(context.durations.rest):
            await context.recorder.flush()
        broadcast = await self._next_due()
        if broadcast is None:
            return context.durations.poll
        if not await context.lease_holder.take():
            return context.durations.rest
        broadcast_run = self._broadcast_run = BroadcastRun(context, broadcast)
        try:
            if not self._stopping:
                await broadcast_run.run()
        finally:
            self._broadcast_run = None
            await self._give_up_lease()
        return context.durations.rest

    async def _next_due(self) -> Broadcast | None:
        """Returns the first due broadcast that does not wait for admins or a back-off."""
        context = self._context
        for broadcast in await context.storage.read(due_broadcasts, context.now()):
            is_asked = (broadcast.id, broadcast.question) in context.asked
            if is_asked and not broadcast.has_lapsed(context.now()):
                continue
            is_too_early = context.retries.is_too_early(broadcast.id, context.clock())
            if broadcast.is_running or not is_too_early:
                return broadcast
        return None

    async def _give_up_lease(self) -> None:
        # Results that are not recorded yet find their rows by claim token, without the lease.
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(self._context.durations.rest):
                await self._context.lease_holder.release()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.woken.wait()
        if not self._stopping:
            self._context.woken.clear()
