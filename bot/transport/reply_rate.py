"""Limits how fast replies that are new messages leave, and tells chats when to come back.

A wait in a handler would keep the update from being acknowledged, and Telegram hands out no more
than a hundred of those: a waiting crowd would keep everybody else from being answered at all. So
those who would wait long are given a time to come back, in the order in which they came.

Times are in seconds, rates in new messages a second, of which a burst may leave at once after a
quiet time; where times are passed in, the clock is the caller's.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.transport.rate_limiter import SlotLimiter
from bot.transport.recent_calls import Chat

# After a 429: the share of the rate that is kept, and the share of the ceiling that is regained
# each second.
_KEPT = 0.7
_REGAINED = 0.005
_LOWEST_SHARE = 0.02

# A chat waits in the line when it is no longer than this.
_SHORT = 1.0
# Whoever has waited for this long goes first, whatever their rank.
_LONGEST_BEHIND = 3.0
# How much too early a chat may come back.
_EARLY = 0.1
# A chat that was let in may send for this long without coming back, since a reply may be several
# messages.
_INSIDE = 5.0
# A chat that has not come back after this time is forgotten.
_FORGOTTEN = 60.0
# How long somebody whose slot has just come waits again for those who go before.
_MOMENT = 0.001

# The ranks of those who wait, from the first to the last; in between, how many messages they had.
FIRST, LAST = -1, 6


class ReplyRate:
    """The rate of replies, which falls with each overall refusal and slowly recovers."""

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._kept = ceiling
        self._slowed_at = 0.0

    def rate(self, now: float) -> float:
        """Returns the present rate in messages a second."""
        if self._kept >= self._ceiling:
            return self._ceiling
        regained = self._ceiling * _REGAINED * max(0.0, now - self._slowed_at)
        return min(self._ceiling, self._kept + regained)

    def slow_down(self, now: float) -> None:
        """Lowers the rate after a refusal."""
        self._kept = max(self._ceiling * _LOWEST_SHARE, self.rate(now) * _KEPT)
        self._slowed_at = now


class ReplyQueue:
    """Gives chats times to come back, so that no more come at a time than the rate allows."""

    def __init__(self, rate: float, burst: int) -> None:
        self._times = SlotLimiter(rate, burst)
        self._given: dict[Chat, float] = {}
        self._inside: dict[Chat, float] = {}

    def __len__(self) -> int:
        return len(self._given) + len(self._inside)

    def come_back_in(self, chat: Chat, now: float, rate: float) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        let_in = self._inside.get(chat)
        if let_in is not None and now < let_in + _INSIDE:
            return 0.0
        time = self._given.get(chat)
        if time is None:
            time = self._times.take(now, rate)
            if time - now <= _SHORT:
                time = now
        if now < time - _EARLY:
            self._forget(now)
            self._given[chat] = time
            return time - now
        self._let_in(chat, now)
        return 0.0

    def wait(self, now: float) -> float:
        """Returns how many seconds a new arrival would wait."""
        return self._times.due_in(now)

    def expects(self, chat: Chat) -> bool:
        """Returns whether a chat was given a time to come back."""
        return chat in self._given

    def pass_by(self, now: float, rate: float) -> None:
        """Notes a message of a chat that was given no time here."""
        self._times.take(now, rate)

    def let_in_first(self, chat: Chat, messages: int, now: float, rate: float) -> bool:
        """Lets a chat in for its messages if nobody waits; otherwise changes nothing."""
        if self._times.due_in(now) > 0:
            return False
        for _ in range(messages):
            self._times.take(now, rate)
        self._let_in(chat, now)
        return True

    def _let_in(self, chat: Chat, now: float) -> None:
        self._given.pop(chat, None)
        self._inside.pop(chat, None)
        self._inside[chat] = now
        self._forget(now)

    def _forget(self, now: float) -> None:
        # Both are filled in rising order, so the oldest comes first.
        _drop_until(self._given, now - _FORGOTTEN)
        _drop_until(self._inside, now - _INSIDE)


class ReplyLimiter:
    """Lets replies leave one after the other, at the rate of the moment."""

    def __init__(
        self,
        rate: Callable[[float], float],
        burst: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._slots = SlotLimiter(rate(clock()), burst)
        self.queue = ReplyQueue(rate(clock()), burst)
        self._turns = {rank: asyncio.Lock() for rank in range(FIRST, LAST + 1)}
        self._waiting = dict.fromkeys(self._turns, 0)

    def come_back_in(self, chat: Chat) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        now = self._clock()
        return self.queue.come_back_in(chat, now, self._rate(now))

    def let_in_first(self, chat: Chat, messages: int) -> bool:
        """Lets a chat in for its messages in a quiet moment; otherwise changes nothing."""
        now = self._clock()
        if self._slots.due_in(now, unused=0.5) > 0:
            return False
        return self.queue.let_in_first(chat, messages, now, self._rate(now))

    async def take_turn(self, is_paused: Callable[[], bool], rank: int = 0) -> bool:
        """Waits for a slot and takes it; False, without taking it, when a pause has begun.

        Those of a lower rank go before, and the higher the rank, the more of the burst is left to
        them. Somebody who goes first was given no time, and makes the others come back later.
        """
        if rank == FIRST:
            now = self._clock()
            self.queue.pass_by(now, self._rate(now))
        return await self._wait_and_take(is_paused, rank)

    async def _wait_and_take(self, is_paused: Callable[[], bool], rank: int) -> bool:
        begun = self._clock()
        self._waiting[rank] += 1
        try:
            # One at a time, and a slot is taken only when it is due: one who taps again leaves
            # the line, and many of them would otherwise use up the slots of the others.
            async with self._turns[rank]:
                while (wait := self._wait_for_slot(rank)) > 0:
                    if rank > FIRST and self._clock() - begun >= _LONGEST_BEHIND:
                        return await self._wait_and_take(is_paused, FIRST)
                    await self._sleep(wait)
                if is_paused():
                    return False
                now = self._clock()
                self._slots.take(now, self._rate(now))
                return True
        finally:
            self._waiting[rank] -= 1

    def _wait_for_slot(self, rank: int) -> float:
        """Returns the seconds until somebody of this rank may look again."""
        wait = self._slots.due_in(self._clock(), unused=max(rank, 0) / LAST)
        is_behind = any(self._waiting[other] for other in range(FIRST, rank))
        return max(wait, _MOMENT) if is_behind else wait


def _drop_until(times: dict[Chat, float], moment: float) -> None:
    while times:
        chat, time = next(iter(times.items()))
        if time > moment:
            return
        del times[chat]
