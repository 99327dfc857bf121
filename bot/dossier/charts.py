"""The charts of a dossier, as data for the templates: signatures over time, and by language.

The list tells no day and no language of few signatures without a name
(docs/decisions/links-with-few-signatures.md); these stand in rows without either.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, chain
from typing import Any

from bot.charts.ticks import count_ticks
from bot.dossier.opened_list import DayAndLanguage
from bot.text.translations import Words

# A language with fewer signatures stands with all others.
_FEWEST = 5
_COUNT_TICKS = 5
_DAY_TICKS = 7


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
    days = _days(first - timedelta(days=1), last)
    named, all_of_them = ([of[day] for day in days] for of in (with_name, total))
    return list(map(Point, days, accumulate(named), accumulate(all_of_them)))


def curve_of_growth(points: Sequence[Point], words: Words) -> dict[str, Any] | None:
    """Returns the curve of how many had signed, as parts of its width and height."""
    if not points:
        return None
    first, last = points[0], points[-1]
    span = max(1, (last.day - first.day).days)
    scale = count_ticks(max(1, last.total), _COUNT_TICKS)

    def across(day: date) -> float:
        return (day - first.day).days / span

    return {
        "alt": words.label(
            "Firmas acumuladas del {first} al {last}",
            first=words.date(first.day),
            last=words.date(last.day),
        ),
        "points": [
            [across(each.day), each.with_name / scale[-1], each.total / scale[-1]]
            for each in points
        ],
        "counts": [{"at": tick / scale[-1], "label": words.number(tick)} for tick in scale],
        "days": [
            {"at": across(day), "label": words.day(day)}
            for day in ticks(first.day, last.day, _DAY_TICKS)
        ],
    }


def ticks(start: date, end: date, at_most: int) -> list[date]:
    """Returns `at_most` days at most: every day or week, first of a month, or year between two."""
    days = _days(start, end)
    months = [day for day in days if day.day == 1]
    by_days = (days[::step] for step in (1, 2, 7, 14))
    by_months = (
        [day for day in months if (day.year * 12 + day.month - 1) % step == 0]
        for step in (1, 2, 3, 6, 12, 24, 60, 120)
    )
    few = (found for found in chain(by_days, by_months) if len(found) <= at_most)
    return next(few, [start, end])


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


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


def bars_by_language(bars: Sequence[LanguageBar], words: Words) -> list[dict[str, Any]]:
    """Returns a bar for each language, as parts of the longest; none where there is only one."""
    if len(bars) < 2:
        return []
    longest = max(bar.total for bar in bars)
    return [
        {
            "label": sentence(_language(bar, words)),
            "with_name": bar.with_name / longest,
            "without_name": bar.without_name / longest,
            "number": words.number(bar.total),
        }
        for bar in bars
    ]


def _language(bar: LanguageBar, words: Words) -> str:
    if bar.language is not None:
        return words.language_name(bar.language)
    if not bar.with_name:
        return words.label("sin nombre, en cualquier idioma")
    return words.label("otros idiomas")


def sentence(text: str) -> str:
    """Begins a text with a capital letter, as it stands alone."""
    return text[:1].upper() + text[1:]
