"""Progress of the signature count towards the next goal."""

from collections.abc import Sequence

_FULL, _EMPTY = "▰", "▱"


def next_goal(count: int, goals: Sequence[int]) -> int:
    """Returns the first goal above the count, or the last one if all are reached."""
    return next((goal for goal in goals if goal > count), goals[-1])


def bar(count: int, goal: int, width: int) -> str:
    """Draws the count in squares: the last only at the goal, the first from one signature on."""
    full = min(width, count * width // goal)
    if count > 0:
        full = max(full, 1)
    return _FULL * full + _EMPTY * (width - full)
