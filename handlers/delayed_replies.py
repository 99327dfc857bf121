"""Sends the replies to updates whose changes are committed, and repeats those that fail.

An update waits a short time for its reply, since pending replies are lost in a restart; but one
chat whose calls fail or hang must not delay the acknowledging of everybody's updates. Only a
newer reply of the same chat replaces a pending one. If a reply is given up, the person's next
tap shows the screen all the same: `docs/decisions/owed-answers.md`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

import structlog
from telegram.error import TelegramError

from bot.back_off import BackOff
from bot.intake import holds_others_up
from bot.tracebacks import kind_of, place_of
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from storage import Unavailable

_log = structlog.stdlib.get_logger()

Answer = Callable[[], Awaitable[object]]

LONGEST_WAIT: Final = 3.0
"""The longest that an update waits for calls of Telegram, in seconds."""

# Errors that pass by themselves. Whether the token is revoked is for the polling to find out.
PASSING: Final = frozenset(
    {
        ErrorKind.RETRY,
        ErrorKind.UNKNOWN,
        ErrorKind.CONFLICT,
        ErrorKind.WAIT,
        ErrorKind.UNAUTHORISED,
    }
)
# Errors that no retry fixes and nobody needs to hear of: the chat, message or tap is gone.
OVER: Final = frozenset({ErrorKind.UNREACHABLE, ErrorKind.GONE, ErrorKind.EXPIRED})

# Seconds between two tries.
_PAUSES: Final = BackOff(0.5, longest=60.0)
# Seconds added to the wait that Telegram or the rate limiter asks for.
_A_LITTLE_LATER: Final = 0.5
# Seconds after which a reply is given up: the person has left, or tapped again.
_OWED_FOR: Final = 600.0
_MOST_CHATS: Final = 3_000
# First tries that may run at once; beyond that the oldest is cut off if it is `_OLD` seconds old.
_AT_ONCE: Final = 300
_OLD: Final = 1.0
# Retries that may run at once, and seconds for each: hanging calls take few connections.
_AGAIN_AT_ONCE: Final = 50
_LONGEST_TRY: Final = 10.0
# Seconds between two checks of whether a waiting update holds up others.
_LOOK: Final = 0.05


# Seconds that the current update has waited for Telegram; None outside of `making_way`.
_waited: ContextVar[float | None] = ContextVar("waited", default=None)

_Key = tuple[Hashable, str | None]


@dataclass(slots=True, eq=False)
class _Owed:
    """A reply that is being sent, or will be.

    Attributes:
        answer: sends it.
        again: sends it after a failure.
        begun: when `tell` was called.
        since: when the last try began.
        tried: done when that try has ended, however it ended.
        tries: how many tries have failed.
        due: when it is tried again.
        is_left: whether its update ended before it, so that no caller hears of a failure.
        is_apology: whether it says that another reply failed.
        task: sends it; None while a newer update of its chat is handled.
    """

    answer: Answer
    again: Answer
    begun: float
    since: float
    tried: asyncio.Future[None] = field(repr=False)
    tries: int = 0
    due: float | None = None
    is_left: bool = False
    is_apology: bool = False
    task: asyncio.Task[None] | None = None

    def failed(self, due: float) -> None:
        """Counts a failed try and sets when the next one is due."""
        self.tries += 1
        self.due = due
        self.answer = self.again
        _end(self.tried)


class DelayedReplies:
    """Sends each chat the newest of its replies.

    Args:
        sleep: waits for that many seconds.
        clock: seconds, monotonic.
        in_the_way: tells whether the current update holds up others and must stop waiting.
        longest_wait: seconds that an update waits for its replies.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        in_the_way: Callable[[], bool] = holds_others_up,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._in_the_way = in_the_way
        self._longest_wait = longest_wait
        self._apology: Callable[[Hashable, Exception], Answer | None] = _none
        self._owed: dict[_Key, _Owed] = {}
        self._due: dict[_Key, float] = {}
        self._first_tries: dict[asyncio.Timeout, float] = {}
        self._again = asyncio.Semaphore(_AGAIN_AT_ONCE)

    def __len__(self) -> int:
        """Returns the number of pending replies, including those being sent."""
        return len(self._owed)

    def apologise_with(self, apology: Callable[[Hashable, Exception], Answer | None]) -> None:
        """Sets what is sent when a reply fails for good after its update has ended.

        Args:
            apology: takes the chat and the error; returns the reply to send instead, or None.
        """
        self._apology = apology

    async def tell(
        self,
        chat: Hashable,
        answer: Answer,
        again: Answer | None = None,
        *,
        beside: str | None = None,
    ) -> None:
        """Sends a reply; returns once it is sent, or left to be sent later.

        Args:
            chat: the chat; an older pending reply of it is dropped.
            answer: sends the reply.
            again: sends it at a later try, with the state of then; by default `answer`.
            beside: a name for a reply that is not the screen: it replaces only a pending reply
                of the same name.

        Raises:
            Unavailable: the database is unavailable; the update is to be handled again.
            Exception: a bug, or Telegram refused the content.
        """
        key, now = (chat, beside), self._clock()
        self._drop(key)
        tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        owed = self._owed[key] = _Owed(answer, again or answer, now, now, tried)
        task = self._start(key, owed)
        try:
            await self._wait_for(owed)
        finally:
            owed.is_left = not task.done()
        if task.done() and not task.cancelled():
            task.result()

    @asynccontextmanager
    async def making_way(self, chat: Hashable) -> AsyncIterator[None]:
        """Holds back the pending reply of a chat while a newer update of it is handled.

        A try that is running may end first, within the usual wait. Afterwards the reply is
        pending again, unless the newer update was replied to.
        """
        counting = _waited.set(0.0)
        key = (chat, None)
        owed = self._owed.get(key)
        try:
            if owed is not None:
                await self._wait_for(owed)
                self._hold(key, owed)
            yield
        finally:
            _waited.reset(counting)
            if owed is not None and owed.task is None and self._owed.get(key) is owed:
                self._start(key, owed)

    def drop(self, chat: Hashable) -> None:
        """Drops the pending reply of this chat; those sent `beside` stay."""
        self._drop((chat, None))

    def forget(self) -> None:
        """Drops all pending replies, at the end of the process."""
        for key in tuple(self._owed):
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        owed = self._owed.pop(key, None)
        self._due.pop(key, None)
        if owed is not None and owed.task is not None:
            owed.task.cancel()

    def _start(self, key: _Key, owed: _Owed) -> asyncio.Task[None]:
        task = owed.task = asyncio.create_task(self._give(key, owed))
        task.add_done_callback(lambda done: self._given(key, owed, done))
        return task

    def _hold(self, key: _Key, owed: _Owed) -> None:
        """Cancels the sending of a reply but keeps it pending; a try cut off counts as failed."""
        if self._owed.get(key) is not owed or owed.task is None or owed.task.done():
            return
        owed.task.cancel()
        owed.task = None
        self._due.pop(key, None)
        if not owed.tried.done():
            owed.failed(self._clock() + _PAUSES.pause(owed.tries + 1))

    async def _wait_for(self, owed: _Owed) -> None:
        """Waits for the running try to end, within the time limit and while it delays nobody."""
        tried, begun, waited = owed.tried, self._clock(), _waited.get()
        end = min(owed.since, begun - (waited or 0.0)) + self._longest_wait
        while not tried.done():
            left = end - self._clock()
            if left <= 0 or self._in_the_way():
                break
            await asyncio.wait({tried}, timeout=min(left, _LOOK))
        if waited is not None:
            _waited.set(waited + self._clock() - begun)

    async def _give(self, key: _Key, owed: _Owed) -> None:
        while True:
            if owed.due is not None:
                self._due[key] = owed.due
                await self._sleep(max(0.0, owed.due - self._clock()))
                self._due.pop(key, None)
            try:
                async with self._room(owed):
                    await owed.answer()
                return
            except Exception as error:  # raised, logged or tried again, by what kind it is
                if not self._is_tried_again(key, owed, error):
                    return

    def _is_tried_again(self, key: _Key, owed: _Owed, error: Exception) -> bool:
        """Decides whether a reply that failed is tried again.

        Raises:
            Exception: the error itself, while the reply's update still waits for it.
        """
        if isinstance(error, Unavailable) and owed.tries == 0 and not owed.is_left:
            raise error
        if not _passes_or_is_over(error):
            return self._is_apologised_for(key, owed, error)
        pause = _pause_after(error, owed.tries)
        if pause is None or not self._is_owed_later(owed, pause):
            return False
        owed.failed(self._clock() + pause)
        return True

    def _is_apologised_for(self, key: _Key, owed: _Owed, error: Exception) -> bool:
        if not owed.is_left:
            raise error
        _log.error("delayed_reply_failed", kind=kind_of(error), place=place_of(error))
        apology = None if owed.is_apology else self._apology(key[0], error)
        if apology is None:
            return False
        owed.again, owed.is_apology = apology, True
        owed.failed(self._clock())
        return True

    def _is_owed_later(self, owed: _Owed, pause: float) -> bool:
        """Returns whether to try again; drops the reply that is due last if there are too many."""
        due, tries = self._clock() + pause, owed.tries + 1
        if due - owed.begun > _OWED_FOR:
            _log.warning("delayed_reply_given_up", attempt=tries)
            return False
        if len(self._due) >= _MOST_CHATS:
            latest = max(self._due, key=self._due.__getitem__)
            _log.warning("delayed_reply_given_up", waiting=len(self._due))
            if self._due[latest] <= due:
                return False
            self._drop(latest)
        _log.info("reply_delayed", seconds=pause, attempt=tries)
        return True

    @asynccontextmanager
    async def _room(self, owed: _Owed) -> AsyncIterator[None]:
        """Limits how many replies are tried at once, so that hanging ones do not block others."""
        if owed.tries > 0:
            async with self._again, asyncio.timeout(_LONGEST_TRY):
                owed.since = self._clock()
                owed.tried = asyncio.get_running_loop().create_future()
                yield
            return
        async with asyncio.timeout(None) as limit:
            self._first_tries[limit] = self._clock()
            self._cut_the_oldest()
            try:
                yield
            finally:
                self._first_tries.pop(limit, None)

    def _cut_the_oldest(self) -> None:
        if len(self._first_tries) <= _AT_ONCE:
            return
        limit, begun = next(iter(self._first_tries.items()))
        if self._clock() - begun >= _OLD:
            del self._first_tries[limit]
            limit.reschedule(asyncio.get_running_loop().time())

    def _given(self, key: _Key, owed: _Owed, done: asyncio.Task[None]) -> None:
        if owed.task is not done:
            return  # held back, and still pending
        if self._owed.get(key) is owed:
            del self._owed[key]
            self._due.pop(key, None)
        _end(owed.tried)
        if not done.cancelled():
            done.exception()  # marks it as retrieved; `tell` raises it


def _none(_chat: Hashable, _error: Exception) -> None:
    """Returns no apology; the default of `DelayedReplies`."""


def _passes_or_is_over(error: Exception) -> bool:
    if isinstance(error, TelegramError):
        return error_kind(error) in PASSING | OVER
    return isinstance(error, Unavailable | TimeoutError)  # database unavailable, or timed out


def _pause_after(error: Exception, tries: int) -> float | None:
    """Returns the seconds until the next try; None when there is to be none."""
    kind = error_kind(error) if isinstance(error, TelegramError) else None
    if kind in OVER:
        _log.info("screen_not_shown", error_kind=kind)
        return None
    if kind is ErrorKind.WAIT:
        return seconds_to_wait(error) + _A_LITTLE_LATER
    return _PAUSES.pause(tries + 1)


def _end(tried: asyncio.Future[None]) -> None:
    if not tried.done():
        tried.set_result(None)
