"""Limits how fast new messages leave: the rate of replies, slots, and who waits for one of them.

A wait in a handler would keep the update from being acknowledged, and Telegram hands out no more
than a hundred of those: a waiting crowd would keep everybody else from being answered at all. So
those who would wait long are given a time to come back, in the order in which they came.

Times are in seconds, and passed in where nobody waits; rates are in new messages a second.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.transport.pauses import Chat

# Telegram documents about thirty new messages a second in all
# (https://core.telegram.org/bots/faq): with this rate and burst, no second has more replies.
REPLY_RATE = 25.0
REPLY_BURST = 5

# A line sleeps for so long at least: at a high rate several calls leave each time that it wakes,
# which costs a third less than one by one. What is due sooner than `_NOW` leaves at once.
_SHORTEST_SLEEP = 0.01
_NOW = 0.0001
# Who has stood at the head of a line for so many seconds takes the next slot from all other lines.
_PATIENCE = 1.0

# A chat waits in the line when its time is no further away than this.
_SHORT = 1.0
# For this long after its time a chat may come, and then send the messages of one reply.
_VALID = 10.0
_REPLY_SECONDS = 1.0


class Slots:
    """Hands out slots, one a message, each of which may be used some seconds ahead of its time.

    So at most rate · (t + ahead) + 1 messages leave in any t seconds.
    """

    def __init__(self, rate: Callable[[], float], ahead: float) -> None:
        self.ahead = ahead
        self._rate = rate
        self._next = -math.inf

    def due_in(self, now: float, unused: float = 0.0) -> float:
        """Returns the seconds until the next slot may be used.

        With `unused`, until this share of what may be used ahead of its time is there after it.
        """
        return max(0.0, self._next + unused * self.ahead - now)

    def take(self, now: float, longest: float = math.inf) -> float:
        """Takes the next slot, of so many seconds at most; returns from when it may be used."""
        slot = max(self._next, now - self.ahead)
        self._next = slot + min(1 / self._rate(), longest)
        return slot


@dataclass(slots=True, eq=False)
class Line:
    """Calls that leave one after the other, in the order in which they came.

    Those of several lines over the same slots leave in the order of what share of the burst each
    leaves `unused`.
    """

    slots: Slots
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]]
    unused: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def take_turn(self, pause: Callable[[], float]) -> bool:
        """Waits for a slot and takes it; False, without taking it, when a pause has begun."""
        # A slot is taken only when it is due: many who tap again, and so leave the line, would
        # otherwise use up the slots of the others.
        async with self._turn:
            begun = self.clock()
            while True:
                if pause() > 0:
                    return False
                now = self.clock()
                unused = self.unused if now - begun < _PATIENCE else 0.0
                wait = self.slots.due_in(now, unused)
                if wait < _NOW:
                    self.slots.take(now)
                    return True
                await self.sleep(max(wait, _SHORTEST_SLEEP))


@dataclass(slots=True, eq=False)
class Appointments:
    """Gives chats times to come back, so that no more come at a time than there are slots."""

    slots: Slots
    _given: dict[Chat | None, float] = field(default_factory=dict, init=False)

    def come_back_in(self, chat: Chat | None, now: float) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        if not self.has(chat, now):
            self._given.pop(chat, None)
            self._given[chat] = self.slots.take(now)
        wait = self._given[chat] - now
        return wait if wait > _SHORT else 0.0

    def has(self, chat: Chat | None, now: float) -> bool:
        """Tells whether a chat was given a time that is not long past."""
        # The times rise, so the oldest comes first.
        while self._given and (first := next(iter(self._given.items())))[1] <= now - _VALID:
            del self._given[first[0]]
        return self._given.get(chat, now - _VALID) > now - _VALID

    def use(self, chat: Chat | None, now: float) -> None:
        """Notes that a chat which came at its time sends now; others of its reply may follow."""
        if chat in self._given:
            self._given[chat] = min(self._given[chat], now - _VALID + _REPLY_SECONDS)
