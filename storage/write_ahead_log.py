"""The write-ahead log of a SQLite database, cut off some seconds after a write.

SQLite leaves in this file every page as earlier transactions wrote it, until it happens to write
over it: a name that was erased from its table stays there, sealed, until the bot is stopped. So
the log is copied into the database and cut to nothing soon after every write, whatever that
write was: what is erased, replaced or forgotten need not be told apart from the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

PAUSE_SECONDS: Final = 4.0
"""From a write to cutting off what it left, and from one cut to the next."""

RETRY_SECONDS: Final = 0.5
"""Between two tries while somebody still reads what the log holds."""


class WriteAheadLog:
    """Sees to it that the log is cut off after writes; nothing is done while nobody writes.

    Args:
        truncate: tries it, and tells whether the log is empty; waits for nobody.
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

    def written(self) -> None:
        """Note that there is something in it."""
        self._is_written = True
        if self._emptying is None and not self._is_closed:
            self._emptying = asyncio.create_task(self._empty())

    async def close(self) -> None:
        """Leave it as it is: the last connection to close folds it into the database."""
        self._is_closed = True
        if self._emptying is not None:
            self._emptying.cancel()
            await asyncio.wait({self._emptying})

    async def _empty(self) -> None:
        try:
            while self._is_written:
                await self._sleep(self._pause)
                # What is written from here on may come too late for this cut: it gets its own.
                self._is_written = False
                while not await self._truncate():
                    await self._sleep(self._retry)
        finally:
            self._emptying = None
