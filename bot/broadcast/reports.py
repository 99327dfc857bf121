"""Tells the admins how one broadcast goes: now and then while it is under way, and its end."""

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import replace

import structlog

from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.context import WorkerContext
from bot.tracebacks import kind_of, place_of
from storage.broadcast_transitions import end_recall, set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastState, Tally
from storage.broadcasts import broadcast_with, tally_of_broadcast

_log = structlog.stdlib.get_logger()

LONGEST_REPORT_SECONDS = 15.0
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
        return max(0.0, (done - before) / (now - since)) if now > since else None


class Reports:
    """Makes the reports of one run; one that fails is logged, and stops nothing."""

    def __init__(self, context: WorkerContext, broadcast: bytes) -> None:
        self._context = context
        self._reporter = context.reporter
        self._key = broadcast
        self._speed = Speed()

    async def report_progress(self, recalled: Tally | None) -> None:
        """Reports how far the broadcast is; interrupts the run if it is not under way any more.

        Args:
            recalled: the tally of the recall, if one is under way.
        """
        broadcast = await self._context.storage.read(broadcast_with, self._key)
        if broadcast is not None and broadcast.is_running:
            tally = await self._tally()
            done, pause = tally.done, self._context.gate.announced_pause()
        elif broadcast is not None and broadcast.is_recalling:
            if recalled is None:
                return
            tally, pause = recalled, 0.0
            done = tally.delivered - tally.left_to_recall
        else:
            if broadcast is None or broadcast.state is not BroadcastState.FINISHED:
                self._context.interrupt.trigger(InterruptReason.ENDED)
            return
        rate = self._speed.note(self._context.clock(), done)
        if rate is not None:  # the first tally only gives the speed something to compare with
            await self._made(self._reporter.progress(broadcast, tally, rate, pause))

    async def report_end(self) -> bool:
        """Reports what became of the broadcast, and records that it did.

        Returns:
            False when that has to be done later.
        """
        broadcast = await self._context.storage.read(broadcast_with, self._key)
        if broadcast is None or broadcast.is_running or broadcast.reported_at is not None:
            return True
        tally = await self._tally()
        if (question := broadcast.question) is not None:
            return await self._ask(broadcast, question, tally)
        if not broadcast.is_over:
            # Paused by an admin, who sees that it is: one attempt to report it is enough.
            await self._made(self._reporter.progress(broadcast, tally, None))
            return True
        if not await self._made(self._reporter.ended(broadcast, tally)):
            return False
        _log.info("broadcast_ended", state=broadcast.state, **_counts(broadcast.counted(tally)))
        now = self._context.now()
        await self._context.storage.write(set_on_broadcast, self._key, reported_at=now)
        return True

    async def report_waiting(self, broadcast: Broadcast) -> None:
        """Tells its author that another admin must agree after all; tries only once."""
        await self._made(self._reporter.progress(broadcast, await self._tally(), None))

    async def report_recall(self, unrecorded: int) -> bool:
        """Reports the end of a recall, then records it; False when it must be reported later.

        Args:
            unrecorded: for how many deliveries the result could not be recorded.
        """
        broadcast = await self._context.storage.read(broadcast_with, self._key)
        if broadcast is None:
            return True
        tally, at = await self._tally(), self._context.now()
        ended = replace(broadcast, recall_ended_at=at)
        if not await self._made(self._reporter.progress(ended, tally, None)):
            return False
        _log.info("recall_ended", deleted=tally.recalled, failed=tally.unrecallable)
        await self._context.storage.write(end_recall, self._key, at, unrecorded)
        return True

    async def _ask(self, broadcast: Broadcast, question: str, tally: Tally) -> bool:
        """Tells the admins once that it waits for them; False when that must be done later."""
        if (self._key, question) in self._context.asked:
            return True
        if not await self._made(self._reporter.waiting(broadcast, tally)):
            return False
        _log.info("broadcast_waits_for_admins", **_counts(tally))
        self._context.asked.add((self._key, question))
        return True

    async def _tally(self) -> Tally:
        return await self._context.storage.read(tally_of_broadcast, self._key)

    async def _made(self, report: Awaitable[None]) -> bool:
        """Tells whether a report succeeded; logs why not."""
        try:
            async with asyncio.timeout(LONGEST_REPORT_SECONDS):
                await report
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
