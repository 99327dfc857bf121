"""The page in the documentation that keeps the latest numbers."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.benchmark import Benchmark, Report

PAGE: Final = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def page(reports: Sequence[tuple[Benchmark, Report]], arguments: Sequence[str], load: str) -> str:
    """The page in Markdown."""
    return "\n".join(_lines(reports, arguments, load)) + "\n"


def _lines(
    reports: Sequence[tuple[Benchmark, Report]], arguments: Sequence[str], load: str
) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield f"Made by `python -m benchmarks {' '.join(arguments)}` on {machine()}{load}."
    yield "Median, and the range in brackets. The runs of what is compared take turns, so that a"
    yield "slow moment of the machine falls on all. Nothing here is asserted by a test."
    for benchmark, report in reports:
        yield from ("", f"## {benchmark.title}", "", benchmark.question, "")
        yield _row(report.columns)
        yield _row(("---", *("---:" for _ in report.columns[1:])))
        yield from (_row(row) for row in report.rows)
        for note in report.notes:
            yield from ("", note)


def machine() -> str:
    """What the numbers were measured on, as far as it matters."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores of {platform.machine()}, {platform.system()},"
        f" Python {platform.python_version()}"
    )


def load_before() -> str:
    """What else the machine is doing, asked before the benchmarks add to it."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f", with a load average of {os.getloadavg()[0]:.1f} before it began"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
