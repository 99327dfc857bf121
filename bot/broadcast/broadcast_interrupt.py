"""The flag that ends a broadcast run before everything is sent, and the reasons for it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto

from storage.broadcast_types import PauseReason, StopReason


class InterruptReason(Enum):
    """Why a broadcast run ends early."""

    ASKED = auto()
    """The process is stopping."""
    LOST = auto()
    """Another process may have the lease: not one more call may leave."""
    CLOCKS = auto()
    """Two clocks disagree, so the lease must be checked; calls in flight may finish."""
    ENDED = auto()
    """The broadcast is no longer running, or another one comes first."""
    REFUSED = auto()
    """Telegram rejects the content, as it would for every recipient."""
    UNREADABLE = auto()
    """No recipient's chat can be decrypted."""
    BROKEN = auto()
    """A bug that would fail one recipient after another."""
    NOBODY = auto()
    """None of the first recipients can be reached, so the reason is hardly on their side."""
    DENIED = auto()
    """Every call has been denied for a minute (401 or 404), although the token was accepted."""


# After any other interrupt the broadcast stays as it is.
_CONSEQUENCES: Mapping[InterruptReason, StopReason | PauseReason] = {
    InterruptReason.REFUSED: StopReason.CONTENT,
    InterruptReason.UNREADABLE: StopReason.UNREADABLE,
    InterruptReason.BROKEN: PauseReason.DEFECT,
    InterruptReason.NOBODY: PauseReason.NOBODY,
    InterruptReason.DENIED: PauseReason.DENIED,
}


class BroadcastInterrupt:
    """A flag with its reason; the first reason stays, except that a lost lease overrides it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.reason: InterruptReason | None = None
        self.detail = ""

    def trigger(self, reason: InterruptReason, detail: str = "") -> None:
        """Sets the flag: no more is to be sent."""
        if self.reason is None or reason is InterruptReason.LOST:
            self.reason, self.detail = reason, detail
        self._event.set()

    @property
    def is_triggered(self) -> bool:
        """Whether the flag is set, so that sending must end."""
        return self._event.is_set()

    @property
    def consequence(self) -> StopReason | PauseReason | None:
        """What the broadcast is to be stopped or paused for; None to leave it as it is."""
        return None if self.reason is None else _CONSEQUENCES.get(self.reason)

    async def rest(self, seconds: float) -> None:
        """Waits for `seconds`, or until the flag is set."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()

    async def wait(self) -> None:
        """Waits until the flag is set."""
        await self._event.wait()
