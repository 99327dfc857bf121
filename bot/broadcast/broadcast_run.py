"""One run of a worker over one broadcast: starts it, sends or recalls it, and reports its end."""

import asyncio

import structlog

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.context import WorkerContext
from bot.broadcast.delivery_loop import DeliveryLoop
from bot.broadcast.heartbeat import Heartbeat
from bot.broadcast.recall import Recall
from bot.broadcast.report_retries import ReportRetries
from bot.broadcast.reporter import Reporter
from bot.broadcast.strangers import SO_MANY
from bot.tracebacks import error_reference
from storage import (
    Broadcast,
    BroadcastState,
    BrokenData,
    PauseReason,
    StopReason,
    Unavailable,
    pause_question,
)

_log = structlog.stdlib.get_logger()


class BroadcastRun:
    """Does what a due broadcast needs in its state: start, send, recall or report."""

    def __init__(
        self,
        context: WorkerContext,
        reporter: Reporter,
        report_retries: ReportRetries,
        broadcast: Broadcast,
        woken: asyncio.Event,
    ) -> None:
        self.interrupt = BroadcastInterrupt()
        self._context = context
        self._report_retries = report_retries
        self._broadcast = broadcast
        self._watch = Heartbeat(
            context, reporter, report_retries, broadcast.id, self.interrupt, woken
        )
        self._work: DeliveryLoop | Recall | None = None

    def cut_off(self) -> None:
        """Cancels every call in flight at once."""
        if self._work is not None:
            self._work.pool.cancel()

    async def run(self) -> None:
        """Works on the broadcast until it ends or is interrupted; catches and logs bugs.

        Raises:
            Unavailable: the database is away.
            TimeoutError: the database takes too long.
        """
        try:
            await self._attend()
        except (Unavailable, TimeoutError):
            raise
        except Exception as error:  # a bug: tried again a few times, then the broadcast is paused
            await self._mistaken(error)
        else:
            self._report_retries.went_well(self._broadcast.id)

    async def _attend(self) -> None:
        async with self._watch.keeping(on_loss=self.cut_off):
            if self._broadcast.is_recalling:
                await self._recall()
            else:
                await self._send()
                await self._report()

    async def _send(self) -> None:
        context, key = self._context, self._broadcast.id
        if self._broadcast.awaits_approval and not self._broadcast.has_lapsed(context.now()):
            return
        if self._broadcast.state is BroadcastState.SCHEDULED:
            pause = self._reason_to_pause()
            self._broadcast = await context.broadcasts.begin(
                self._broadcast, context.now(), pause, self._most_of_one(pause)
            )
            if self._broadcast.awaits_approval:
                await self._watch.report_that_it_waits()
        if self._broadcast.state not in (BroadcastState.RUNNING, BroadcastState.FINISHED):
            await context.broadcasts.deliveries.settle(context.now())
            return
        async with self._watch.reporting():
            # Admins who were told of it and resumed the broadcast have checked the bot.
            seen = self._report_retries.is_asked(
                key, pause_question(PauseReason.NOBODY, str(SO_MANY))
            )
            done = await self._worked_off(
                DeliveryLoop(context, self._broadcast, self.interrupt, seen)
            )
        if done:
            await context.broadcasts.finish(key, context.now())
            return
        reason, detail = self.interrupt.consequence, self.interrupt.said
        if isinstance(reason, StopReason):
            await context.broadcasts.stop(key, reason, context.now(), detail)
        elif reason is not None:
            await context.broadcasts.pause_by_system(key, reason, detail)

    def _reason_to_pause(self) -> PauseReason | None:
        """Returns why to pause it before it starts: whoever confirmed it is no longer an admin."""
        is_admin = self._context.is_admin(self._broadcast.confirmed_by)
        return None if is_admin else PauseReason.FORMER

    def _most_of_one(self, pause: PauseReason | None) -> int | None:
        """Returns how many recipients one admin may decide on; None when another does or did."""
        broadcast = self._broadcast
        is_ones = pause is None and broadcast.confirmed_by == broadcast.author
        return self._context.approval_above if is_ones else None

    async def _recall(self) -> None:
        recall = Recall(self._context, self._broadcast, self.interrupt)
        async with self._watch.reporting(lambda: recall.tally):
            done = await self._worked_off(recall)
        if done and not await self._watch.report_recall(len(recall.unrecorded)):
            self._owe()

    async def _worked_off(self, work: DeliveryLoop | Recall) -> bool:
        self._work = work
        try:
            done = await work.work()
        except BrokenData as error:
            self.interrupt.trigger(InterruptReason.UNREADABLE, str(error))
            done = False
        finally:
            await work.settle()
            if self.interrupt.cause is not InterruptReason.LOST:
                await self._context.recorder.flush()
        return done

    async def _report(self) -> None:
        if self.interrupt.cause in (InterruptReason.ASKED, InterruptReason.LOST):
            return
        if await self._watch.report_end():
            self._report_retries.said(self._broadcast.id)
        else:
            self._owe()

    async def _mistaken(self, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("broadcast_failed", kind=kind, reference=name, exc_info=error)
        if self._report_retries.broke(self._broadcast.id):
            await self._context.broadcasts.pause_by_system(
                self._broadcast.id, PauseReason.DEFECT, f"{kind} {name}"
            )
            self._report_retries.went_well(self._broadcast.id)
        self._report_retries.failed(self._broadcast.id, self._context.clock())

    def _owe(self) -> None:
        seconds = self._report_retries.failed(self._broadcast.id, self._context.clock())
        _log.warning("end_not_reported", again_in=seconds)
