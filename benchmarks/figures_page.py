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

`make bench` makes all of these tables, and `make bench ARGS="--only speed"` one of them; with
`--save` a table replaces its own section here and no other, with `--quick` it is only a look.
Median, and the range in brackets. The runs of what is compared take turns, so that a slow moment
of the machine falls on all. Nothing here is asserted by a test.

Sending is measured against a Bot API that only answers and counts (`tests/support/bot_api`),
since the simulator, which keeps every chat, answers some 7,500 calls a second on this machine and
would be what is measured. It speaks HTTP/1.1, answers with messages that the libraries read,
counts what arrived in each chat and when, and has a core to itself; its ceiling stands in the
table of messages a second. The peers are installed from lock files into `.venv-peers` when they
are first needed, and used as their documentation says; where that cannot be done, the tables
say so.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page.

    Attributes:
        command: the command that made it.
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
    """Returns a description of the machine: cores, processor, system and Python version."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores of {platform.machine()} ({_processor()}), {platform.system()},"
        f" Python {platform.python_version()}"
    )


def load_average() -> str:
    """Returns a phrase with the load average; call it before a benchmark adds to it."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f", with a load average of {os.getloadavg()[0]:.1f} before it began"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown")


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
    yield _row(("---", *("---:" for _ in report.columns[1:])))
    yield from (_row(row) for row in report.rows)
    for note in report.notes:
        yield from ("", note)
    yield from ("", f"Made by `{section.command}` on {machine()}{section.load}.")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
