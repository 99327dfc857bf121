"""Notices when somebody else polls this bot's updates, and tells of it after a minute."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.tracebacks import kind_of, place_of

_log = structlog.stdlib.get_logger()

_MINUTE = 60.0


class SecondPoller:
    """Calls `tell` in a task, for which no update waits, once 409s have gone on for a minute.

    Of two pollers each is refused in turn, so one successful poll does not end it.
    """

    def __init__(self, clock: Callable[[], float], tell: Callable[[], Awaitable[object]]) -> None:
        self._clock = clock
        self._tell = tell
        self._since = self._last = float("-inf")
        self._reporting: asyncio.Task[None] | None = None

    def note(self) -> None:
        """Notes a 409."""
        now = self._clock()
        if now - self._last > _MINUTE:
            self._since = now
            if self._reporting is not None and self._reporting.done():
                self._reporting = None
        self._last = now
        if self._reporting is None and now - self._since > _MINUTE:
            self._reporting = asyncio.create_task(self._report())

    def stop(self) -> None:
        """Cancels a call of `tell` that is under way."""
        if self._reporting is not None:
            self._reporting.cancel()

    async def _report(self) -> None:
        try:
            await self._tell()
        except Exception as error:  # whatever it is, the polling goes on
            # Without its message, which may contain what a person wrote.
            _log.error("token_use_not_reported", kind=kind_of(error), place=place_of(error))
