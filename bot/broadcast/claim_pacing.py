"""How many to claim, and when: enough that the gate never waits, too few for a kill to matter."""

import math
from typing import Final

from bot.broadcast.timing import Timing

_LARGEST_CLAIM: Final = 500


class ClaimPacer:
    """Claims follow the rate, a little ahead of it; pure, every function is told the time."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._next = -math.inf

    def window(self, rate: float) -> int:
        """How many may be claimed and not yet done."""
        return max(self._batch(rate), math.ceil(rate * self._timing.window))

    def room(self, rate: float, under_way: int) -> int:
        """How many to claim now; at least one, so ask when there is room for it."""
        return max(1, min(self._batch(rate), self.window(rate) - under_way))

    def wait(self, now: float) -> float:
        """Seconds until it is time to claim again."""
        return max(0.0, self._next - now - self._timing.ahead)

    def took(self, count: int, rate: float, now: float) -> None:
        """So many were claimed."""
        self._next = max(self._next, now) + count / rate

    def _batch(self, rate: float) -> int:
        return min(_LARGEST_CLAIM, max(1, math.ceil(rate * self._timing.batch)))
