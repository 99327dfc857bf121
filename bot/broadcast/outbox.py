"""Results on their way into the database: many at a time, and never forgotten while it is away."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from bot.broadcast.tenure import utc_now
from bot.broadcast.timing import Timing
from storage import Deliveries, Result

_log = structlog.stdlib.get_logger()

_LARGEST_WRITE: Final = 500
_LONGEST_BACK_OFF: Final = 2.0


class Outbox:
    """Records results at most so late, or so many, as the timing says.

    It outlives the broadcasts and the leases: what is known stays known until it is written.
    """

    def __init__(
        self, deliveries: Deliveries, timing: Timing, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._deliveries = deliveries
        self._timing = timing
        self._now = now
        self._waiting: list[tuple[bytes, Result]] = []
        self._something = asyncio.Event()
        self._enough = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, broadcast: bytes, result: Result) -> None:
        """Have a result recorded."""
        self._waiting.append((broadcast, result))
        self._empty.clear()
        self._something.set()
        if len(self._waiting) >= self._timing.record_rows:
            self._enough.set()

    async def flush(self) -> None:
        """Wait until everything is recorded, without waiting for more."""
        if self._waiting:
            self._enough.set()
        await self._empty.wait()

    async def run(self) -> None:
        """Record what comes, until cancelled."""
        back_off = self._timing.record
        while True:
            await self._something.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.record):
                    await self._enough.wait()
            try:
                await self._write_some()
            except Exception as error:  # a result is kept until it is written, whatever happens
                _log.warning("results_wait", kind=type(error).__name__, waiting=len(self))
                await asyncio.sleep(back_off)
                back_off = min(2 * back_off, _LONGEST_BACK_OFF)
            else:
                back_off = self._timing.record

    async def _write_some(self) -> None:
        some = self._waiting[:_LARGEST_WRITE]
        for broadcast in dict.fromkeys(key for key, _ in some):
            results = [result for key, result in some if key == broadcast]
            await self._deliveries.record(broadcast, results, self._now())
        del self._waiting[: len(some)]
        if len(self._waiting) < self._timing.record_rows:
            self._enough.clear()
        if not self._waiting:
            self._something.clear()
            self._empty.set()
