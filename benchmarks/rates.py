"""Rates read from moments of arrival. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Long enough for a pause of two seconds to be made up for, short enough to see a bad stretch.
WINDOW_SECONDS: Final = 10
NEAR_ENOUGH: Final = 0.1


def steady_rate(arrivals: Sequence[float]) -> float:
    """Messages a second from the first to the last."""
    if len(arrivals) < 2:
        return 0.0
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def busiest_second(arrivals: Sequence[float]) -> int:
    """The most that arrived within one second, wherever it begins."""
    most, first = 0, 0
    for last, moment in enumerate(arrivals):
        while moment - arrivals[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(frozen=True, slots=True)
class Search:
    """How a rate that nobody told was looked for.

    Attributes:
        found_after: seconds until every window from there on was near enough, or None.
        mean: messages a second from there on, or in the second half when it was not found.
        worst: the share by which the worst window from there on was off.
        refused_after: 429s from there on.
    """

    found_after: float | None
    mean: float
    worst: float
    refused_after: int


def search(
    arrivals: Sequence[float], refusals: Sequence[float], limit: float, seconds: float
) -> Search:
    """Reads how the limit was found and kept in so many seconds from the first arrival."""
    begun = arrivals[0]
    starts = range(max(1, int(seconds) - WINDOW_SECONDS + 1))
    windows = [_rate(arrivals, begun + start, WINDOW_SECONDS) for start in starts]
    off = [abs(rate / limit - 1) for rate in windows]
    bad = [start for start in starts if off[start] > NEAR_ENOUGH]
    after = bad[-1] + 1 if bad else 0
    found = after < len(windows)
    since = after if found else len(windows) // 2
    return Search(
        found_after=float(after) if found else None,
        mean=_rate(arrivals, begun + since, seconds - since),
        worst=max(off[since:]),
        refused_after=len(refusals) - bisect_left(refusals, begun + since),
    )


def _rate(arrivals: Sequence[float], start: float, seconds: float) -> float:
    count = bisect_left(arrivals, start + seconds) - bisect_left(arrivals, start)
    return count / seconds
