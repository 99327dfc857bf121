"""The documentation page with the latest figures, one section a benchmark."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.benchmark import Benchmark, Report

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

_HEADING = "## "
_INTRODUCTION = """\
# Benchmarks

`make bench` makes all of these tables, and `make bench ARGS="--only capped"` one of them; with
`--save` a table replaces its own section here, with `--quick` it is only a look. Figures are
medians, with the range in brackets, and memory is that of the whole process, with how much it
grew. The runs of what is compared take turns; no test asserts anything here. Under each table
stand its options, and the load of the machine (an Intel Xeon with Linux) before.

Sending is measured against a Bot API that only answers and counts (`tests/support/bot_api`) and
has a core to itself, since the simulator, which keeps every chat, would be what is measured. The
peers are installed from lock files into `.venv-peers`, and used as their documentation says.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page.

    Attributes:
        command: the options that made it.
        load: a phrase with the machine's load before the benchmark.
    """

    benchmark: Benchmark
    report: Report
    command: str
    load: str


def updated(page: Path, section: Section, order: Sequence[Benchmark]) -> str:
    """Returns the text of the page with this section added or replaced, in this order."""
    known = _sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    known[section.benchmark.title] = "\n".join(_lines(section))
    kept = [known[each.title].strip() for each in order if each.title in known]
    return "\n\n".join((_INTRODUCTION.strip(), *kept)) + "\n"


def machine() -> str:
    """Returns a phrase for the machine: how many cores, and which Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, Python {platform.python_version()}"


def load_average() -> str:
    """Returns a phrase with the load average; call it before a benchmark adds to it."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f", load {os.getloadavg()[0]:.1f}"


def _sections(text: str) -> dict[str, str]:
    """Returns the sections of a page by title."""
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith(_HEADING):
            title = line.removeprefix(_HEADING)
            found[title] = line
        elif title:
            found[title] += f"\n{line}"
    return found


def _lines(section: Section) -> Iterator[str]:
    benchmark, report = section.benchmark, section.report
    yield f"{_HEADING}{benchmark.title}"
    yield from ("", benchmark.question, "")
    yield _row(report.columns)
    yield "|---|" + "---:|" * (len(report.columns) - 1)
    yield from (_row(row) for row in report.rows)
    for note in report.notes:
        yield from ("", note)
    yield from ("", f"`{section.command}`, {machine()}{section.load}")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
