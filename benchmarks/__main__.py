"""`python -m benchmarks [--only NAME] [--runs N] [--quick] [--save]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.benchmark import Benchmark, Report
from benchmarks.figures_page import PAGE, Section, load_average, updated
from benchmarks.registry import ALL
from benchmarks.run_options import RunOptions
from bot.logs import configure_logging

# Columns of the output when it is not a terminal.
_WIDE = 180


def main() -> None:
    """Runs the requested benchmarks and prints them; saves each table as soon as it is made."""
    asked = _arguments()
    configure_logging("ERROR")
    out = Console(width=None if sys.stdout.isatty() else _WIDE)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        options = RunOptions(2 if asked.quick else asked.runs, asked.quick, Path(folder))
        for benchmark in ALL:
            if not _is_wanted(benchmark, asked.only):
                continue
            out.print(f"\n[bold]{benchmark.title}[/bold]\n{benchmark.question}")
            load = load_average()
            report = uvloop.run(benchmark.run(options))
            _print(out, report)
            if asked.save:
                section = Section(benchmark, report, _command(benchmark.name), load)
                PAGE.write_text(updated(PAGE, section, ALL), encoding="utf-8")
                out.print(f"Written to {PAGE.parent.name}/{PAGE.name}.")


def _is_wanted(benchmark: Benchmark, names: list[str] | None) -> bool:
    return benchmark.name in names if names else not benchmark.on_request


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [each.name for each in ALL]
    parser.add_argument("--only", action="append", choices=names, help="this one; may be repeated")
    parser.add_argument("--runs", type=int, default=5, help="of what is compared (5)")
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument("--quick", action="store_true", help="few and short, for a look")
    keep.add_argument("--save", action="store_true", help="into docs/benchmarks.md, by table")
    return parser.parse_args()


def _command(name: str) -> str:
    """Returns the options that make this table alone."""
    runs = [] if "--runs" not in sys.argv else ["--runs", sys.argv[sys.argv.index("--runs") + 1]]
    return " ".join(["--only", name, *runs])


def _print(out: Console, report: Report) -> None:
    table = Table(*report.columns)
    for row in report.rows:
        table.add_row(*row)
    out.print(table)
    for note in report.notes:
        out.print(note)


if __name__ == "__main__":  # the servers' processes import this file too
    main()
