"""What was accepted from one refusal of everything to the next, and what that says of the limit.

The limit is taken for a bucket of `burst` tokens, into which `rate` come back each second, and
which was empty at both refusals.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

# What was accepted is counted in steps of so many seconds, and so many of them are remembered.
STEP = 0.25
_STEPS = 480
# A step with less than this share of the fullest one is a pause in sending.
_QUIET = 0.25


@dataclass(slots=True)
class Step:
    """What was accepted within a moment."""

    at: float
    number: int = 1


@dataclass(slots=True)
class AcceptanceWindow:
    """What was accepted since the refusal, or since the beginning."""

    refused_at: float | None = None
    total: int = 0
    steps: deque[Step] = field(default_factory=lambda: deque(maxlen=_STEPS))
    _is_cut: bool = False

    def accepted(self, now: float) -> Step | None:
        """Count one; returns the step that has ended before it, if one has."""
        self.total += 1
        last = self.steps[-1] if self.steps else None
        if last is not None and now < last.at + STEP:
            last.number += 1
            return None
        self._is_cut = self._is_cut or len(self.steps) == _STEPS
        self.steps.append(Step(now))
        return last

    def run(self, end: float) -> tuple[int, float]:
        """How many were accepted in how many seconds of sending without a pause, at the end."""
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
        """The least bucket that a limit of `rate` must have had to accept all this."""
        needed, most = 0.0, 1.0
        for step in reversed(self.steps):
            needed += step.number
            most = max(most, needed - rate * (end - step.at))
        return most

    def left(self, rate: float, burst: float, end: float) -> float:
        """The tokens that such a limit would have left at the end; below 0 if it was exceeded."""
        if not self.steps:
            return 0.0
        tokens, at = burst, self.steps[0].at
        if self.refused_at is not None and not self._is_cut:
            tokens, at = 0.0, self.refused_at
        for step in self.steps:
            tokens, at = min(burst, tokens + rate * (step.at - at)) - step.number, step.at
        return tokens + rate * (end - at)
