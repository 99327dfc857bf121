"""The type of a benchmark and of its report, and helpers for figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a benchmark: a table and the notes under it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: its name on the command line.
        title: the title of its section on the page.
        question: what is measured, and how.
        run: measures and returns the report.
        by_hand: how to measure the same with public tools, in Markdown.
        on_request: whether it runs only when named, because it takes long.
    """

    name: str
    title: str
    question: str
    run: Callable[[Occasion], Coroutine[Any, Any, Report]]
    by_hand: str = ""
    on_request: bool = False


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Returns the median, with the range in brackets if there is more than one value."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value that this share (0 to 1) of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bottleneck(bot_cores: float, telegram_cores: float) -> str:
    """Returns a sentence on the bottleneck, from the median of the busy cores of each side."""
    if max(bot_cores, telegram_cores) < 0.9:
        return (
            "Neither process fills a core on average, so these runs do not show a bottleneck in"
            " computing; what they wait for is not measured here."
        )
    if bot_cores >= telegram_cores:
        return "The bot's own Python fills its core: that is the bottleneck."
    return "The simulator fills its core first: the bot could do more than this table shows."
