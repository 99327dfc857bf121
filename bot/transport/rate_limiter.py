"""How fast messages may leave: slots on a time line.

Pure: every function is told the time.
"""

import math

# One broadcast message in ten slots goes out however many replies there are.
_AT_LEAST_ONE_IN = 10
# Replies delay the broadcast, but by no more than this many seconds.
_LONGEST_DEBT = 1.0
# After a flood: the share of the rate that is kept, and of the ceiling that returns a second.
_KEPT = 0.7
_REGAINED = 0.005
_LOWEST_SHARE = 0.02


class SlotLimiter:
    """Hands out slots so that no window of t seconds holds more than rate · t + burst of them.

    Args:
        rate: the most messages a second.
        burst: how many may go at once after a quiet time.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._next = -math.inf
        self._last = -math.inf
        self.set_rate(rate, burst, -math.inf)

    def set_rate(self, rate: float, burst: int, now: float) -> None:
        """Have another rate; it begins without a burst, and slots that are handed out stay."""
        if not 0 < rate < math.inf or burst < 1:
            raise ValueError("a rate above 0 and a burst of 1 or more are needed")
        self._tolerance = (burst - 1) / rate
        self._next = max(self._next, now)
        self._last = max(self._last, now)

    def is_due(self, now: float) -> bool:
        """Whether the next slot can be used at once."""
        return self._next <= now

    def due_in(self, now: float) -> float:
        """Returns the seconds until the next slot, where no reply takes any in between."""
        return max(0.0, self._next - now)

    def take(self, now: float, rate: float) -> float:
        """Reserves the next slot and tells its time, which may have passed."""
        interval = 1 / rate
        owed = min(self._next, self._last + _AT_LEAST_ONE_IN * interval)
        slot = max(owed, now - self._tolerance)
        self._next = max(self._next, slot) + interval
        self._last = slot
        return slot

    def yield_to_reply(self, now: float, rate: float) -> None:
        """A reply goes out now: it uses up a slot that the broadcast would have had."""
        pushed = max(self._next, now - self._tolerance) + 1 / rate
        self._next = max(self._next, min(pushed, now + _LONGEST_DEBT))


class ReplyRate:
    """A rate that falls with each flood and creeps back: for answers to people.

    Args:
        ceiling: messages a second.
    """

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._kept = ceiling
        self._slowed_at = 0.0

    def rate(self, now: float) -> float:
        """Messages a second at this moment."""
        if self._kept >= self._ceiling:
            return self._ceiling
        regained = self._ceiling * _REGAINED * max(0.0, now - self._slowed_at)
        return min(self._ceiling, self._kept + regained)

    def slow_down(self, now: float) -> None:
        """Telegram was flooded: multiply the rate down."""
        self._kept = max(self._ceiling * _LOWEST_SHARE, self.rate(now) * _KEPT)
        self._slowed_at = now
