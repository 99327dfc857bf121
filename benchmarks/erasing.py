"""Benchmark of truncating the write-ahead log: what taps wait, compared with SQLite alone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Final

from benchmarks.benchmark import Benchmark, Report, percentile, spread
from benchmarks.occasion import Occasion
from storage import Keyring, Storage, assemble, migrate
from storage.sqlite import SqliteDatabase
from storage.write_ahead_log import PAUSE_SECONDS
from tests.storage.people import NOON, Person, person

TAPS_A_SECOND: Final = 200
WITHDRAWALS_A_SECOND: Final = 2
_SECONDS: Final = 30
_QUICK_SECONDS: Final = 9
_PEOPLE: Final = 2_000

# Longer than any run. By itself SQLite checkpoints every thousand pages, but never truncates.
_NEVER: Final = 1e6


@dataclass(slots=True)
class _Runs:
    """The figures of the runs: taps in milliseconds, `left` in KB of log at the end."""

    middle: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Returns one row of the table."""
        figures = (self.middle, self.late, self.longest)
        return (name, *(spread(each, 2) for each in figures), spread(self.left))


async def _run(occasion: Occasion) -> Report:
    seconds = _QUICK_SECONDS if occasion.quick else _SECONDS
    left_alone, cut_off = _Runs(), _Runs()
    for _ in range(occasion.runs):
        for runs, pause in ((left_alone, _NEVER), (cut_off, PAUSE_SECONDS)):
            with occasion.empty_folder() as folder:
                await _measure(runs, folder, pause, seconds)
    return Report(
        ("The log", "tap p50 ms", "tap p99 ms", "longest ms", "KB in the log at the end"),
        (left_alone.row("left to SQLite"), cut_off.row(f"cut off after {PAUSE_SECONDS:g} s")),
        (
            f"{TAPS_A_SECOND} taps a second for {seconds} seconds, each begun at its moment,"
            f" however long others take; {WITHDRAWALS_A_SECOND} of them are a signature and its"
            " withdrawal.",
        ),
    )


async def _measure(runs: _Runs, folder: Path, pause: float, seconds: int) -> None:
    url = f"sqlite+aiosqlite:///{folder / 'petition.db'}"
    await migrate(url)
    database = await SqliteDatabase.open(folder / "petition.db", log_pause_seconds=pause)
    keyring = Keyring.generate(folder / "petition.key")
    storage = assemble(database, keyring, "andry")
    await storage.petitions.ensure(bytes(32))
    people = [person(keyring, number) for number in range(1, _PEOPLE + 1)]
    for someone in people:
        await someone.arrive(storage)
    taken = await _tapped(storage, people, seconds)
    runs.middle.append(percentile(taken, 0.5) * 1000)
    runs.late.append(percentile(taken, 0.99) * 1000)
    runs.longest.append(max(taken) * 1000)
    await asyncio.sleep(min(pause, PAUSE_SECONDS) + 0.5)
    runs.left.append((folder / "petition.db-wal").stat().st_size / 1024)
    await database.close()


async def _tapped(storage: Storage, people: list[Person], seconds: int) -> list[float]:
    taken: list[float] = []

    async def tap(someone: Person, number: int) -> None:
        begun = time.perf_counter()
        known = await storage.conversations.get(someone.supporter)
        version = known.version if known else 0
        if number % (TAPS_A_SECOND // WITHDRAWALS_A_SECOND) == 0:
            await someone.sign(storage, was=version)
            await storage.signatures.withdraw(someone.supporter)
        else:
            changed = replace(someone.conversation(version=version + 1), page=number)
            await storage.conversations.save(changed, was=version, at=NOON)
        taken.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number, someone in zip(range(TAPS_A_SECOND * seconds), cycle(people), strict=False):
            await asyncio.sleep(begun + number / TAPS_A_SECOND - time.perf_counter())
            tasks.create_task(tap(someone, number))
    return taken


ERASING: Final = Benchmark(
    "erasing",
    "Erasing from the log",
    "What a tap waits for the storage while SQLite's write-ahead log is cut off some seconds after"
    " every write, so that nothing erased stays in it. A tap is a read and a write to the disk.",
    _run,
)
