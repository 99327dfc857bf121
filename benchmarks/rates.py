"""Pure functions that compute rates from times of arrival, in seconds."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# Long enough to make up for a pause of two seconds, short enough to show a bad phase.
WINDOW_SECONDS = 10
NEAR_ENOUGH = 0.1


def steady_rate(arrivals: Sequence[float]) -> float:
    """Returns messages a second from the first arrival to the last."""
    if len(arrivals) < 2:
        return 0.0
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


@dataclass(frozen=True, slots=True)
class Search:
    """How a client found an undeclared limit.

    Attributes:
        found_after: seconds after which every window was near enough to the limit, or None.
        mean: messages a second from then on, or in the second half when it was not found.
        worst: the relative deviation of the worst window from then on.
        refused_after: 429s from then on.
    """

    found_after: float | None
    mean: float
    worst: float
    refused_after: int


def search(
    arrivals: Sequence[float], refusals: Sequence[float], limit: float, seconds: float
) -> Search:
    """Returns how the limit was found and kept within `seconds` of the first arrival."""
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
