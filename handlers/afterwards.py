"""Answers to what is stored: given at once, and again until Telegram takes them.

An answer is all that is left to do once the deed of an update is committed. Its update waits
for it a little, since a restart forgets what is owed; but one chat whose calls fail or hang must
not keep everybody's updates from being acknowledged. Whatever is given up, the person's next tap
shows the screen all the same: `docs/decisions/owed-answers.md`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from telegram.error import TelegramError

from bot.intake import holds_others_up
from bot.traces import kind_of, place_of
from bot.transport.outcome import Remedy, remedy, seconds_to_wait
from storage import Unavailable

_log = structlog.stdlib.get_logger()

Answer = Callable[[], Awaitable[object]]

LONGEST_WAIT: Final = 3.0
"""So many seconds an update waits at most for what Telegram is asked to do."""

# What passes by itself. Whether the token is denied for good is for the polling to find out.
PASSING: Final = frozenset(
    {Remedy.RETRY, Remedy.UNKNOWN, Remedy.CONFLICT, Remedy.WAIT, Remedy.UNAUTHORISED}
)
# What no repetition mends and nobody needs to be told: the person is gone, or was answered.
OVER: Final = frozenset({Remedy.UNREACHABLE, Remedy.GONE, Remedy.EXPIRED})

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


@dataclass(slots=True, eq=False)
class _Owed:
    """An answer that is being given, or will be.

    Attributes:
        begun: when it was to be given first.
        tried: done when that has ended, one way or the other.
        is_left: whether its update has ended without it, so that nobody hears of a failure.
    """

    begun: float
    tried: asyncio.Future[None] = field(repr=False)
    is_left: bool = False
    task: asyncio.Task[None] | None = None


class Afterwards:
    """Gives each chat the newest of its answers.

    Args:
        sleep: waits for that many seconds.
        clock: seconds, monotonic.
        in_the_way: whether the update being handled should not wait any longer.
        longest_wait: seconds that an update waits for its answer.
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
        self._owed: dict[Hashable, _Owed] = {}
        self._due: dict[Hashable, float] = {}
        self._first_tries: dict[asyncio.Timeout, float] = {}
        self._again = asyncio.Semaphore(_AGAIN_AT_ONCE)

    def __len__(self) -> int:
        """How many chats are owed an answer, those included that are being given one."""
        return len(self._owed)

    async def tell(self, chat: Hashable, answer: Answer, again: Answer | None = None) -> None:
        """Gives an answer to what is stored; returns once it is given, or will be given later.

        Args:
            chat: whose answer it is; an older one that is still owed is forgotten.
            answer: gives it.
            again: gives it later, as things stand then; without it, `answer` does.

        Raises:
            Unavailable: the database is away, and the update is to be handled again.
            Exception: a mistake, or Telegram's refusal of what is sent.
        """
        self.drop(chat)
        owed = _Owed(self._clock(), asyncio.get_running_loop().create_future())
        self._owed[chat] = owed
        owed.task = asyncio.create_task(self._give(chat, owed, answer, again or answer))
        owed.task.add_done_callback(lambda done: self._given(chat, owed, done))
        try:
            await self._wait_for(owed)
        finally:
            owed.is_left = not owed.task.done()
        if owed.task.done() and not owed.task.cancelled():
            owed.task.result()

    async def make_way(self, chat: Hashable) -> None:
        """Lets an answer end that is being given, and forgets it: something newer comes."""
        owed = self._owed.get(chat)
        if owed is not None:
            await self._wait_for(owed)
            self.drop(chat)

    def drop(self, chat: Hashable) -> None:
        """Owes this chat nothing any more."""
        owed = self._owed.pop(chat, None)
        self._due.pop(chat, None)
        if owed is not None and owed.task is not None:
            owed.task.cancel()

    def forget(self) -> None:
        """Owes nobody anything any more: the process is ending."""
        for chat in tuple(self._owed):
            self.drop(chat)

    async def _wait_for(self, owed: _Owed) -> None:
        """Waits for the first try to end, while that is in nobody's way."""
        while not owed.tried.done():
            left = owed.begun + self._longest_wait - self._clock()
            if left <= 0 or self._in_the_way():
                return
            await asyncio.wait({owed.tried}, timeout=min(left, _LOOK))

    async def _give(self, chat: Hashable, owed: _Owed, answer: Answer, again: Answer) -> None:
        tries = 0
        while True:
            try:
                async with self._room(is_first=tries == 0):
                    await answer()
                return
            except (TelegramError, Unavailable, TimeoutError) as error:
                if isinstance(error, Unavailable) and tries == 0 and not owed.is_left:
                    raise
                pause = _pause_after(error, tries)
            tries += 1
            if pause is None or not self._is_owed_later(owed, pause, tries):
                return
            self._due[chat] = self._clock() + pause
            _tried(owed)
            await self._sleep(pause)
            self._due.pop(chat, None)
            answer = again

    def _is_owed_later(self, owed: _Owed, pause: float, tries: int) -> bool:
        """Whether it is worth trying again; makes room for it, where another is due later."""
        due = self._clock() + pause
        if due - owed.begun > _OWED_FOR:
            _log.warning("owed_answer_given_up", attempt=tries)
            return False
        if len(self._due) >= _MOST_CHATS:
            latest = max(self._due, key=self._due.__getitem__)
            _log.warning("owed_answer_given_up", waiting=len(self._due))
            if self._due[latest] <= due:
                return False
            self.drop(latest)
        _log.info("answer_owed", seconds=pause, attempt=tries)
        return True

    @asynccontextmanager
    async def _room(self, *, is_first: bool) -> AsyncIterator[None]:
        """Keeps answers that hang from taking the connections of all others."""
        if not is_first:
            async with self._again, asyncio.timeout(_LONGEST_TRY):
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

    def _given(self, chat: Hashable, owed: _Owed, done: asyncio.Task[None]) -> None:
        if self._owed.get(chat) is owed:
            del self._owed[chat]
            self._due.pop(chat, None)
        _tried(owed)
        if done.cancelled() or (error := done.exception()) is None:
            return
        if owed.is_left:
            _log.error("owed_answer_failed", kind=kind_of(error), place=place_of(error))


def _pause_after(error: Exception, tries: int) -> float | None:
    """Returns the seconds until it is tried again; None when nothing is owed any more.

    Raises:
        Exception: the error itself, when no waiting mends it.
    """
    backing_off = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**tries)
    if not isinstance(error, TelegramError):
        return backing_off  # the database is away, or it hung
    kind = remedy(error)
    if kind in OVER:
        _log.info("not_shown", remedy=kind)
        return None
    if kind is Remedy.WAIT:
        return seconds_to_wait(error) + _A_LITTLE_LATER
    if kind in PASSING:
        return backing_off
    raise error


def _tried(owed: _Owed) -> None:
    if not owed.tried.done():
        owed.tried.set_result(None)
