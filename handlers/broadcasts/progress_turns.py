"""Whose turn it is to write into a progress message, in this process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from handlers.screens.screen import Screen

# Seconds that a drawing waits for the one before it, so that a tap is answered within a second
# even if Telegram leaves that one unanswered. The one who is late then draws once more.
_LONGEST_WAIT = 0.5


class ProgressTurns:
    """One turn at a time for each broadcast, and what its progress message shows.

    Attributes:
        shown: the message and what was last written into it, by broadcast; missing when not known.
    """

    def __init__(self) -> None:
        self.shown: dict[bytes, tuple[tuple[int, int], Screen]] = {}
        self._locks: defaultdict[bytes, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, broadcast: bytes) -> AsyncIterator[None]:
        """Waits for the drawing before this one, or until that has taken too long."""
        lock = self._locks[broadcast]
        async with AsyncExitStack() as turn:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_WAIT):
                    await turn.enter_async_context(lock)
            yield
