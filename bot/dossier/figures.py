"""The numbers behind the dossier's charts: signatures over time, and by language.

The list tells no day and no language of few signatures without a name
(docs/decisions/links-with-few-signatures.md); these stand in rows without either.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from bot.dossier.opened_list import DayAndLanguage

# A language with fewer signatures stands with all others.
_FEWEST = 5

_DAY = timedelta(days=1)
# The steps of a calendar, in days or in months.
_STEPS = (
    *((days, 0) for days in (1, 2, 7, 14)),
    *((0, months) for months in (1, 2, 3, 6, 12, 24, 60, 120)),
)


@dataclass(frozen=True, slots=True)
class Point:
    """How many had signed by the end of a day, with a name and in all."""

    day: date
    with_name: int
    total: int


@dataclass(frozen=True, slots=True)
class LanguageBar:
    """How many signed in a language; None for all others and for those that are not told."""

    language: str | None
    with_name: int
    without_name: int

    @property
    def total(self) -> int:
        """With a name and without."""
        return self.with_name + self.without_name


def growth(rows: Iterable[DayAndLanguage]) -> list[Point]:
    """Returns the curve of signatures: a point for the day before the first, and for each since.

    What has no day is in the last point. Empty if no row has a day.
    """
    known = list(rows)
    dated = [row.day for row in known if row.day is not None]
    if not dated:
        return []
    first, last = min(dated), max(dated)
    with_name: dict[date, int] = defaultdict(int)
    total: dict[date, int] = defaultdict(int)
    for row in known:
        with_name[row.day or last] += row.with_name
        total[row.day or last] += row.with_name + row.without_name
    days = [first + _DAY * n for n in range(-1, (last - first).days + 1)]
    sums = zip(
        days,
        accumulate(with_name[day] for day in days),
        accumulate(total[day] for day in days),
        strict=True,
    )
    return [Point(*each) for each in sums]


def by_language(rows: Iterable[DayAndLanguage]) -> list[LanguageBar]:
    """Returns the bars of the languages, the longest first and all others last."""
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.language][0] += row.with_name
        sums[row.language][1] += row.without_name
    bars = [LanguageBar(language, *both) for language, both in sums.items() if any(both)]
    alone = [bar for bar in bars if bar.language is not None and bar.total >= _FEWEST]
    alone.sort(key=lambda bar: (-bar.total, bar.language or ""))
    others = [bar for bar in bars if bar not in alone]
    if not others:
        return alone
    with_name = sum(bar.with_name for bar in others)
    return [*alone, LanguageBar(None, with_name, sum(bar.without_name for bar in others))]


def ticks(start: date, end: date, at_most: int) -> list[date]:
    """Returns at most so many days between the two: every day, week, first of a month, or year."""
    for days, months in _STEPS:
        found = list(_by_days(start, end, days) if days else _by_months(start, end, months))
        if len(found) <= at_most:
            return found
    return [start, end]


def _by_days(start: date, end: date, step: int) -> Iterator[date]:
    for n in range(0, (end - start).days + 1, step):
        yield start + _DAY * n


def _by_months(start: date, end: date, step: int) -> Iterator[date]:
    month = start.year * 12 + start.month - 1
    while (day := date(month // 12, month % 12 + 1, 1)) <= end:
        if day >= start and month % step == 0:
            yield day
        month += 1
