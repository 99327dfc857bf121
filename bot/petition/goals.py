"""How far the count is on its way to the next goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

_FULL, _EMPTY = "▰", "▱"


@dataclass(frozen=True, slots=True)
class Progress:
    """A count, the goal it is on its way to, and the share of it reached, from 0 to 1."""

    count: int
    goal: int
    share: float


def progress(count: int, steps: Sequence[int]) -> Progress:
    """Progress to the first step above the count; past the last one, that one stays, reached."""
    goal = next((step for step in steps if step > count), steps[-1])
    return Progress(count, goal, min(1.0, count / goal))


def bar(progress: Progress, width: int = 10) -> str:
    """Draw the share as squares: full only when the goal is reached, begun with the first one."""
    full = floor(progress.share * width)
    if progress.count > 0:
        full = max(full, 1)
    return _FULL * full + _EMPTY * (width - full)
