"""The worker, which sends due broadcasts one at a time, and what it does in a run over one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from bot.broadcast.confirmation import most_for_one_admin
from bot.broadcast.context import Interrupt, InterruptReason, WorkerContext
from bot.broadcast.deleter import Deleter
from bot.broadcast.failing_deliveries import MOST_UNREACHABLE
from bot.broadcast.sender import Sender
from bot.periodic import is_cancelled, run_periodically, wait_for
from bot.tracebacks import error_reference, kind_of, place_of
from storage.approvals import has_lapsed
from storage.broadcast_transitions import (
    begin_broadcast,
    finish_broadcast,
    interrupt_broadcast,
    set_on_broadcast,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastState,
    PauseReason,
    StopReason,
    Tally,
    pause_question,
)
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import settle_deliveries
from storage.errors import BrokenData, Unavailable
from storage.recalls import end_recall

_log = structlog.stdlib.get_logger()

# The share of the time to stop that sending may take; the rest is for recording.
_SEND_SHARE = 0.6
_LONGEST_REPORT_SECONDS = 15.0
_LOOK_BACK = 6  # progress reports, fifteen seconds, over which the speed is measured


class Worker:
    """Looks for a due broadcast, and sends or recalls it."""

    def __init__(self, context: WorkerContext) -> None:
        self.context = context
        self._stopping = False
        self._running: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Sends what is due until `stop` is called; for a task of its own."""
        context, self._running = self.context, asyncio.current_task()
        try:
            while not self._stopping:
                await wait_for(context.woken, await self._poll())
                context.woken.clear()
            await context.recorder.flush()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            await context.recorder.close()

    async def record_all(self) -> None:
        """Claims no more; waits until what has left is recorded, however long that takes."""
        self._end()
        await self.context.interrupt.calls_ended()
        await self.context.recorder.flush()

    async def stop(self, seconds: float) -> None:
        """Ends within `seconds`: no more claims, calls in flight finish and are recorded."""
        self._end()
        if self._running is None:
            return
        # Calls that take longer are cancelled while there is still time to record that.
        await asyncio.wait({self._running}, timeout=seconds * _SEND_SHARE)
        self.context.interrupt.cancel_calls()
        await asyncio.wait({self._running}, timeout=seconds * (1 - _SEND_SHARE))
        self._running.cancel()
        await asyncio.wait({self._running})

    def _end(self) -> None:
        self._stopping = True
        self.context.woken.set()
        self.context.interrupt.trigger(InterruptReason.ASKED)

    async def _poll(self) -> float:
        """Works on what is due; returns the seconds to wait before the next look."""
        try:
            return await self._work_if_due()
        except (Unavailable, TimeoutError):
            _log.warning("broadcast_waits_for_database")
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            # Whatever it is, the worker goes on.
            _log.exception("broadcast_failed", kind=type(error).__name__)
        return self.context.durations.rest

    async def _work_if_due(self) -> float:
        context, rest = self.context, self.context.durations.rest
        # Results of an earlier run that are not recorded yet must not be taken for lost.
        async with asyncio.timeout(rest):
            await context.recorder.flush()
        broadcast = await context.next_due()
        if broadcast is None:
            return context.durations.poll
        if not context.lock.is_ours():
            return rest
        if not self._stopping:
            with bound_contextvars(broadcast=broadcast.id.hex()):
                await BroadcastRun(context, broadcast).run()
        is_over = context.interrupt.reason in (InterruptReason.ASKED, InterruptReason.ENDED)
        return 0.0 if is_over else rest


class BroadcastRun:
    """One run over one broadcast: does what it needs in its state, and reports it.

    A report that fails is logged, and stops nothing.
    """

    def __init__(self, context: WorkerContext, broadcast: Broadcast) -> None:
        self._context = context
        self._interrupt = context.interrupt = Interrupt()
        self._broadcast = broadcast
        self._seen = deque[tuple[float, int]](maxlen=_LOOK_BACK)  # when, and how many were done
        self._reporting = asyncio.Lock()  # held while progress is reported

    async def run(self) -> None:
        """Works on the broadcast until it ends or is interrupted; a bug pauses it.

        Raises:
            Unavailable: the database is away.
            TimeoutError: the database takes too long.
        """
        key, context = self._broadcast.id, self._context
        attempt = (key, self._broadcast.is_recalling)
        try:
            woken = partial(wait_for, context.woken)
            look = partial(context.look_whether_first, self._broadcast)
            looking = run_periodically("look", context.durations.look, look, sleep=woken)
            async with _beside(looking):
                is_told = await (self._recall if self._broadcast.is_recalling else self._send)()
        except (Unavailable, TimeoutError):
            raise
        except Exception as error:  # a bug
            kind, name = error_reference(error)
            _log.error("broadcast_failed", kind=kind, reference=name, exc_info=error)
            await context.pause(key, PauseReason.DEFECT, f"{kind} {name}")
            is_told = False
        if is_told:
            context.retries.forget(attempt)
        elif self._interrupt.reason is not InterruptReason.ASKED:
            seconds = context.retries.record_failure(attempt, context.clocks.monotonic())
            _log.warning("end_not_reported", again_in=seconds)

    async def _send(self) -> bool:
        """Sends the broadcast; tells whether its end was reported, if it has come."""
        context, key, now = self._context, self._broadcast.id, self._context.clocks.now
        if self._broadcast.awaits_approval and not has_lapsed(self._broadcast, now()):
            return await self._report_end()
        if self._broadcast.state is BroadcastState.SCHEDULED:
            await self._start()
        if self._broadcast.state not in (BroadcastState.RUNNING, BroadcastState.FINISHED):
            return await self._report_end()
        # Admins who were told of it and resumed the broadcast have checked the bot.
        nobody = (key, pause_question(PauseReason.NOBODY, str(MOST_UNREACHABLE)))
        seen = nobody in context.asked
        # What else it waited for is decided, and is asked again if it comes again.
        context.asked -= {each for each in context.asked if each[0] == key and each != nobody}
        sender = Sender(context, self._broadcast, bot_is_confirmed=seen)
        done = await self._work_through(sender.work())
        reason, detail = self._interrupt.reason, self._interrupt.detail
        if done and not isinstance(reason, StopReason):  # with the last ones it may be found lost
            await context.storage.write(finish_broadcast, key, now())
        elif isinstance(reason, PauseReason | StopReason):
            await context.storage.write(interrupt_broadcast, key, reason, now(), detail)
        return await self._report_end()

    async def _start(self) -> None:
        context, found = self._context, self._broadcast
        pause, at_most = None, None
        if found.confirmed_by is None or not context.is_admin(found.confirmed_by):
            pause = PauseReason.FORMER
        elif found.confirmed_by == found.author:  # nobody else has approved it
            at_most = most_for_one_admin(found.kind, context.approval_above)
        self._broadcast = await context.storage.write(
            begin_broadcast, found, context.clocks.now(), pause, at_most
        )
        if self._broadcast.awaits_approval:  # its author is told once that another must agree
            await self._made(context.reporter.report(*await self._stored()))

    async def _recall(self) -> bool:
        """Recalls the broadcast; tells whether that was reported, if it has ended."""
        deleter = Deleter(self._context, self._broadcast)
        done = await self._work_through(deleter.work())
        return not done or await self._report_recall(len(deleter.unrecorded))

    async def _work_through(self, work: Awaitable[bool]) -> bool:
        """Works until nothing is left (True) or it is interrupted, and reports the progress."""
        interrupt, seconds = self._interrupt, self._context.durations.progress
        reporting = run_periodically("progress", seconds, self._report_progress)
        async with _beside(reporting) as progress:
            try:
                return await work
            except BrokenData as error:
                interrupt.trigger(StopReason.UNREADABLE, str(error))
                return False
            finally:
                # Who cancels it has no time left to wait for a database that is away.
                if not is_cancelled():
                    await self._context.recorder.flush()
                # An edit in flight could overtake the final report. When the process is stopping
                # there is no final report, and no time to wait.
                if interrupt.reason is not InterruptReason.ASKED:
                    async with self._reporting:
                        progress.cancel()

    async def _report_progress(self) -> None:
        """Reports how far the broadcast is, or its recall, if it is under way."""
        async with self._reporting:
            broadcast, tally = await self._stored()
            if broadcast.is_running:
                done, pause = tally.done, self._context.gate.announced_pause()
            elif broadcast.is_recalling:
                done, pause = tally.delivered - tally.left_to_recall, 0.0
            else:
                return
            now = self._context.clocks.monotonic()
            self._seen.append((now, done))
            since, before = self._seen[0]
            if now > since:  # the first tally only gives the speed something to compare with
                rate = max(0.0, (done - before) / (now - since))
                await self._made(self._context.reporter.report(broadcast, tally, rate, pause))

    async def _report_end(self) -> bool:
        """Reports what became of the broadcast, and records that it did.

        Returns:
            False when that has to be done later.
        """
        context = self._context
        if self._interrupt.reason is InterruptReason.ASKED:
            return False
        await context.storage.write(settle_deliveries, context.clocks.now())
        broadcast, tally = await self._stored()
        if broadcast.is_running or broadcast.reported_at is not None:
            return True
        if (question := broadcast.question) is not None:
            return await self._ask(broadcast, question, tally)
        is_made = await self._made(context.reporter.report(broadcast, tally))
        if not broadcast.is_over:
            # Paused by an admin, who sees that it is: one attempt to report it is enough.
            return True
        if is_made:
            counted = broadcast.counted(tally)
            _log.info("broadcast_ended", state=broadcast.state, **asdict(counted))
            now = context.clocks.now()
            await context.storage.write(set_on_broadcast, broadcast.id, reported_at=now)
        return is_made

    async def _report_recall(self, unrecorded: int) -> bool:
        """Reports the end of a recall, then records it; False when it must be reported later.

        Args:
            unrecorded: for how many deliveries the result could not be recorded.
        """
        (broadcast, tally), at = await self._stored(), self._context.clocks.now()
        ended = replace(broadcast, recall_ended_at=at)
        is_made = await self._made(self._context.reporter.report(ended, tally))
        if is_made:
            _log.info("recall_ended", deleted=tally.recalled, failed=tally.unrecallable)
            await self._context.storage.write(end_recall, broadcast.id, at, unrecorded)
        return is_made

    async def _ask(self, broadcast: Broadcast, question: str, tally: Tally) -> bool:
        """Tells the admins once that it waits for them; False when that must be done later."""
        if (broadcast.id, question) in self._context.asked:
            return True
        is_made = await self._made(self._context.reporter.ask(broadcast, tally))
        if is_made:
            _log.info("broadcast_waits_for_admins", **asdict(tally))
            self._context.asked.add((broadcast.id, question))
        return is_made

    async def _stored(self) -> tuple[Broadcast, Tally]:
        """Returns the broadcast as it is stored now, and what became of its deliveries."""
        storage, key = self._context.storage, self._broadcast.id
        broadcast = await storage.read(broadcast_with, key) or self._broadcast
        return broadcast, await storage.read(tally_of_broadcast, key)

    async def _made(self, report: Awaitable[None]) -> bool:
        """Tells whether a report succeeded; logs why not."""
        try:
            async with asyncio.timeout(_LONGEST_REPORT_SECONDS):
                await report
        except Exception as error:  # whatever it is, the broadcast goes on without the report
            _log.warning("report_not_made", kind=kind_of(error), place=place_of(error))
            return False
        return True


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Does something beside the block, and cancels it at its end."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
