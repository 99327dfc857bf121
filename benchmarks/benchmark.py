"""The type of a benchmark and of its report, and helpers for figures."""

import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.run_options import RunOptions


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
        on_request: whether it runs only when named, because it takes long.
    """

    name: str
    title: str
    question: str
    run: Callable[[RunOptions], Coroutine[Any, Any, Report]]
    on_request: bool = False


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Returns the median, with the range in brackets if the values differ."""
    middle, least, most = (
        f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))
    )
    return middle if least == most else f"{middle} ({least}–{most})"


def row(name: str, runs: Sequence[Sequence[float]], digits: Sequence[int]) -> tuple[str, ...]:
    """Returns a row with the spread of each figure over all runs."""
    figures = zip(zip(*runs, strict=True), digits, strict=True)
    return (name, *(spread(each, places) for each, places in figures))
