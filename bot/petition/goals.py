"""Progress of the signature count towards the next goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

_FULL, _EMPTY = "▰", "▱"


@dataclass(frozen=True, slots=True)
class Progress:
    """A count, its next goal, and the share of the goal reached, from 0 to 1."""

    count: int
    goal: int
    share: float


def progress(count: int, steps: Sequence[int]) -> Progress:
    """Returns the progress to the first step above the count, or to the last if all are past."""
    goal = next((step for step in steps if step > count), steps[-1])
    return Progress(count, goal, min(1.0, count / goal))


def bar(progress: Progress, width: int = 10) -> str:
    """Draws the share in squares: the last only at the goal, the first from one signature on."""
    full = floor(progress.share * width)
    if progress.count > 0:
        full = max(full, 1)
    return _FULL * full + _EMPTY * (width - full)
