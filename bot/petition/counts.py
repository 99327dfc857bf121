"""Counts of signatures: from how many on they are told of apart, and how far the next goal is."""

from collections.abc import Collection, Sequence
from typing import TypeVar

FEWEST = 5
"""Fewer could tell whether one person signed; see docs/decisions/links-with-few-signatures.md."""

_FULL, _EMPTY = "▰", "▱"
_Key = TypeVar("_Key")


def told_apart(counts: Collection[tuple[_Key | None, int]]) -> tuple[dict[_Key, int], int]:
    """Returns the counts of at least `FEWEST`, the most first, and how many are in none of them.

    Who is counted under None is in none.
    """
    large = {key: n for key, n in counts if key is not None and n >= FEWEST}
    ranked = sorted(large.items(), key=lambda item: (-item[1], str(item[0])))
    return dict(ranked), sum(n for _, n in counts) - sum(large.values())


def next_goal(count: int, goals: Sequence[int]) -> int:
    """Returns the first goal above the count, or the last one if all are reached."""
    return next((goal for goal in goals if goal > count), goals[-1])


def bar(count: int, goal: int, width: int) -> str:
    """Draws the count in squares: the last only at the goal, the first from one signature on."""
    full = min(width, count * width // goal)
    if count > 0:
        full = max(full, 1)
    return _FULL * full + _EMPTY * (width - full)
