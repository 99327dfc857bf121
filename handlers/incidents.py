"""Reports damaged data: each case to the log, the first per column to the admins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from storage import BrokenData

_log = structlog.stdlib.get_logger()


class Incidents:
    """Remembers which damaged data the admins were told of since the start of the process.

    Args:
        tell: tells the admins; returns whether anybody was told.
    """

    def __init__(self, tell: Callable[[], Awaitable[bool]]) -> None:
        self._tell = tell
        self._told: set[str | None] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._last: BrokenData | None = None

    def note(self, error: BrokenData) -> None:
        """Logs the error; tells the admins about the first in each column."""
        if error is self._last:
            return  # the same error reaches this from where it was found and from its caller
        self._last = error
        _log.critical("data_damaged", column=error.column, exc_info=error)
        if error.column not in self._told:
            self._told.add(error.column)
            task = asyncio.create_task(self._tell_of(error.column))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_of(self, column: str | None) -> None:
        if not await self._tell():
            self._told.discard(column)  # tell of the next one instead
