"""Fetches updates by long polling; the offset moves only past updates that were handled."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from telegram.error import TelegramError

from bot.back_off import BackOff
from bot.intake.dispatcher import Dispatcher, is_number, is_numbered
from bot.periodic import is_cancelled
from bot.text.terminal_language import TerminalError, label
from bot.tracebacks import kind_of, place_of
from bot.transport.client import TelegramClient
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from bot.transport.errors import AnswerUnreadable, ResponseLost

_log = structlog.stdlib.get_logger()

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_LONG_POLL_SECONDS = 25  # for which Telegram keeps a request open
_GRACE_SECONDS = 10.0  # after which an answer is given up
_MOST_UPDATES = 100  # Telegram's maximum

# While an update is in progress, Telegram answers at once with what it has sent already. So the
# next poll waits until all are finished, but not for long, since new updates may be behind a slow
# one, and in a crowd a new tap waits for the next poll. The wait grows as long as nothing new
# comes; also where a server answers without waiting for as long as it was asked to.
_WAITS = BackOff(0.02, longest=0.25)
# Seconds after a request that failed: one cut connection keeps nobody waiting, and a token that is
# denied is known as such soon after a minute of it.
_PAUSES = BackOff(0.125, longest=15.0)
# Seconds for which Telegram has to deny the token: a proxy's hiccup is over by then.
_DENIED_FOR = 60.0
# Seconds for which somebody else has to poll until it is told.
_ELSEWHERE_FOR = 60.0


class TokenUnknown(TerminalError):
    """Telegram does not know the token; at first a proxy's hiccup looks the same, and may pass."""

    def __init__(self) -> None:
        super().__init__(
            label("Telegram no conoce ese token. Cópialo otra vez de @BotFather (/token), entero.")
        )


class OffsetTracker:
    """Holds the updates from the last requested offset to the newest one, and what ends with each.

    They are a few hundred at most, since Telegram hands out a hundred at a time. Those that are
    finished are remembered too, since an answer from Telegram in flight may still contain them.
    """

    def __init__(self) -> None:
        self._taken: dict[int, asyncio.Future[None]] = {}
        self._newest = -1

    @property
    def offset(self) -> int | None:
        """The lowest unfinished number; requesting from it acknowledges all below."""
        unfinished = [number for number in self._taken if not self._is_finished(number)]
        return min(unfinished, default=None if self._newest < 0 else self._newest + 1)

    def knows(self, number: int) -> bool:
        """Tells whether the number was taken."""
        return number in self._taken

    def take(self, number: int, done: asyncio.Future[None]) -> None:
        """Takes a number that is not known; it is finished with `done`, unless that is cancelled.

        After a quiet week Telegram may go on from any number, even a lower one. Then the newest is
        the one that came last, or the offset would stay beyond all that comes.
        """
        if number < self._newest and all(map(self._is_finished, self._taken)):
            self._taken, self._newest = {}, number
        self._newest = max(self._newest, number)
        self._taken[number] = done

    def ask(self) -> int | None:
        """Returns the offset for the next request, and forgets the numbers below it.

        They can come neither in its answer nor in an earlier one, as long as requests are made
        one at a time.
        """
        floor = self.offset
        if floor is not None:
            self._taken = {each: done for each, done in self._taken.items() if each >= floor}
        return floor

    def _is_finished(self, number: int) -> bool:
        done = self._taken[number]
        return done.done() and not done.cancelled()


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
        if now - self._last > _ELSEWHERE_FOR:
            self._since = now
            if self._reporting is not None and self._reporting.done():
                self._reporting = None
        self._last = now
        if self._reporting is None and now - self._since > _ELSEWHERE_FOR:
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


class Polling:
    """Fetches updates for the dispatcher until it is stopped.

    When somebody else has polled for over a minute, `report_second_poller` is called.
    """

    def __init__(
        self,
        client: TelegramClient,
        dispatch: Dispatcher,
        *,
        report_second_poller: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._dispatch = dispatch
        self._offsets = OffsetTracker()
        self._clock = clock
        self._second_poller = SecondPoller(clock, report_second_poller)
        self._sleep = sleep
        self._stopping = False
        self._webhook_removed = False
        self._polling: asyncio.Task[None] | None = None
        self._failures = 0
        self._without_new = 0
        self._denied_since: float | None = None
        self._limit = _MOST_UPDATES

    async def run(self) -> None:
        """Polls until `stop` is called.

        Raises:
            TokenUnknown: Telegram has denied the token for a minute.
        """
        try:
            while not self._stopping:
                self._polling = asyncio.create_task(self._poll())
                try:
                    await self._polling
                except asyncio.CancelledError:
                    if is_cancelled():
                        raise
                if not self._stopping:
                    # A stray cancellation, out of something that it awaited.
                    _log.warning("polling_restarted")
                    await self._sleep(_PAUSES.first)
        finally:
            self._second_poller.stop()

    def stop(self) -> None:
        """Ends the polling at once; running handlers go on."""
        self._stopping = True
        if self._polling is not None:
            self._polling.cancel()

    async def acknowledge(self) -> None:
        """Tells Telegram what was handled; to be called once the dispatcher is drained."""
        if self._offsets.offset is None:
            return
        try:
            await self._fetch(long_poll=0, limit=1, timeout=1.5)
        except TelegramError as error:
            # The updates come again after the next start; every handler is safe to repeat.
            _log.warning("updates_not_acknowledged", error_kind=error_kind(error))

    async def _poll(self) -> None:
        while True:
            busy = self._dispatch.in_progress > 0
            try:
                updates = await self._fetch(
                    long_poll=0 if busy else _LONG_POLL_SECONDS,
                    limit=self._limit,
                    timeout=_LONG_POLL_SECONDS + _GRACE_SECONDS,
                )
            except TelegramError as error:
                if not self._skip_or_shrink(error, busy):
                    await self._recover(error)
                continue
            self._failures, self._denied_since = 0, None
            # Even when none is new, since new ones may be behind the unfinished ones.
            self._limit = min(self._limit * 2, _MOST_UPDATES)
            await self._wait_for_room(new=sum(map(self._take, updates)))

    def _take(self, update: object) -> bool:
        """Gives an update to the dispatcher unless it is known; tells whether it was new."""
        if not is_numbered(update):
            self._dispatch.take(update)
            return False
        if self._offsets.knows(update["update_id"]):
            return False
        self._offsets.take(update["update_id"], self._dispatch.take(update))
        return True

    async def _wait_for_room(self, new: int) -> None:
        if new > _MOST_UPDATES // 2:
            # A backlog: fetch more as soon as half of what Telegram hands out is finished.
            self._without_new = 0
            await self._dispatch.wait_until_at_most(_MOST_UPDATES // 2, _WAITS.longest)
            return
        self._without_new = 0 if new else self._without_new + 1
        wait = _WAITS.pause(self._without_new + 1)
        if self._dispatch.in_progress:
            await self._dispatch.wait_until_at_most(0, wait)
        elif not new:
            await self._sleep(wait)  # the answer held nothing, or only what is finished: no hurry

    async def _fetch(self, *, long_poll: int, limit: int, timeout: float) -> list[Any]:
        updates = await self._client.call(
            "getUpdates",
            {
                "offset": self._offsets.ask(),
                "limit": limit,
                "timeout": long_poll,
                "allowed_updates": ALLOWED_UPDATES,
            },
            timeout=timeout,
        )
        if not isinstance(updates, list):
            raise AnswerUnreadable("The answer is not a list of updates")
        return updates

    def _skip_or_shrink(self, error: Exception, busy: bool) -> bool:
        """Requests fewer updates after a lost answer, and passes over an unreadable update.

        Only an answer with one update, requested while none was in progress, shows which one is
        unreadable: Telegram begins each answer with the oldest that is not acknowledged. Tells
        whether polling can go on without a pause.
        """
        limit = self._limit
        if isinstance(error, ResponseLost):
            self._limit = max(limit // 2, 1)
        if not isinstance(error, AnswerUnreadable):
            return False
        if limit > 1:
            return True
        number = None if busy else error.update_id
        if not is_number(number) or number < (self._offsets.offset or 0):
            return False
        self._offsets.take(number, self._dispatch.pass_over("update_unreadable", number))
        return True

    async def _recover(self, error: TelegramError) -> None:
        kind, event = error_kind(error), "polling_failed"
        if kind is ErrorKind.UNAUTHORISED:
            event = "token_denied"
            await self._check_token()
        elif kind is ErrorKind.CONFLICT and self._is_our_webhook(error):
            if await self._remove_webhook():
                return
        elif kind is ErrorKind.CONFLICT:
            event = "token_used_elsewhere"
            self._second_poller.note()
        self._failures += 1
        seconds = max(_PAUSES.pause(self._failures), seconds_to_wait(error))
        _log.warning(event, error_kind=kind, kind=type(error).__name__, seconds=seconds)
        await self._sleep(seconds)

    async def _check_token(self) -> None:
        """Raises TokenUnknown where the token has been denied for a minute, and still is."""
        if self._denied_since is None:
            self._denied_since = self._clock()
        if self._clock() - self._denied_since < _DENIED_FOR:
            return
        try:
            await self._client.call("getMe")
        except TelegramError as error:
            if error_kind(error) is ErrorKind.UNAUTHORISED:
                raise TokenUnknown from None

    def _is_our_webhook(self, error: TelegramError) -> bool:
        """Tells whether an old webhook of ours keeps the updates; a later one is not ours."""
        return not self._webhook_removed and "webhook is active" in str(error).lower()

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
