"""Benchmark of setting a dossier: its time, and the memory of all its processes together."""

import asyncio
import sys
import time
from collections.abc import Mapping

import psutil

from benchmarks.benchmark import Benchmark, Report
from benchmarks.run_options import RunOptions
from tests.support.opened_lists import write_list

_NAMES = (5_000, 100_000)
_QUICK_NAMES = (500,)
_LOOK_SECONDS = 0.05
_ARGUMENTS = ("--reference", "R-1", "--date", "2027-02-16")


async def _run(options: RunOptions) -> Report:
    rows = []
    with options.empty_folder() as folder:
        for names in _QUICK_NAMES if options.quick else _NAMES:
            listed = write_list(folder / f"{names}.json", names, names // 10)
            output = folder / f"{names}"
            seconds, peak = await measured(
                "dossier", str(listed), "--output", str(output), *_ARGUMENTS
            )
            files = list(output.glob("*.pdf"))
            size = sum(file.stat().st_size for file in files) / 2**20
            rows.append(
                (
                    f"{names:,}",
                    f"{len(files) - 1}",
                    f"{listed.stat().st_size / 2**20:,.1f}",
                    f"{seconds:,.1f}",
                    f"{peak / 2**20:,.0f}",
                    f"{size:,.1f}",
                )
            )
    columns = ("Names", "volumes", "list, MB", "time, s", "peak memory, MB", "PDF, MB")
    return Report(columns, tuple(rows))


async def measured(*words: str, environment: Mapping[str, str] | None = None) -> tuple[float, int]:
    """Returns the seconds that a command takes, and the most bytes of it and its children."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    peak, ended = 0, asyncio.create_task(process.wait())
    while not ended.done():
        peak = max(peak, _resident(process.pid))
        await asyncio.wait([ended], timeout=_LOOK_SECONDS)
    if ended.result() != 0:
        raise ValueError(f"petition-bot {words[0]} failed")
    return time.perf_counter() - begun, peak


def _resident(pid: int) -> int:
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
        return sum(each.memory_info().rss for each in family)
    except psutil.NoSuchProcess:
        return 0


DOSSIERS = Benchmark(
    "dossiers",
    "Setting the dossier",
    "`petition-bot dossier` for a list in many scripts; memory of it and the volume in progress.",
    _run,
)
