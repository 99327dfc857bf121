"""Checks that a denied token or a second poller lasts, since one error may be a proxy's."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import TelegramError

from bot.text.terminal_language import TerminalError, label
from bot.tracebacks import kind_of, place_of
from bot.transport.client import TelegramClient
from bot.transport.error_kinds import ErrorKind, error_kind

_log = structlog.stdlib.get_logger()

# The pauses before each check, in seconds: a minute in all. The first check is made at once, since
# all updates wait meanwhile, and a proxy's hiccup is mostly over by then.
_PAUSES = (0.0, 2.0, 8.0, 20.0, 30.0)
_MINUTE = 60.0  # of 409s, until the admins are told


class TokenUnknown(TerminalError):
    """Telegram does not know the token; at first a proxy's hiccup looks the same, and may pass."""

    def __init__(self) -> None:
        super().__init__(
            label("Telegram no conoce ese token. Cópialo otra vez de @BotFather (/token), entero.")
        )


async def token_is_denied(
    client: TelegramClient, sleep: Callable[[float], Awaitable[object]]
) -> bool:
    """Tells whether Telegram denies the token at every check within a minute."""
    for attempt, seconds in enumerate(_PAUSES, start=1):
        await sleep(seconds)
        try:
            await client.call("getMe")
        except TelegramError as error:
            if error_kind(error) is ErrorKind.UNAUTHORISED:
                _log.warning("token_denied", attempt=attempt)
                continue
        return False
    return True


class SecondPoller:
    """Notes when somebody else polls this bot's updates, and tells of it after a minute.

    Of two pollers each is refused in turn, so one successful poll does not end it. Updates do not
    wait for `tell`.
    """

    def __init__(self, clock: Callable[[], float], tell: Callable[[], Awaitable[object]]) -> None:
        self._clock = clock
        self._tell_admins = tell
        self._since = self._last = float("-inf")
        self._is_reported = False
        self._reporting: asyncio.Task[None] | None = None

    def note(self) -> None:
        """Notes a 409, and calls `tell` in a task once they have gone on for over a minute."""
        now = self._clock()
        if now - self._last > _MINUTE:
            self._since, self._is_reported = now, False
        self._last = now
        if self._is_reported or now - self._since <= _MINUTE or self._reporting is not None:
            return
        self._is_reported = True
        self._reporting = asyncio.create_task(self._report())

    def stop(self) -> None:
        """Cancels a call of `tell` that is under way."""
        if self._reporting is not None:
            self._reporting.cancel()

    async def _report(self) -> None:
        try:
            await self._tell_admins()
        except Exception as error:  # whatever it is, the polling goes on
            # Without its message, which may contain what a person wrote.
            _log.error("token_use_not_reported", kind=kind_of(error), place=place_of(error))
        finally:
            self._reporting = None
