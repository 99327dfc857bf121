"""Limits how fast messages leave, by slots in time, for which calls wait in a line.

Times are in seconds, rates in messages a second.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable

# At least one of ten slots is a broadcast's, however many replies there are.
_AT_LEAST_ONE_IN = 10
# Replies delay a broadcast by this many seconds at most.
_LONGEST_DEBT = 1.0
# A line sleeps for so long at least: at a high rate several calls leave each time that it wakes,
# which costs a third less than one by one. What is due sooner than `_NOW` leaves at once.
_SHORTEST_SLEEP = 0.01
_NOW = 0.0001


class SlotLimiter:
    """Hands out slots, one a message: at most rate · t + burst of them in any t seconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self._next = -math.inf
        self._last = -math.inf
        self.set_rate(rate, burst, -math.inf)

    def set_rate(self, rate: float, burst: int, now: float) -> None:
        """Sets the rate, beginning without a burst; slots already handed out stay valid."""
        if not 0 < rate < math.inf or burst < 1:
            raise ValueError("a rate above 0 and a burst of 1 or more are needed")
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


class Line:
    """Calls that leave one after the other, in the order in which they came.

    Those of several lines over the same slots leave in the order of what share of the burst each
    leaves `unused`.
    """

    def __init__(
        self,
        slots: SlotLimiter,
        rate: Callable[[], float],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        unused: float = 0.0,
    ) -> None:
        self._slots = slots
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._unused = unused
        self._turn = asyncio.Lock()

    async def take_turn(self, is_paused: Callable[[], bool]) -> bool:
        """Waits for a slot and takes it; False, without taking it, when a pause has begun."""
        # A slot is taken only when it is due: many who tap again, and so leave the line, would
        # otherwise use up the slots of the others.
        async with self._turn:
            while True:
                if is_paused():
                    return False
                wait = self._slots.due_in(self._clock(), self._rate(), self._unused)
                if wait < _NOW:
                    self._slots.take(self._clock(), self._rate())
                    return True
                await self._sleep(max(wait, _SHORTEST_SLEEP))
