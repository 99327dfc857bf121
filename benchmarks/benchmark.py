"""What a benchmark is, and what it tells."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Report:
    """A table, and the sentences that belong under it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One question, and how it is answered.

    Attributes:
        name: on the command line.
        title: of its section.
        question: what is measured, and how.
        run: measures.
        by_hand: how to look at the same with public tools, in Markdown.
        on_request: whether it only runs when it is named, since it takes long.
    """

    name: str
    title: str
    question: str
    run: Callable[[Occasion], Coroutine[Any, Any, Report]]
    by_hand: str = ""
    on_request: bool = False


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median, and the range in brackets when there is more than one value."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bottleneck(bot_cores: float, telegram_cores: float) -> str:
    """What the runs waited for, told by the median of the cores that were kept busy."""
    if max(bot_cores, telegram_cores) < 0.9:
        return (
            "Neither process fills a core on average, so these runs do not show a bottleneck in"
            " computing; what they wait for is not measured here."
        )
    if bot_cores >= telegram_cores:
        return "The bot's own Python fills its core: that is the bottleneck."
    return "The simulator fills its core first: the bot could do more than this table shows."
