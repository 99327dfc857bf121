"""Benchmark of an export: its time and its memory, by format and by the number of signatures."""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.benchmark import Benchmark, Report, spread
from benchmarks.child_job import Job, JobReport
from benchmarks.child_process import run_sender
from benchmarks.export_client import READING
from benchmarks.run_options import RunOptions
from benchmarks.signed_database import FIRST_CHAT
from bot.export import ListFormat

SIZES = (10_000, 1_000_000)
_QUICK_SIZES = (2_000, 20_000)
_SECONDS = 900.0


async def _run(options: RunOptions) -> Report:
    rows: list[tuple[str, ...]] = []
    for people in _QUICK_SIZES if options.quick else SIZES:
        async with options.petition(people) as folder:
            reading = [await _one(folder, READING, people) for _ in range(options.runs)]
            rows.append(_row("read and decrypted alone", people, reading, reading))
            for each in ListFormat:
                runs = [await _one(folder, each, people) for _ in range(options.runs)]
                rows.append(_row(f"as {each}", people, runs, reading))
    return Report(
        ("The list", "signatures", "s", "to reading", "CPU s", "size, MB", "peak memory, MB"),
        tuple(rows),
        _NOTES,
    )


async def _one(folder: Path, what: str, people: int) -> JobReport:
    job = Job(what, "", str(folder), FIRST_CHAT, people, seconds=_SECONDS)
    report = await run_sender(Path(sys.executable), "benchmarks.export_client", job)
    if not report.complete:
        raise ValueError(f"{report.delivered} of {people} signatures in the list {what}")
    return report


def _row(
    name: str, people: int, runs: Sequence[JobReport], reading: Sequence[JobReport]
) -> tuple[str, ...]:
    alone = statistics.median(each.computed for each in reading)
    peak = max(each.peak for each in runs)
    return (
        name,
        f"{people:,}",
        spread([each.ended - each.begun for each in runs], 1),
        f"{statistics.median(each.computed for each in runs) / alone:.2f}",
        spread([each.computed for each in runs], 1),
        "" if not runs[0].said else f"{int(runs[0].said) / 1e6:,.1f}",
        f"{peak / 1024:.1f} ({(peak - runs[0].base) / 1024:+.1f})",
    )


_NOTES = (
    "`petition-bot export` on SQLite, encrypted with age and on the disk when it ends. `to"
    " reading` is the CPU time over that of reading and decrypting alone.",
)

EXPORT = Benchmark(
    "export",
    "A million signatures exported",
    "The list for the addressee, in each format, by a process of its own.",
    _run,
)
