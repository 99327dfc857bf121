"""The pauses between the tries of something that fails: each is twice as long as the last one."""

import math
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass

# More doublings than any pause needs; with many more, a float would overflow.
_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class BackOff:
    """Tells how long to wait after a number of failures in a row; it keeps no state.

    Attributes:
        first: the first pause, in seconds.
        longest: the longest pause, in seconds.
        spread: by which share of itself a pause is longer or shorter at random, so that what
            failed at the same time is not repeated at the same time.
        dice: returns a random number between two others.
    """

    first: float
    longest: float = math.inf
    spread: float = 0.0
    dice: Callable[[float, float], float] = random.uniform

    def pause(self, failures: int) -> float:
        """Returns the seconds to wait after the last of `failures` in a row."""
        pause = min(self.longest, self.first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
        return pause * self.dice(1 - self.spread, 1 + self.spread) if self.spread else pause


class Retries:
    """When each of the things that failed is tried again.

    It is kept in memory, so that a restart tries everything at once. Times are passed in, in
    seconds.
    """

    def __init__(self, back_off: BackOff) -> None:
        self._back_off = back_off
        # How often in a row it failed, and when it is tried again.
        self._failed: dict[Hashable, tuple[int, float]] = {}

    def record_failure(self, key: Hashable, now: float) -> float:
        """Notes a failure; returns the seconds until the next try."""
        failures = self._failed.get(key, (0, now))[0] + 1
        pause = self._back_off.pause(failures)
        self._failed[key] = failures, now + pause
        return pause

    def forget(self, key: Hashable) -> None:
        """Notes that it went well, or need not be done any more."""
        self._failed.pop(key, None)

    def is_too_early(self, key: Hashable, now: float) -> bool:
        """Tells whether it is too early to try again."""
        return key in self._failed and now < self._failed[key][1]
