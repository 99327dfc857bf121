"""Limits how fast messages leave, by slots in time.

Times are passed in, in seconds.
"""

import math

# At least one of ten slots is a broadcast's, however many replies there are.
_AT_LEAST_ONE_IN = 10
# Replies delay a broadcast by this many seconds at most.
_LONGEST_DEBT = 1.0


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

    def due_in(self, now: float, unused: float = 0.0) -> float:
        """Returns the seconds until the next slot, if no reply uses one in between.

        With `unused`, until the slot after which this share of the burst is still there.
        """
        return max(0.0, self._next + unused * self._tolerance - now)

    def take(self, now: float, rate: float) -> float:
        """Reserves the next slot and returns its time, which may be in the past."""
        interval = 1 / rate
        owed = min(self._next, self._last + _AT_LEAST_ONE_IN * interval)
        slot = max(owed, now - self._tolerance)
        self._next = max(self._next, slot) + interval
        self._last = slot
        return slot

    def yield_to_reply(self, now: float, rate: float) -> None:
        """Notes a reply that leaves now, which uses up a slot of the broadcast's."""
        pushed = max(self._next, now - self._tolerance) + 1 / rate
        self._next = max(self._next, min(pushed, now + _LONGEST_DEBT))
