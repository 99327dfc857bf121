"""What runs beside the sending: renewing the lease, and reporting progress to the admin."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.context import WorkerContext
from bot.tracebacks import kind_of, place_of
from storage.broadcast_transitions import set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastState, Tally
from storage.broadcasts import broadcast_with, due_broadcasts, tally_of_broadcast
from storage.errors import StorageError
from storage.recalls import end_recall

_log = structlog.stdlib.get_logger()

_LONGEST_REPORT_SECONDS = 15.0  # for a report on its way, before the last one
_LOOK_BACK_SECONDS = 15.0


class Speed:
    """Measures the deliveries a second over the last 15 seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> float | None:
        """Notes how many are done; returns the speed a second, None at the first call."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _LOOK_BACK_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        if now <= since:
            return None
        return max(0.0, (done - before) / (now - since))


class Heartbeat:
    """Renews the lease and makes the reports during one broadcast run."""

    def __init__(self, context: WorkerContext, broadcast: bytes) -> None:
        self._context = context
        self._reporter = context.reporter
        self._interrupt = context.interrupt
        self._broadcast = broadcast
        self._is_done = asyncio.Event()

    @asynccontextmanager
    async def renewing_lease(self, on_loss: Callable[[], None]) -> AsyncIterator[None]:
        """Renews the lease inside the block; calls `on_loss` as soon as it is lost."""
        task = asyncio.create_task(self._renew_lease(on_loss))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    @asynccontextmanager
    async def reporting(
        self, recalled: Callable[[], Tally | None] = lambda: None
    ) -> AsyncIterator[None]:
        """Reports progress inside the block, and none after it.

        Args:
            recalled: returns the tally of the recall, if one is under way.
        """
        task = asyncio.create_task(self._report(recalled))
        watching = asyncio.create_task(self._watch_for_changes())
        try:
            yield
            self._is_done.set()
            # Not cancelled, since an edit in flight could overtake the final report. When the
            # process is stopping there is no final report, and no time to wait.
            if self._interrupt.reason is not InterruptReason.ASKED:
                await asyncio.wait({task}, timeout=_LONGEST_REPORT_SECONDS)
        finally:
            task.cancel()
            watching.cancel()

    async def report_end(self) -> bool:
        """Makes the final report and records that; False when it must be made later."""
        storage = self._context.storage
        broadcast = await storage.read(broadcast_with, self._broadcast)
        if broadcast is None or broadcast.is_running or broadcast.reported_at is not None:
            return True
        tally = await storage.read(tally_of_broadcast, self._broadcast)
        if broadcast.question is not None:
            return await self._ask_admins(broadcast, broadcast.question, tally)
        if not broadcast.is_over:
            # Paused by an admin, who sees that it is: one attempt to report it is enough.
            await self._try_report(lambda: self._reporter.progress(broadcast, tally, None))
            return True
        if not await self._try_report(lambda: self._reporter.ended(broadcast, tally)):
            return False
        _log.info("broadcast_ended", state=broadcast.state, **_counts(broadcast.counted(tally)))
        await storage.write(set_on_broadcast, self._broadcast, reported_at=self._context.now())
        return True

    async def report_waiting(self) -> None:
        """Tells its author that another admin must agree after all; tries only once."""
        broadcast = await self._context.storage.read(broadcast_with, self._broadcast)
        if broadcast is not None:
            tally = await self._context.storage.read(tally_of_broadcast, self._broadcast)
            await self._try_report(lambda: self._reporter.progress(broadcast, tally, None))

    async def _ask_admins(self, broadcast: Broadcast, question: str, tally: Tally) -> bool:
        """Tells the admins once that it waits for them; False when that must be done later."""
        if self._context.report_retries.is_asked(broadcast.id, question):
            return True
        if not await self._try_report(lambda: self._reporter.waiting(broadcast, tally)):
            return False
        _log.info("broadcast_waits_for_admins", **_counts(tally))
        self._context.report_retries.record_question(broadcast.id, question)
        return True

    async def report_recall(self, unrecorded: int) -> bool:
        """Reports the end of a recall, then records it; False when it must be reported later.

        Args:
            unrecorded: for how many deliveries the result could not be recorded.
        """
        broadcast = await self._context.storage.read(broadcast_with, self._broadcast)
        if broadcast is None:
            return True
        tally = await self._context.storage.read(tally_of_broadcast, self._broadcast)
        at = self._context.now()
        ended = replace(broadcast, recall_ended_at=at)
        if not await self._try_report(lambda: self._reporter.progress(ended, tally, None)):
            return False
        _log.info("recall_ended", deleted=tally.recalled, failed=tally.unrecallable)
        await self._context.storage.write(end_recall, self._broadcast, at, unrecorded)
        return True

    async def _renew_lease(self, on_loss: Callable[[], None]) -> None:
        lease_holder = self._context.lease_holder
        while True:
            await asyncio.sleep(lease_holder.seconds / 3)
            try:
                kept = await lease_holder.renew()
            except StorageError:
                # The database may be back before the lease runs out; until then it is ours.
                kept = lease_holder.holds()
            except Exception as error:  # a bug: tried again in the same way
                _log.exception("lease_not_renewed", kind=type(error).__name__)
                kept = lease_holder.holds()
            if not kept:
                self._interrupt.trigger(InterruptReason.LOST)
                on_loss()
                return

    async def _report(self, recalled: Callable[[], Tally | None]) -> None:
        speed = Speed()
        while not self._is_done.is_set():
            try:
                await self._report_once(speed, recalled())
            except StorageError:
                _log.info("progress_unavailable")
            except Exception as error:  # a bug costs one report, not those after it
                _log.exception("progress_report_failed", kind=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._context.durations.progress):
                    await self._is_done.wait()

    async def _report_once(self, speed: Speed, recalled: Tally | None) -> None:
        broadcast = await self._context.storage.read(broadcast_with, self._broadcast)
        if broadcast is None:
            self._interrupt.trigger(InterruptReason.ENDED)
        elif broadcast.is_running:
            tally = await self._context.storage.read(tally_of_broadcast, self._broadcast)
            await self._report_progress(broadcast, tally, tally.done, speed)
        elif broadcast.is_recalling:
            if recalled is not None:
                done = recalled.delivered - recalled.left_to_recall
                await self._report_progress(broadcast, recalled, done, speed)
        elif broadcast.state is not BroadcastState.FINISHED:
            self._interrupt.trigger(InterruptReason.ENDED)

    async def _report_progress(
        self, broadcast: Broadcast, tally: Tally, done: int, speed: Speed
    ) -> None:
        rate = speed.note(self._context.clock(), done)
        # The first tally only gives the speed something to compare with.
        if rate is not None:
            pause = self._context.gate.announced_pause() if broadcast.is_running else 0.0
            await self._try_report(lambda: self._reporter.progress(broadcast, tally, rate, pause))

    async def _watch_for_changes(self) -> None:
        """Interrupts when, after a wake-up, this broadcast is no longer the first one due."""
        while True:
            await self._context.woken.wait()
            self._context.woken.clear()
            try:
                due = await self._context.storage.read(due_broadcasts, self._context.now())
            except StorageError:
                continue  # the next claim will notice
            except Exception as error:  # a bug must not end this loop
                _log.exception("broadcast_change_not_seen", kind=type(error).__name__)
                continue
            if not due or due[0].id != self._broadcast:
                self._interrupt.trigger(InterruptReason.ENDED)

    async def _try_report(self, report: Callable[[], Awaitable[None]]) -> bool:
        """Tells whether a report succeeded; logs why not."""
        try:
            async with asyncio.timeout(_LONGEST_REPORT_SECONDS):
                await report()
        except Exception as error:  # whatever it is, the broadcast goes on without the report
            _log.warning("report_not_made", kind=kind_of(error), place=place_of(error))
            return False
        return True


def _counts(tally: Tally) -> dict[str, int]:
    return {
        "total": tally.total,
        "delivered": tally.delivered,
        "unreachable": tally.unreachable,
        "rejected": tally.rejected,
        "forbidden": tally.forbidden,
        "unconfirmed": tally.unconfirmed,
        "withdrawn": tally.withdrawn,
        "pending": tally.open,
    }
