"""The numbers behind the chart of a broadcast's deliveries, as intervals of one width."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol

# The width of a single interval, which has no neighbour to measure it by.
_ALONE = timedelta(seconds=1)


class Interval(Protocol):
    """The counts for the time from `at` to the next interval."""

    @property
    def at(self) -> datetime:
        """When the interval began."""
        ...

    @property
    def delivered(self) -> int:
        """How many deliveries arrived in it."""
        ...

    @property
    def unreachable(self) -> int:
        """How many recipients turned out to be unreachable in it."""
        ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval, with its delivered and unreachable counts."""

    start: datetime
    end: datetime
    delivered: int
    unreachable: int

    @property
    def total(self) -> int:
        """Delivered and unreachable together."""
        return self.delivered + self.unreachable


@dataclass(frozen=True, slots=True)
class Series:
    """The intervals that are not empty, in order, all of one width."""

    bars: tuple[Bar, ...]
    width: timedelta

    @property
    def start(self) -> datetime:
        """When the first interval begins."""
        return self.bars[0].start

    @property
    def end(self) -> datetime:
        """When the last interval ends."""
        return self.bars[-1].end

    @property
    def delivered(self) -> int:
        """How many deliveries arrived in all."""
        return sum(bar.delivered for bar in self.bars)

    @property
    def unreachable(self) -> int:
        """How many recipients were unreachable in all."""
        return sum(bar.unreachable for bar in self.bars)

    @property
    def most(self) -> int:
        """The highest total of any interval."""
        return max(bar.total for bar in self.bars)

    def sums(self) -> Iterator[tuple[datetime, int]]:
        """Yields the delivered total over time, with a point wherever the slope changes."""
        reached, last = 0, self.start
        yield last, 0
        for bar in self.bars:
            if bar.start > last:
                yield bar.start, reached
            reached += bar.delivered
            last = bar.end
            yield last, reached


def series_of(moments: Sequence[Interval]) -> Series:
    """Returns the series of these intervals, in whatever order, with or without empty ones.

    Raises:
        ValueError: every interval is empty.
    """
    known = sorted(moments, key=lambda moment: moment.at)
    starts = sorted({moment.at.astimezone(UTC) for moment in known})
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    width = min(gaps, default=_ALONE)
    bars = tuple(
        Bar(at := moment.at.astimezone(UTC), at + width, moment.delivered, moment.unreachable)
        for moment in known
        if moment.delivered or moment.unreachable
    )
    if not bars:
        raise ValueError("nothing was delivered, so there is nothing to draw")
    return Series(bars, width)
