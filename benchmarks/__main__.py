"""`python -m benchmarks [--only NAME] [--runs N] [--save]`."""

from __future__ import annotations

import argparse
import sys

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.benchmark import Benchmark, Report
from benchmarks.page import PAGE, load_before, page
from benchmarks.registry import ALL
from bot.logs import configure_logging


def main() -> None:
    """Runs what was asked for and prints it."""
    asked = _arguments()
    configure_logging("ERROR")
    out = Console()
    load = load_before()
    chosen = [each for each in ALL if not asked.only or each.name in asked.only]
    reports: list[tuple[Benchmark, Report]] = []
    for benchmark in chosen:
        out.print(f"\n[bold]{benchmark.title}[/bold]\n{benchmark.question}")
        report = uvloop.run(benchmark.run(asked.runs))
        _print(out, report)
        reports.append((benchmark, report))
    if asked.save:
        PAGE.write_text(page(reports, sys.argv[1:], load), encoding="utf-8")
        out.print(f"\nWritten to {PAGE.parent.name}/{PAGE.name}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [each.name for each in ALL]
    parser.add_argument("--only", action="append", choices=names, help="this one; may be repeated")
    parser.add_argument("--runs", type=int, default=5, help="of what is compared (5)")
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md as well")
    return parser.parse_args()


def _print(out: Console, report: Report) -> None:
    table = Table(*report.columns)
    for row in report.rows:
        table.add_row(*row)
    out.print(table)
    for note in report.notes:
        out.print(note)


if __name__ == "__main__":  # the simulator's process imports this file too
    main()
