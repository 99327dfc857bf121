"""The charts of a dossier, as data for the templates."""

from collections.abc import Sequence
from typing import Any

from bot.charts.ticks import count_ticks
from bot.dossier.figures import LanguageBar, Point, ticks
from bot.text.translations import Words

_COUNT_TICKS = 5
_DAY_TICKS = 7


def curve_of_growth(points: Sequence[Point], words: Words) -> dict[str, Any] | None:
    """Returns the curve of how many had signed, as parts of its width and height."""
    if not points:
        return None
    first, last = points[0], points[-1]
    span = max(1, (last.day - first.day).days)
    scale = count_ticks(max(1, round(last.total)), _COUNT_TICKS)
    return {
        "alt": words.label(
            "Firmas acumuladas del {first} al {last}",
            first=words.date(first.day),
            last=words.date(last.day),
        ),
        "points": [
            [
                (each.day - first.day).days / span,
                each.with_name / scale[-1],
                each.total / scale[-1],
            ]
            for each in points
        ],
        "counts": [{"at": tick / scale[-1], "label": words.number(tick)} for tick in scale],
        "days": [
            {"at": (day - first.day).days / span, "label": words.day(day)}
            for day in ticks(first.day, last.day, _DAY_TICKS)
        ],
    }


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
