"""What Telegram says once may come from something in between: it has to go on saying it."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from telegram.error import TelegramError

from bot.transport.client import TelegramClient
from bot.transport.outcome import Remedy, TelegramRefused, remedy

log = structlog.stdlib.get_logger()

# Before each question, in seconds: a minute in all. The first is asked at once, since everybody's
# updates wait meanwhile, and what was a proxy's hiccup is mostly over.
_PAUSES: Final = (0.0, 2.0, 8.0, 20.0, 30.0)
_MINUTE: Final = 60.0


async def is_denied(client: TelegramClient, sleep: Callable[[float], Awaitable[object]]) -> bool:
    """Whether Telegram denies the token each time that it is asked within a minute."""
    for attempt, seconds in enumerate(_PAUSES, start=1):
        await sleep(seconds)
        try:
            await client.call("getMe")
        except (TelegramRefused, TelegramError) as error:
            if remedy(error) is Remedy.UNAUTHORISED:
                log.warning("token_denied", attempt=attempt)
                continue
        return False
    return True


class Rivalry:
    """Somebody else who reads this bot's updates: since when, and whether that was told.

    Two who poll take turns in being refused, so a question that goes well does not end it.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = self._last = float("-inf")
        self._told = False

    def noticed(self) -> bool:
        """Notes a 409; tells whether it has gone on for over a minute and is to be told now."""
        now = self._clock()
        if now - self._last > _MINUTE:
            self._since, self._told = now, False
        self._last = now
        if self._told or now - self._since <= _MINUTE:
            return False
        self._told = True
        return True
