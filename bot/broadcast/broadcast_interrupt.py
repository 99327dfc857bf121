"""The flag that ends a broadcast run before everything is sent, and the reasons for it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from storage.broadcast_types import PauseReason, StopReason


class InterruptReason(Enum):
    """Why a run ends early while the broadcast stays as it is."""

    ASKED = auto()
    """The process is stopping."""
    LOST = auto()
    """Another process may have the lease: not one more call may leave."""
    ENDED = auto()
    """What is due has to be looked at again: the broadcast is no longer running, another one comes
    first, or two clocks disagree about the lease. Calls in flight may finish."""


class BroadcastInterrupt:
    """A flag with its reason; the first reason stays, except that a lost lease overrides it.

    With a pause or stop reason, the broadcast is paused or stopped for it.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.reason: InterruptReason | PauseReason | StopReason | None = None
        self.detail = ""

    def trigger(
        self, reason: InterruptReason | PauseReason | StopReason, detail: str = ""
    ) -> None:
        """Sets the flag: no more is to be sent."""
        if self.reason is None or reason is InterruptReason.LOST:
            self.reason, self.detail = reason, detail
        self._event.set()

    @property
    def is_triggered(self) -> bool:
        """Whether the flag is set, so that sending must end."""
        return self._event.is_set()

    async def rest(self, seconds: float) -> None:
        """Waits for `seconds`, or until the flag is set."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()

    async def wait_for(self, work: Coroutine[Any, Any, object]) -> bool:
        """Waits for something, or until the flag is set; tells whether it was done."""
        working, triggered = asyncio.create_task(work), asyncio.create_task(self._event.wait())
        try:
            await asyncio.wait({working, triggered}, return_when=asyncio.FIRST_COMPLETED)
            return working.done()
        finally:
            working.cancel()
            triggered.cancel()
