"""Answers to what is stored: given at once, and again until Telegram takes them.

An answer is all that is left to do once the deed of an update is committed. Its update waits
for it a little, since a restart forgets what is owed; but one chat whose calls fail or hang must
not keep everybody's updates from being acknowledged. What is owed makes way for the answer to
something newer, and for nothing else. Whatever is given up, the person's next tap shows the screen
all the same: `docs/decisions/owed-answers.md`.
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

from bot.intake import holds_others_up
from bot.tracebacks import kind_of, place_of
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from storage import Unavailable

_log = structlog.stdlib.get_logger()

Answer = Callable[[], Awaitable[object]]

LONGEST_WAIT: Final = 3.0
"""So many seconds an update waits at most for what Telegram is asked to do."""

# What passes by itself. Whether the token is denied for good is for the polling to find out.
PASSING: Final = frozenset(
    {
        ErrorKind.RETRY,
        ErrorKind.UNKNOWN,
        ErrorKind.CONFLICT,
        ErrorKind.WAIT,
        ErrorKind.UNAUTHORISED,
    }
)
# What no repetition mends and nobody needs to be told: the person is gone, or was answered.
OVER: Final = frozenset({ErrorKind.UNREACHABLE, ErrorKind.GONE, ErrorKind.EXPIRED})

# Between two tries, in seconds; each pause is twice as long as the one before.
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
# After what Telegram says, or the turn that was given.
_A_LITTLE_LATER: Final = 0.5
# Whoever has had no answer for so long has left the chat, or tapped again.
_OWED_FOR: Final = 600.0
_MOST_CHATS: Final = 3_000
# So many are given at once for the first time before the oldest gives way, if it is that old.
_AT_ONCE: Final = 300
_OLD: Final = 1.0
# So many are tried again at once, and for so long: what hangs takes few connections.
_AGAIN_AT_ONCE: Final = 50
_LONGEST_TRY: Final = 10.0
# How often an update that waits looks whether it is in the way of others, in seconds.
_LOOK: Final = 0.05


# How long the update being handled has waited for Telegram, where somebody counts it.
_waited: ContextVar[float | None] = ContextVar("waited", default=None)

_Key = tuple[Hashable, str | None]


@dataclass(slots=True, eq=False)
class _Owed:
    """An answer that is being given, or will be.

    Attributes:
        answer: gives it.
        again: gives it once that has failed.
        begun: when it was to be given first.
        since: when the last try began.
        tried: done when that has ended, one way or the other.
        tries: how many have failed.
        due: when it is tried again.
        is_left: whether its update has ended without it, so that nobody hears of a failure.
        is_apology: whether it says that another could not be given.
        task: gives it; None while it makes way.
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
        """Notes that a try has come to nothing, and when there is another."""
        self.tries += 1
        self.due = due
        self.answer = self.again
        _end(self.tried)


class DelayedReplies:
    """Gives each chat the newest of its answers.

    Args:
        sleep: waits for that many seconds.
        clock: seconds, monotonic.
        in_the_way: whether the update being handled should not wait any longer.
        longest_wait: seconds that an update waits for its answers.
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
        """How many answers are owed, those included that are being given."""
        return len(self._owed)

    def apologise_with(self, apology: Callable[[Hashable, Exception], Answer | None]) -> None:
        """Has something else given where an answer breaks that no update waits for any more.

        Args:
            apology: is told whose answer broke, and of what; returns what is given instead.
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
        """Gives an answer to what is stored; returns once it is given, or will be given later.

        Args:
            chat: whose answer it is; an older one that is still owed is forgotten.
            answer: gives it.
            again: gives it later, as things stand then; without it, `answer` does.
            beside: what it is, when it stands for nothing else: then it takes the place of an
                older one of this name alone.

        Raises:
            Unavailable: the database is away, and the update is to be handled again.
            Exception: a mistake, or Telegram's refusal of what is sent.
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
        """Lets something newer of a chat be handled without what is owed to it coming between.

        What is on its way may end first. What is owed still is owed afterwards as well, unless
        the newer was answered.
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
        """Owes this chat nothing any more."""
        self._drop((chat, None))

    def forget(self) -> None:
        """Owes nobody anything any more: the process is ending."""
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
        """Keeps what is owed from being given; what is cut off by it has failed."""
        if self._owed.get(key) is not owed or owed.task is None or owed.task.done():
            return
        owed.task.cancel()
        owed.task = None
        self._due.pop(key, None)
        if not owed.tried.done():
            owed.failed(self._clock() + _backing_off(owed.tries))

    async def _wait_for(self, owed: _Owed) -> None:
        """Waits for the running try to end, while that is in nobody's way."""
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
            except Exception as error:
                if not self._is_tried_again(key, owed, error):
                    return

    def _is_tried_again(self, key: _Key, owed: _Owed, error: Exception) -> bool:
        """Decides what becomes of an answer that failed.

        Raises:
            Exception: the error itself, where its update can still hear of it.
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
        _log.error("owed_answer_failed", kind=kind_of(error), place=place_of(error))
        apology = None if owed.is_apology else self._apology(key[0], error)
        if apology is None:
            return False
        owed.again, owed.is_apology = apology, True
        owed.failed(self._clock())
        return True

    def _is_owed_later(self, owed: _Owed, pause: float) -> bool:
        """Whether it is worth trying again; makes room for it, where another is due later."""
        due, tries = self._clock() + pause, owed.tries + 1
        if due - owed.begun > _OWED_FOR:
            _log.warning("owed_answer_given_up", attempt=tries)
            return False
        if len(self._due) >= _MOST_CHATS:
            latest = max(self._due, key=self._due.__getitem__)
            _log.warning("owed_answer_given_up", waiting=len(self._due))
            if self._due[latest] <= due:
                return False
            self._drop(latest)
        _log.info("answer_owed", seconds=pause, attempt=tries)
        return True

    @asynccontextmanager
    async def _room(self, owed: _Owed) -> AsyncIterator[None]:
        """Keeps answers that hang from taking the connections of all others."""
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
            return  # it made way, and is owed still
        if self._owed.get(key) is owed:
            del self._owed[key]
            self._due.pop(key, None)
        _end(owed.tried)
        if not done.cancelled():
            done.exception()  # raised to its update, by `tell`


def _none(_chat: Hashable, _error: Exception) -> None:
    """Stands for the apology where there is none."""


def _passes_or_is_over(error: Exception) -> bool:
    if isinstance(error, TelegramError):
        return error_kind(error) in PASSING | OVER
    return isinstance(error, Unavailable | TimeoutError)  # the database is away, or it hung


def _pause_after(error: Exception, tries: int) -> float | None:
    """Returns the seconds until it is tried again; None when nothing is owed any more."""
    kind = error_kind(error) if isinstance(error, TelegramError) else None
    if kind in OVER:
        _log.info("not_shown", remedy=kind)
        return None
    if kind is ErrorKind.WAIT:
        return seconds_to_wait(error) + _A_LITTLE_LATER
    return _backing_off(tries)


def _backing_off(tries: int) -> float:
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**tries)


def _end(tried: asyncio.Future[None]) -> None:
    if not tried.done():
        tried.set_result(None)
