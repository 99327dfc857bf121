"""Fetches updates by long polling; the offset moves only past updates that were handled."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from telegram.error import TelegramError

from bot.back_off import BackOff
from bot.intake.dispatcher import Dispatcher, number_of
from bot.periodic import is_cancelled
from bot.text.terminal_language import TerminalError, label
from bot.transport.client import TelegramClient
from bot.transport.errors import (
    AnswerUnreadable,
    ErrorKind,
    ResponseLost,
    error_kind,
    seconds_to_wait,
)

_log = structlog.stdlib.get_logger()

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_LONG_POLL_SECONDS = 25  # for which Telegram keeps a request open
_GRACE_SECONDS = 10.0  # more, after which an answer is given up
_MOST_UPDATES = 100  # Telegram's maximum

# While an update is in progress, Telegram answers at once with what it has sent already. So the
# next poll waits until all are finished, but not for long, since new updates may be behind a slow
# one, and in a crowd a new tap waits for the next poll. The wait grows as long as nothing new
# comes; also where a server answers without waiting for as long as it was asked to.
_WAITS = BackOff(0.02, longest=0.25)
# Seconds after a request that failed: one cut connection keeps nobody waiting, and a token that is
# denied is known as such soon after a minute of it.
_PAUSES = BackOff(0.125, longest=15.0)
# Seconds after which it is believed that the token is denied, or that somebody else polls: a
# proxy's hiccup is over by then.
_BELIEVED_AFTER = 60.0


class TokenUnknown(TerminalError):
    """Telegram does not know the token; at first a proxy's hiccup looks the same, and may pass."""

    def __init__(self) -> None:
        super().__init__(
            label("Telegram no conoce ese token. Cópialo otra vez de @BotFather (/token), entero.")
        )


async def webhook_info(call: Callable[[str], Awaitable[Any]]) -> Mapping[str, Any]:
    """Returns what Telegram says of the bot's webhook; raises TelegramError if it does not."""
    info = await call("getWebhookInfo")
    if not isinstance(info, Mapping):
        raise AnswerUnreadable("The answer is not about a webhook")
    return info


@dataclass(slots=True)
class SecondPoller:
    """Calls `tell` once when 409s have gone on for a minute, without a gap of a minute.

    Of two pollers each is refused in turn, so one successful poll does not end it.
    """

    clock: Callable[[], float]
    tell: Callable[[], object]
    _since: float = field(default=-math.inf, init=False)
    _last: float = field(default=-math.inf, init=False)
    _is_told: bool = field(default=False, init=False)

    def note(self) -> None:
        """Notes a 409."""
        now = self.clock()
        if now - self._last > _BELIEVED_AFTER:
            self._since, self._is_told = now, False
        self._last = now
        if not self._is_told and now - self._since > _BELIEVED_AFTER:
            self._is_told = True
            self.tell()


@dataclass(slots=True)
class TokenCheck:
    """Whether Telegram has denied the token for a minute; `clock` returns seconds."""

    client: TelegramClient
    clock: Callable[[], float]
    _denied_since: float | None = field(default=None, init=False)

    def accepted(self) -> None:
        """Notes that a call was answered."""
        self._denied_since = None

    async def denied(self) -> None:
        """Notes that it was denied; raises TokenUnknown after a minute of that, if it still is."""
        if self._denied_since is None:
            self._denied_since = self.clock()
        if self.clock() - self._denied_since < _BELIEVED_AFTER:
            return
        try:
            await self.client.call("getMe")
        except TelegramError as error:
            if error_kind(error) is ErrorKind.UNAUTHORISED:
                raise TokenUnknown from None


class Polling:
    """Fetches updates for the dispatcher until it is cancelled.

    The dispatcher knows which updates are not finished. Those that are may still come in an answer
    that is on its way: what lies between the offset that was requested and the newest number is
    known, as requests are made one at a time, and each answer has its updates in order.

    When somebody else has polled for over a minute, `report_second_poller` is called.
    """

    def __init__(
        self,
        client: TelegramClient,
        dispatch: Dispatcher,
        *,
        report_second_poller: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._dispatch = dispatch
        self._second_poller = SecondPoller(clock, report_second_poller)
        self._sleep = sleep
        self._requested, self._newest = 0, -1  # before the first
        self._webhook_removed = False
        self._failures = 0
        self._without_new = 0
        self._token = TokenCheck(client, clock)
        self._limit = _MOST_UPDATES

    async def run(self) -> None:
        """Polls until it is cancelled; handlers that run then go on.

        Raises:
            TokenUnknown: Telegram has denied the token for a minute.
        """
        while True:
            try:
                await self._poll()
            except asyncio.CancelledError:
                if is_cancelled():
                    raise
                # A stray cancellation, out of something that it awaited.
                _log.warning("polling_restarted")
                await self._sleep(_PAUSES.first)

    async def acknowledge(self) -> None:
        """Tells Telegram what was handled; to be called once the dispatcher is drained."""
        if self._newest < 0:
            return
        try:
            await self._fetch(0, limit=1)
        except TelegramError as error:
            # The updates come again after the next start; every handler is safe to repeat.
            _log.warning("updates_not_acknowledged", error_kind=error_kind(error))

    async def _poll(self) -> None:
        """Asks once for updates, gives them to the dispatcher, and waits before the next time."""
        busy, limit = bool(self._dispatch.in_progress), self._limit
        try:
            updates = await self._fetch(0 if busy else _LONG_POLL_SECONDS, limit)
        except TelegramError as error:
            if isinstance(error, ResponseLost):
                self._limit = max(limit // 2, 1)
            # Only an answer with one update, requested while none was in progress, shows which one
            # is unreadable: Telegram begins each answer with the oldest that is not acknowledged.
            goes_on = isinstance(error, AnswerUnreadable) and (
                limit > 1 or (not busy and self._pass_over(error.update_id))
            )
            if not goes_on:
                await self._recover(error)
            return
        self._failures = 0
        self._token.accepted()
        # Even when none is new, since new ones may be behind the unfinished ones.
        self._limit = min(limit * 2, _MOST_UPDATES)
        await self._wait(new=sum(map(self._take, updates)))

    def _take(self, update: Any) -> bool:
        """Gives an update to the dispatcher unless it is known; tells whether it was new.

        After a quiet week Telegram may go on from any number, even a lower one than was requested.
        Then the newest is the one that came last, or the offset would stay beyond all that comes.
        """
        number = number_of(update)
        if number is None:
            self._dispatch.pass_over("update_without_number")
            return False
        if self._requested <= number <= self._newest:
            return False
        self._dispatch.take(update)
        self._newest = number
        return True

    def _pass_over(self, number: int | None) -> bool:
        """Leaves out an unreadable update; False if it is none that can come now."""
        number = number_of({"update_id": number})
        if number is None or number < self._requested:
            return False
        self._dispatch.pass_over("update_unreadable", number)
        self._newest = number
        return True

    def _offset(self) -> int:
        """Returns the lowest unfinished number: to request from it acknowledges all below."""
        return min(self._dispatch.in_progress, default=self._newest + 1)

    async def _wait(self, new: int) -> None:
        """Waits until Telegram would hand out more, but not for long."""
        self._without_new = 0 if new else self._without_new + 1
        is_backlog = new > _MOST_UPDATES // 2
        seconds = _WAITS.longest if is_backlog else _WAITS.pause(self._without_new + 1)
        if oldest := [*self._dispatch.in_progress.values()][: _MOST_UPDATES // 2]:
            await asyncio.wait(oldest, timeout=seconds)
        elif not new:
            await self._sleep(seconds)  # the answer held nothing, or only what is finished

    async def _fetch(self, seconds: int, limit: int) -> list[Any]:
        """Requests updates, for which Telegram waits for so many seconds while there are none."""
        self._requested = self._offset()
        updates = await self._client.call(
            "getUpdates",
            {
                "offset": self._requested or None,
                "limit": limit,
                "timeout": seconds,
                "allowed_updates": ALLOWED_UPDATES,
            },
            timeout=seconds + _GRACE_SECONDS,
            after=self._newest,  # in a crowd most came before, and are under way
        )
        if not isinstance(updates, list):
            raise AnswerUnreadable("The answer is not a list of updates")
        return updates

    async def _recover(self, error: TelegramError) -> None:
        kind, event = error_kind(error), "polling_failed"
        is_webhook = "webhook is active" in str(error).lower()
        if kind is ErrorKind.UNAUTHORISED:
            event = "token_denied"
            await self._token.denied()
        elif kind is ErrorKind.CONFLICT and is_webhook and not self._webhook_removed:
            # It is an old one of ours; a later one is not ours.
            if await self._remove_webhook():
                return
        elif kind is ErrorKind.CONFLICT:
            event = "token_used_elsewhere"
            self._second_poller.note()
        self._failures += 1
        seconds = max(_PAUSES.pause(self._failures), seconds_to_wait(error))
        _log.warning(event, error_kind=kind, kind=type(error).__name__, seconds=seconds)
        await self._sleep(seconds)

    async def _remove_webhook(self) -> bool:
        """Removes the webhook, keeping its pending updates; tells whether that worked."""
        try:
            await self._client.call("deleteWebhook", {"drop_pending_updates": False})
        except TelegramError as failure:
            _log.warning("webhook_not_removed", error_kind=error_kind(failure))
            return False
        self._webhook_removed = True
        _log.warning("webhook_removed")
        return True
