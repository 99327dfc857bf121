"""The messages accepted between two overall refusals, and what they say about the limit.

The limit is modelled as a token bucket of size `burst`, refilled with `rate` tokens a second, and
empty at both refusals. Times are in seconds.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

# Accepted messages are counted in steps of this many seconds; this many steps are remembered.
STEP = 0.25
_STEPS = 480
# A step with less than this share of the fullest step counts as a pause in sending.
_QUIET = 0.25


@dataclass(slots=True)
class RateStep:
    """The number of messages accepted within `STEP` seconds from `at`."""

    at: float
    number: int = 1


@dataclass(slots=True)
class AcceptanceWindow:
    """The messages accepted since an overall refusal, or since the start."""

    refused_at: float | None = None
    total: int = 0
    steps: deque[RateStep] = field(default_factory=lambda: deque(maxlen=_STEPS))
    _is_cut: bool = False

    def accepted(self, now: float) -> RateStep | None:
        """Counts an accepted message; returns the step before, if this begins a new one."""
        self.total += 1
        last = self.steps[-1] if self.steps else None
        if last is not None and now < last.at + STEP:
            last.number += 1
            return None
        self._is_cut = self._is_cut or len(self.steps) == _STEPS
        self.steps.append(RateStep(now))
        return last

    def run(self, end: float) -> tuple[int, float]:
        """Returns the number and the seconds of the last run of sending without a pause."""
        if not self.steps:
            return 0, 0.0
        least = _QUIET * max(step.number for step in self.steps)
        number, begun = self.steps[-1].number, self.steps[-1].at
        for later, step in pairwise(reversed(self.steps)):
            if step.number < least or later.at - step.at > 2 * STEP:
                break
            number, begun = number + step.number, step.at
        return number, end - begun

    def burst(self, rate: float, end: float) -> float:
        """Returns the smallest bucket with which a limit of `rate` accepts all this."""
        needed, most = 0.0, 1.0
        for step in reversed(self.steps):
            needed += step.number
            most = max(most, needed - rate * (end - step.at))
        return most

    def left(self, rate: float, burst: float, end: float) -> float:
        """Returns the tokens that such a limit has left at the end; below 0 if it is exceeded."""
        if not self.steps:
            return 0.0
        tokens, at = burst, self.steps[0].at
        if self.refused_at is not None and not self._is_cut:
            tokens, at = 0.0, self.refused_at
        for step in self.steps:
            tokens, at = min(burst, tokens + rate * (step.at - at)) - step.number, step.at
        return tokens + rate * (end - at)
