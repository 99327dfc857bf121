"""One run of a worker over one broadcast: starts it, sends or recalls it, and reports its end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.circuit_breakers import MOST_UNREACHABLE
from bot.broadcast.confirmation import most_for_one_admin
from bot.broadcast.context import WorkerContext
from bot.broadcast.delivery_loop import DeliveryLoop
from bot.broadcast.recall import Recall
from bot.broadcast.reports import LONGEST_REPORT_SECONDS, Reports
from bot.tracebacks import error_reference
from storage.broadcast_transitions import begin_broadcast, finish_broadcast, interrupt_broadcast
from storage.broadcast_types import (
    Broadcast,
    BroadcastState,
    PauseReason,
    StopReason,
    Tally,
    pause_question,
)
from storage.broadcasts import due_broadcasts
from storage.deliveries import settle_deliveries
from storage.errors import BrokenData, StorageError, Unavailable

_log = structlog.stdlib.get_logger()


class BroadcastRun:
    """Does what a due broadcast needs in its state: start, send, recall or report."""

    def __init__(self, context: WorkerContext, broadcast: Broadcast) -> None:
        self.interrupt = BroadcastInterrupt()
        self._context = replace(context, interrupt=self.interrupt)
        self._broadcast = broadcast
        self._reports = Reports(self._context, broadcast.id)
        self._work: DeliveryLoop | Recall | None = None

    def cut_off(self) -> None:
        """Cancels every call in flight at once."""
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """Works on the broadcast until it ends or is interrupted; a bug pauses it.

        Raises:
            Unavailable: the database is away.
            TimeoutError: the database takes too long.
        """
        try:
            async with _beside(self._renew_lease):
                is_told = await (self._recall if self._broadcast.is_recalling else self._send)()
        except (Unavailable, TimeoutError):
            raise
        except Exception as error:  # a bug
            await self._handle_bug(error)
            is_told = False
        key, retries = self._broadcast.id, self._context.retries
        if is_told:
            retries.forget(key)
        elif self.interrupt.reason not in (InterruptReason.ASKED, InterruptReason.LOST):
            seconds = retries.record_failure(key, self._context.clock())
            _log.warning("end_not_reported", again_in=seconds)

    async def _send(self) -> bool:
        """Sends the broadcast; tells whether its end was reported, if it has come."""
        context, key = self._context, self._broadcast.id
        if self._broadcast.awaits_approval and not self._broadcast.has_lapsed(context.now()):
            return await self._report_end()
        if self._broadcast.state is BroadcastState.SCHEDULED:
            await self._start()
        if self._broadcast.state not in (BroadcastState.RUNNING, BroadcastState.FINISHED):
            await context.storage.write(settle_deliveries, context.now())
            return await self._report_end()
        # Admins who were told of it and resumed the broadcast have checked the bot.
        seen = (key, pause_question(PauseReason.NOBODY, str(MOST_UNREACHABLE))) in context.asked
        async with self._reporting(lambda: None):
            work = DeliveryLoop(context, self._broadcast, bot_is_confirmed=seen)
            done = await self._run_to_its_end(work)
        if done:
            await context.storage.write(finish_broadcast, key, context.now())
        elif isinstance(reason := self.interrupt.reason, PauseReason | StopReason):
            await context.storage.write(
                interrupt_broadcast, key, reason, context.now(), self.interrupt.detail
            )
        return await self._report_end()

    async def _start(self) -> None:
        context, confirmed_by = self._context, self._broadcast.confirmed_by
        is_admin = confirmed_by is not None and context.is_admin(confirmed_by)
        self._broadcast = await context.storage.write(
            begin_broadcast,
            self._broadcast,
            context.now(),
            None if is_admin else PauseReason.FORMER,
            self._most_without_approval() if is_admin else None,
        )
        if self._broadcast.awaits_approval:
            await self._reports.report_waiting(self._broadcast)

    def _most_without_approval(self) -> int | None:
        """Returns how many recipients one admin may decide on; None when another one did."""
        if self._broadcast.confirmed_by != self._broadcast.author:
            return None
        return most_for_one_admin(self._broadcast.kind, self._context.approval_above)

    async def _recall(self) -> bool:
        """Recalls the broadcast; tells whether that was reported, if it has ended."""
        recall = Recall(self._context, self._broadcast)
        async with self._reporting(lambda: recall.tally):
            done = await self._run_to_its_end(recall)
        return not done or await self._reports.report_recall(len(recall.unrecorded))

    async def _run_to_its_end(self, work: DeliveryLoop | Recall) -> bool:
        self._work = work
        try:
            return await work.work()
        except BrokenData as error:
            self.interrupt.trigger(StopReason.UNREADABLE, str(error))
            return False
        finally:
            await work.settle()
            if self.interrupt.reason is not InterruptReason.LOST:
                await self._context.recorder.flush()

    async def _report_end(self) -> bool:
        if self.interrupt.reason in (InterruptReason.ASKED, InterruptReason.LOST):
            return False
        return await self._reports.report_end()

    async def _handle_bug(self, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("broadcast_failed", kind=kind, reference=name, exc_info=error)
        detail, now = f"{kind} {name}", self._context.now()
        await self._context.storage.write(
            interrupt_broadcast, self._broadcast.id, PauseReason.DEFECT, now, detail
        )

    async def _renew_lease(self) -> None:
        lease_holder = self._context.lease_holder
        # While a bug or a database that is away keeps it from being renewed, it is ours still.
        while True:
            await asyncio.sleep(lease_holder.seconds / 3)
            await _tried(lease_holder.renew, "lease_not_renewed")
            if not lease_holder.holds():
                self.interrupt.trigger(InterruptReason.LOST)
                self.cut_off()
                return

    @asynccontextmanager
    async def _reporting(self, recalled: Callable[[], Tally | None]) -> AsyncIterator[None]:
        """Reports progress inside the block, and none after it.

        Args:
            recalled: returns the tally of the recall, if one is under way.
        """
        is_done = asyncio.Event()

        async def report() -> None:
            while not is_done.is_set():
                await _tried(
                    lambda: self._reports.report_progress(recalled()), "progress_report_failed"
                )
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._context.durations.progress):
                        await is_done.wait()

        async with _beside(self._watch_for_changes):
            reporting = asyncio.create_task(report())
            try:
                yield
                is_done.set()
                # Not cancelled, since an edit in flight could overtake the final report. When the
                # process is stopping there is no final report, and no time to wait.
                if self.interrupt.reason is not InterruptReason.ASKED:
                    await asyncio.wait({reporting}, timeout=LONGEST_REPORT_SECONDS)
            finally:
                reporting.cancel()

    async def _watch_for_changes(self) -> None:
        """Interrupts when, after a wake-up, this broadcast is no longer the first one due."""

        async def look() -> None:
            due = await self._context.storage.read(due_broadcasts, self._context.now())
            if not due or due[0].id != self._broadcast.id:
                self.interrupt.trigger(InterruptReason.ENDED)

        while True:
            await self._context.woken.wait()
            self._context.woken.clear()
            await _tried(look, "broadcast_change_not_seen")


async def _tried(work: Callable[[], Awaitable[object]], otherwise: str) -> None:
    """Does something that is done again soon: a failure is logged as the event `otherwise`."""
    try:
        await work()
    except StorageError:
        _log.info(otherwise)
    except Exception as error:  # a bug must not end the loop
        _log.exception(otherwise, kind=type(error).__name__)


@asynccontextmanager
async def _beside(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Does something beside the block, and cancels it at its end."""
    task = asyncio.ensure_future(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
