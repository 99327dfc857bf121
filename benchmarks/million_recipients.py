"""Benchmark of a million recipients: when the first is told, all queued, how long signers wait."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api_process import TOKEN, running_bot_api
from benchmarks.child_job import Job
from benchmarks.child_process import run_child
from benchmarks.enqueue_client import Enqueued
from benchmarks.run_options import RunOptions
from benchmarks.signed_database import DATABASE, FIRST_CHAT, KEY, gather_signatures, reopen
from storage.database import open_database
from storage.keyring import Keyring
from tests.support.bot_api.server import Behavior
from tests.support.postgres_server import durable_postgres
from tests.support.raw_sql import read_sql

PEOPLE = 1_000_000
QUICK_PEOPLE = 20_000
SECONDS = 900.0
Measured = Callable[[str, int, Path, str], Awaitable[Report]]
"""Measures on a database: its name, how many signed, the folder with the key, its URL if it is not
the SQLite file of that folder."""

_SIZE = "SELECT pg_database_size(current_database()) AS bytes"
_COLUMNS = (
    "Database",
    "recipients",
    "the admin waits, s",
    "the first is told after, s",
    "all queued after, s",
    "size before and after, MB",
    "peak memory, MB",
    "a signature alone, ms",
    "a signature meanwhile, ms",
)


async def on_sqlite(options: RunOptions, measured: Measured) -> Report:
    """Measures a petition that many have signed, on SQLite."""
    people = QUICK_PEOPLE if options.quick else PEOPLE
    async with options.petition(people, closed=False) as folder:
        return await measured("SQLite", people, folder, "")


async def on_postgres(options: RunOptions, columns: tuple[str, ...], measured: Measured) -> Report:
    """The same on PostgreSQL; without it, the report has the columns and says why it is empty."""
    people = QUICK_PEOPLE if options.quick else PEOPLE
    with ExitStack() as stack, options.empty_folder() as folder:
        try:
            url = await asyncio.to_thread(durable_postgres, stack)
        except pytest.skip.Exception as reason:
            return Report(columns, (), (f"Without PostgreSQL: {reason}.",))
        keyring = Keyring.generate(folder / KEY)
        await gather_signatures(url, keyring, people)
        await reopen(url, keyring)
        return await measured("PostgreSQL", people, folder, url)


async def _measured(name: str, people: int, folder: Path, url: str) -> Report:
    before = await _megabytes(folder, url)
    async with running_bot_api() as api:
        await api.begin(Behavior())
        job = Job(api.url, TOKEN, str(folder), FIRST_CHAT, people, seconds=SECONDS, database=url)
        told, _ = await run_child(Path(sys.executable), "benchmarks.enqueue_client", job)
    enqueued = Enqueued(**told)
    if enqueued.rows < people:
        raise ValueError(f"{enqueued.rows} rows for {people} people")
    row = (
        name,
        f"{people:,}",
        f"{enqueued.asked:.2f}",
        f"{enqueued.first:.2f}",
        f"{enqueued.seconds:.1f}",
        f"{before:,.0f}, {await _megabytes(folder, url):,.0f}",
        f"{enqueued.peak / 1024:.1f} ({(enqueued.peak - enqueued.base) / 1024:+.1f})",
        waits_in_ms(enqueued.alone),
        f"{waits_in_ms(enqueued.meanwhile)} ({enqueued.signed:,} signed)",
    )
    return Report(_COLUMNS, (row,), _NOTES)


def waits_in_ms(waits: tuple[float, float, float]) -> str:
    """Returns the median, the 99th percentile and the longest of waits in seconds, in ms."""
    middle, late, longest = (each * 1000 for each in waits)
    return f"{middle:.1f}, {late:.1f}, longest {longest:.1f}"


def _file_megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob(f"{DATABASE}*")) / 1e6


async def _megabytes(folder: Path, url: str) -> float:
    if not url:
        return _file_megabytes(folder)
    database = await open_database(url)
    try:
        return int((await read_sql(database, _SIZE))[0]["bytes"]) / 1e6
    finally:
        await database.close()


_NOTES = (
    "People sign one after the other, a hundredth of a second apart, each with two transactions on"
    " the disk: median, 99th percentile and longest wait.",
)

MILLION = Benchmark(
    "million",
    "A million recipients",
    "A message to everyone who signed, while the petition is open and people go on signing.",
    lambda options: on_sqlite(options, _measured),
)

MILLION_ON_POSTGRES = Benchmark(
    "million-postgres",
    "A million recipients, on PostgreSQL",
    "The same on PostgreSQL; it runs when it is named.",
    lambda options: on_postgres(options, _COLUMNS, _measured),
    on_request=True,
)
