"""Limits how fast messages leave, by slots in time, for which calls wait in a line or come back.

A wait in a handler would keep the update from being acknowledged, and Telegram hands out no more
than a hundred of those: a waiting crowd would keep everybody else from being answered at all. So
those who would wait long are given a time to come back, in the order in which they came.

Times are in seconds, and passed in where nobody waits; rates are in new messages a second.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.transport.recent_calls import Chat

# Telegram documents about thirty new messages a second in all
# (https://core.telegram.org/bots/faq): with this rate and burst, no second has more replies.
REPLY_RATE = 25.0
REPLY_BURST = 5

# At least one of ten slots is a broadcast's, however many replies there are.
_AT_LEAST_ONE_IN = 10
# Replies delay a broadcast by this many seconds at most.
_LONGEST_DEBT = 1.0
# A line sleeps for so long at least: at a high rate several calls leave each time that it wakes,
# which costs a third less than one by one. What is due sooner than `_NOW` leaves at once.
_SHORTEST_SLEEP = 0.01
_NOW = 0.0001
# Who has stood at the head of a line for so many seconds takes the next slot from all other lines.
_PATIENCE = 1.0

# After a 429: the share of the rate that is kept, and the share of the ceiling that is regained
# each second.
_KEPT = 0.7
_REGAINED = 0.005
_LOWEST_SHARE = 0.02

# A chat waits in the line when its time is no further away than this.
_SHORT = 1.0
# For this long after its time a chat may come, and then send the messages of one reply.
_VALID = 10.0
_REPLY_SECONDS = 1.0


class SlotLimiter:
    """Hands out slots, one a message: at most rate · t + burst of them in any t seconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self._next = -math.inf
        self._last = -math.inf
        self.set_rate(rate, burst, -math.inf)

    def set_rate(self, rate: float, burst: int, now: float) -> None:
        """Sets the rate, beginning without a burst; slots already handed out stay valid."""
        self._tolerance = (burst - 1) / rate
        self._next = max(self._next, now)
        self._last = max(self._last, now)

    def due_in(self, now: float, rate: float, unused: float = 0.0) -> float:
        """Returns the seconds until the next slot, if no reply uses one in between.

        With `unused`, until the slot after which this share of the burst is still there.
        """
        slot = min(self._next, self._last + _AT_LEAST_ONE_IN / rate)
        return max(0.0, slot + unused * self._tolerance - now)

    def take(self, now: float, rate: float) -> float:
        """Takes the next slot and returns its time, which may be in the past."""
        owed = min(self._next, self._last + _AT_LEAST_ONE_IN / rate)
        self._last = max(owed, now - self._tolerance)
        self._next = max(self._next, self._last) + 1 / rate
        return self._last

    def yield_to_reply(self, now: float, rate: float) -> None:
        """Notes a reply that leaves now, which uses up a slot of the broadcast's."""
        pushed = max(self._next, now - self._tolerance) + 1 / rate
        self._next = max(self._next, min(pushed, now + _LONGEST_DEBT))


@dataclass(slots=True, eq=False)
class Line:
    """Calls that leave one after the other, in the order in which they came.

    Those of several lines over the same slots leave in the order of what share of the burst each
    leaves `unused`.
    """

    slots: SlotLimiter
    rate: Callable[[], float]
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]]
    unused: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def take_turn(self, is_paused: Callable[[], bool]) -> bool:
        """Waits for a slot and takes it; False, without taking it, when a pause has begun."""
        # A slot is taken only when it is due: many who tap again, and so leave the line, would
        # otherwise use up the slots of the others.
        async with self._turn:
            begun = self.clock()
            while True:
                if is_paused():
                    return False
                now = self.clock()
                unused = self.unused if now - begun < _PATIENCE else 0.0
                wait = self.slots.due_in(now, self.rate(), unused)
                if wait < _NOW:
                    self.slots.take(now, self.rate())
                    return True
                await self.sleep(max(wait, _SHORTEST_SLEEP))


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


class Appointments:
    """Gives chats times to come back, so that no more come at a time than the rate allows."""

    def __init__(self, rate: float, burst: int) -> None:
        self._times = SlotLimiter(rate, burst)
        self._given: dict[Chat, float] = {}

    def come_back_in(self, chat: Chat, now: float, rate: float) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        if not self.has(chat, now):
            self._given.pop(chat, None)
            self._given[chat] = self._times.take(now, rate)
        wait = self._given[chat] - now
        return wait if wait > _SHORT else 0.0

    def has(self, chat: Chat, now: float) -> bool:
        """Tells whether a chat was given a time that is not long past."""
        # The times rise, so the oldest comes first.
        while self._given and (first := next(iter(self._given.items())))[1] <= now - _VALID:
            del self._given[first[0]]
        return self._given.get(chat, now - _VALID) > now - _VALID

    def use(self, chat: Chat, now: float) -> None:
        """Notes that a chat which came at its time sends now; others of its reply may follow."""
        if chat in self._given:
            self._given[chat] = min(self._given[chat], now - _VALID + _REPLY_SECONDS)

    def pass_by(self, now: float, rate: float) -> None:
        """Notes a message of a chat that was given no time here."""
        self._times.take(now, rate)

    def wait(self, now: float, rate: float) -> float:
        """Returns how many seconds a new arrival would wait."""
        return self._times.due_in(now, rate)
