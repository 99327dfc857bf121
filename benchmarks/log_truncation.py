"""Benchmark of truncating the write-ahead log: what taps wait, compared with SQLite alone."""

import asyncio
import time
from dataclasses import replace
from itertools import cycle, product
from pathlib import Path

from benchmarks.benchmark import Benchmark, Report, row
from benchmarks.run_options import RunOptions
from storage import Storage
from storage.conversations import conversation_of, save_conversation
from storage.keyring import Keyring
from storage.migrate import migrate
from storage.petitions import ensure_petition
from storage.signatures import withdraw_signature
from storage.sqlite import SqliteDatabase
from storage.write_ahead_log import PAUSE_SECONDS
from tests.support.percentiles import percentile
from tests.support.supporters import NOON, Supporter, a_supporter

TAPS_A_SECOND = 200
WITHDRAWALS_A_SECOND = 2
_SECONDS = 30
_QUICK_SECONDS = 9
_PEOPLE = 2_000
_DIGITS = (2, 2, 2, 0)

# Longer than any run. By itself SQLite checkpoints every thousand pages, but never truncates.
_NEVER = 1e6


async def _run(options: RunOptions) -> Report:
    seconds = _QUICK_SECONDS if options.quick else _SECONDS
    runs: dict[float, list[tuple[float, ...]]] = {_NEVER: [], PAUSE_SECONDS: []}
    for _, pause in product(range(options.runs), runs):
        with options.empty_folder() as folder:
            runs[pause].append(await _measure(folder, pause, seconds))
    return Report(
        ("The log", "tap p50 ms", "tap p99 ms", "longest ms", "KB in the log at the end"),
        (
            row("left to SQLite", runs[_NEVER], _DIGITS),
            row(f"cut off after {PAUSE_SECONDS:g} s", runs[PAUSE_SECONDS], _DIGITS),
        ),
        (
            f"{TAPS_A_SECOND} taps a second for {seconds} seconds, however long others take;"
            f" {WITHDRAWALS_A_SECOND} of them are a signature and its withdrawal.",
        ),
    )


async def _measure(folder: Path, pause: float, seconds: int) -> tuple[float, ...]:
    """Returns the median, 99th percentile and longest tap in ms, and KB left in the log."""
    url = f"sqlite+aiosqlite:///{folder / 'petition.db'}"
    await migrate(url)
    database = await SqliteDatabase(folder / "petition.db", log_pause_seconds=pause).open()
    keyring = Keyring.generate(folder / "petition.key")
    storage = Storage(database, keyring, "andry")
    await storage.write(ensure_petition)
    people = [a_supporter(keyring, number) for number in range(1, _PEOPLE + 1)]
    for someone in people:
        await someone.arrive(storage)
    taken = await _tapped(storage, people, seconds)
    await asyncio.sleep(min(pause, PAUSE_SECONDS) + 0.5)
    left = (folder / "petition.db-wal").stat().st_size / 1024
    await database.close()
    middle, late = (percentile(taken, share) * 1000 for share in (0.5, 0.99))
    return middle, late, max(taken) * 1000, left


async def _tapped(storage: Storage, people: list[Supporter], seconds: int) -> list[float]:
    taken: list[float] = []

    async def tap(someone: Supporter, number: int) -> None:
        begun = time.perf_counter()
        known = await storage.read(conversation_of, someone.supporter)
        version = known.version if known else 0
        if number % (TAPS_A_SECOND // WITHDRAWALS_A_SECOND) == 0:
            await someone.sign(storage, was=version)
            await storage.write(withdraw_signature, someone.supporter, NOON)
        else:
            changed = replace(someone.conversation(version=version + 1), page=number)
            await storage.write(save_conversation, changed, was=version, at=NOON)
        taken.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number, someone in zip(range(TAPS_A_SECOND * seconds), cycle(people), strict=False):
            await asyncio.sleep(begun + number / TAPS_A_SECOND - time.perf_counter())
            tasks.create_task(tap(someone, number))
    return taken


LOG_TRUNCATION = Benchmark(
    "erasing",
    "Erasing from the log",
    "What a tap, a read and a write, waits while SQLite's write-ahead log is cut off some seconds"
    " after every write.",
    _run,
)
