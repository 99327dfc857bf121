"""What a chart of a delivery shows, as numbers: when, how many, how fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol

# The width of an interval that has no neighbour to tell it.
_ALONE: Final = timedelta(seconds=1)


class Interval(Protocol):
    """What happened in the time from `at` to the next interval."""

    @property
    def at(self) -> datetime:
        """When it began."""
        ...

    @property
    def delivered(self) -> int:
        """How many were delivered in it."""
        ...

    @property
    def unreachable(self) -> int:
        """Of how many it turned out in it that they cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval: how many became delivered and unreachable in it."""

    start: datetime
    end: datetime
    delivered: int
    unreachable: int

    @property
    def total(self) -> int:
        """Both."""
        return self.delivered + self.unreachable


@dataclass(frozen=True, slots=True)
class Series:
    """The intervals in which something happened, in order, all of one width."""

    bars: tuple[Bar, ...]
    width: timedelta

    @property
    def start(self) -> datetime:
        """When the first interval with a delivery begins."""
        return self.bars[0].start

    @property
    def end(self) -> datetime:
        """When the last interval with a delivery ends."""
        return self.bars[-1].end

    @property
    def delivered(self) -> int:
        """How many in all."""
        return sum(bar.delivered for bar in self.bars)

    @property
    def unreachable(self) -> int:
        """How many in all."""
        return sum(bar.unreachable for bar in self.bars)

    @property
    def most(self) -> int:
        """How many in the interval in which the most happened."""
        return max(bar.total for bar in self.bars)

    def sums(self) -> Iterator[tuple[datetime, int]]:
        """How many were delivered by then: a point where the slope changes."""
        reached, last = 0, self.start
        yield last, 0
        for bar in self.bars:
            if bar.start > last:
                yield bar.start, reached
            reached += bar.delivered
            last = bar.end
            yield last, reached


def series_of(moments: Sequence[Interval]) -> Series:
    """Puts the intervals in order; those in which nothing happened may be there or not.

    Raises:
        ValueError: nothing happened in any of them.
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
