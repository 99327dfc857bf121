"""The numbers behind the dossier's charts: signatures over time, and by language.

Who signed without a name must not be found by their day or their language, and the addressee has
the names of all others with their days. So a figure of one to four signatures without a name is
never shown: it is joined with its neighbours
(docs/decisions/links-with-few-signatures.md has the reason).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.dossier.opened_list import DayAndLanguage

FEW = 5
"""The smallest number of signatures without a name that is shown by day or by language."""

_DAY = timedelta(days=1)
# The steps of a calendar, in days or in months.
_STEPS = (
    *((days, 0) for days in (1, 2, 7, 14)),
    *((0, months) for months in (1, 2, 3, 6, 12, 24, 60, 120)),
)


@dataclass(frozen=True, slots=True)
class Point:
    """How many had signed by the end of a day."""

    day: date
    with_name: float
    total: float


@dataclass(frozen=True, slots=True)
class LanguageBar:
    """How many signed in a language; without one, in all others or in languages not told."""

    language: str | None
    with_name: int
    without_name: int


def growth(rows: Iterable[DayAndLanguage]) -> list[Point]:
    """Returns the curve of signatures: a point for the day before the first, and for each since.

    Between the days on which enough without a name had come together, their number rises evenly.
    What has no day is in the last point. Empty if no row has a day.
    """
    with_name: dict[date, int] = defaultdict(int)
    without_name: dict[date, int] = defaultdict(int)
    known = list(rows)
    dated = [row.day for row in known if row.day is not None]
    if not dated:
        return []
    first, last = min(dated), max(dated)
    for row in known:
        with_name[row.day or last] += row.with_name
        without_name[row.day or last] += row.without_name
    days = [first - _DAY + _DAY * n for n in range((last - first).days + 2)]
    joined = dict(_joined(days, without_name))
    named, points, shown = 0, [], sorted(joined)
    for day in days:
        named += with_name[day]
        points.append(Point(day, named, named + _between(day, shown, joined)))
    return points


def _joined(days: list[date], without_name: dict[date, int]) -> Iterator[tuple[date, int]]:
    """Yields the days whose total may be told, with it: the first, the last, those between."""
    total = told = 0
    rest = sum(without_name.values())
    yield days[0], 0
    for day in days[1:-1]:
        total += without_name[day]
        # What is left for the last days must not be few either.
        if total - told >= FEW and (rest - total >= FEW or rest == total):
            told = total
            yield day, total
    yield days[-1], rest


def _between(day: date, shown: list[date], joined: dict[date, int]) -> float:
    place = bisect_left(shown, day)
    after = shown[place]
    if after == day:
        return joined[day]
    before = shown[place - 1]
    share = (day - before) / (after - before)
    return joined[before] + share * (joined[after] - joined[before])


def by_language(rows: Iterable[DayAndLanguage]) -> list[LanguageBar]:
    """Returns the bars of the languages, the longest first and all others last.

    If even the others together have few without a name, the bars have only signatures with one;
    then the last bar has those without a name in whatever language.
    """
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.language][0] += row.with_name
        sums[row.language][1] += row.without_name
    bars = [LanguageBar(language, *both) for language, both in sums.items() if any(both)]
    bars.sort(key=lambda bar: (-bar.with_name - bar.without_name, bar.language or ""))
    alone = [bar for bar in bars if bar.language is not None and _is_told(bar)]
    others = [bar for bar in bars if bar not in alone]
    rest = LanguageBar(
        None, sum(bar.with_name for bar in others), sum(bar.without_name for bar in others)
    )
    if 0 < rest.without_name < FEW:
        unnamed = LanguageBar(None, 0, sum(bar.without_name for bar in bars))
        named = [LanguageBar(bar.language, bar.with_name, 0) for bar in alone]
        return [
            *named,
            *([LanguageBar(None, rest.with_name, 0)] if rest.with_name else []),
            unnamed,
        ]
    return [*alone, *([rest] if others else [])]


def _is_told(bar: LanguageBar) -> bool:
    few = 0 < bar.without_name < FEW
    return bar.with_name + bar.without_name >= FEW and not few


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
