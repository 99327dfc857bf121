"""Truncates the write-ahead log of a SQLite database some seconds after a write.

SQLite leaves in this file every page as earlier transactions wrote it, until it happens to
overwrite it: a name that was erased from its table stays there, encrypted, until the bot is
stopped. So the log is copied into the database and truncated soon after every write, whether or
not that write erased anything.
"""

import asyncio
from collections.abc import Awaitable, Callable

PAUSE_SECONDS = 4.0
"""From a write to the truncation, and from one truncation to the next."""

RETRY_SECONDS = 0.5
"""Between two tries while somebody still reads from the log."""


class WriteAheadLog:
    """Truncates the log after writes; does nothing while nobody writes.

    Args:
        truncate: tries to truncate without waiting, and returns whether the log is empty.
        pause_seconds: see PAUSE_SECONDS.
        retry_seconds: see RETRY_SECONDS.
        sleep: waits.
    """

    def __init__(
        self,
        truncate: Callable[[], Awaitable[bool]],
        *,
        pause_seconds: float = PAUSE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._truncate = truncate
        self._pause = pause_seconds
        self._retry = retry_seconds
        self._sleep = sleep
        self._is_closed = False
        self._is_written = False
        self._emptying: asyncio.Task[None] | None = None
        self._truncating = asyncio.Lock()

    def written(self) -> None:
        """Notes that something was written to the log."""
        self._is_written = True
        if self._emptying is None and not self._is_closed:
            self._emptying = asyncio.create_task(self._empty())

    async def close(self) -> None:
        """Stops, and leaves the log: the last connection to close merges it into the database."""
        self._is_closed = True
        # One that has begun ends first: nobody else would close its connection.
        async with self._truncating:
            if self._emptying is not None:
                self._emptying.cancel()
        if self._emptying is not None:
            await asyncio.wait({self._emptying})

    async def _empty(self) -> None:
        try:
            while self._is_written:
                await self._sleep(self._pause)
                # What is written from here on may miss this truncation, so it gets another one.
                self._is_written = False
                while not await self._truncated():
                    await self._sleep(self._retry)
        finally:
            self._emptying = None

    async def _truncated(self) -> bool:
        async with self._truncating:
            return await self._truncate()
