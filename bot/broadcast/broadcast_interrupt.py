"""What ends a worker's time with a broadcast before everything is sent."""

import asyncio
from contextlib import suppress
from enum import Enum, auto


class InterruptReason(Enum):
    """Why no more is sent."""

    ASKED = auto()
    """The process is stopping."""
    LOST = auto()
    """Somebody else may hold the lease: not one more call may leave."""
    CLOCKS = auto()
    """The clocks disagree: whose the lease is has to be asked; what is on its way may end."""
    ENDED = auto()
    """The broadcast is not running any more: it was paused, stopped or cancelled."""
    REFUSED = auto()
    """Telegram does not take the content, so it would take nobody's."""
    UNREADABLE = auto()
    """The chats cannot be read, whoever's it is."""
    BROKEN = auto()
    """A mistake of ours, which must not go on from person to person."""
    NOBODY = auto()
    """Not one of the first can be reached: it is hardly they who have gone."""
    DENIED = auto()
    """Telegram knows the token, and yet has denied every call for a minute."""


class BroadcastInterrupt:
    """A flag with its cause; the first one counts, but a lost lease comes before all."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.cause: InterruptReason | None = None
        self.said = ""

    def trigger(self, cause: InterruptReason, said: str = "") -> None:
        """No more is to be sent."""
        if self.cause is None or cause is InterruptReason.LOST:
            self.cause, self.said = cause, said
        self._event.set()

    @property
    def is_called(self) -> bool:
        """Whether sending is to end."""
        return self._event.is_set()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until it is called."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()

    async def wait(self) -> None:
        """Wait until it is called."""
        await self._event.wait()
