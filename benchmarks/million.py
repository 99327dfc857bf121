"""Benchmark of enqueuing a million recipients: its time, and how long signers wait."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api.process import TOKEN, Weather, a_fast_api
from benchmarks.children import told_by
from benchmarks.enqueuing import Enqueued
from benchmarks.occasion import Occasion
from benchmarks.orders import Order
from benchmarks.postgres import durable_postgres
from benchmarks.signatories import DATABASE, FIRST_CHAT, KEY, gather_signatures, reopen
from storage import Keyring, Statement, open_database

PEOPLE: Final = 1_000_000
_QUICK_PEOPLE: Final = 20_000
_SECONDS: Final = 900.0
_SIZE: Final = "SELECT pg_database_size(current_database()) AS bytes"


_COLUMNS: Final = (
    "Database",
    "recipients",
    "the admin waits, s",
    "all queued after, s",
    "size before and after, MB",
    "peak memory, MB",
    "a signature alone, ms",
    "a signature meanwhile, ms",
)


async def _on_sqlite(occasion: Occasion) -> Report:
    return Report(_COLUMNS, (await _sqlite(occasion, _people(occasion)),), _NOTES)


async def _on_postgres(occasion: Occasion) -> Report:
    with ExitStack() as stack:
        try:
            url = await asyncio.to_thread(durable_postgres, stack)
        except pytest.skip.Exception as reason:
            return Report(_COLUMNS, (), (f"Without PostgreSQL: {reason}.",))
        return Report(_COLUMNS, (await _postgres(occasion, url, _people(occasion)),), _NOTES)


def _people(occasion: Occasion) -> int:
    return _QUICK_PEOPLE if occasion.quick else PEOPLE


async def _sqlite(occasion: Occasion, people: int) -> tuple[str, ...]:
    async with occasion.petition(people, closed=False) as folder:
        before = _megabytes(folder)
        told = await _enqueued(folder, people)
        return _row("SQLite", people, told, before, _megabytes(folder))


async def _postgres(occasion: Occasion, url: str, people: int) -> tuple[str, ...]:
    with occasion.empty_folder() as folder:
        keyring = Keyring.generate(folder / KEY)
        await gather_signatures(url, keyring, people)
        await reopen(url, keyring)
        before = await _postgres_megabytes(url)
        told = await _enqueued(folder, people, url)
        return _row("PostgreSQL", people, told, before, await _postgres_megabytes(url))


async def _enqueued(folder: Path, people: int, database: str = "") -> Enqueued:
    async with a_fast_api() as api:
        await api.begin(Weather())
        order = Order(
            api.url, TOKEN, str(folder), FIRST_CHAT, people, seconds=_SECONDS, database=database
        )
        told, _ = await told_by(Path(sys.executable), "benchmarks.enqueuing", order)
        return Enqueued(**told)


def _row(name: str, people: int, told: Enqueued, before: float, after: float) -> tuple[str, ...]:
    if told.rows < people:
        raise ValueError(f"{told.rows} rows for {people} people")
    return (
        name,
        f"{people:,}",
        f"{told.asked:.2f}",
        f"{told.seconds:.1f}",
        f"{before:,.0f}, {after:,.0f}",
        f"{told.peak / 1024:.1f} ({(told.peak - told.base) / 1024:+.1f})",
        _waits(told.alone),
        f"{_waits(told.meanwhile)} ({told.signed:,} signed)",
    )


def _waits(waits: tuple[float, float, float]) -> str:
    middle, late, longest = (each * 1000 for each in waits)
    return f"{middle:.1f}, {late:.1f}, longest {longest:.1f}"


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob(f"{DATABASE}*")) / 1e6


async def _postgres_megabytes(url: str) -> float:
    database = await open_database(url)
    try:
        rows = await database.read(Statement(_SIZE))
        return int(rows[0]["bytes"]) / 1e6
    finally:
        await database.close()


_NOTES: Final = (
    "People sign one after the other all the while, a hundredth of a second apart, each with two"
    " transactions that are on the disk before the next: the median, the 99th percentile and the"
    " longest of what they waited. `peak memory` is that of the whole process, and how much it"
    " grew.",
)

MILLION: Final = Benchmark(
    "million",
    "A million recipients",
    "A message to everyone who signed, while the petition is open and people go on signing.",
    _on_sqlite,
    "`ls -l` shows the size of the file, and `sqlite3 petition.db '.schema deliveries'` the rows"
    " that are written.",
)

MILLION_ON_POSTGRES: Final = Benchmark(
    "million-postgres",
    "A million recipients, on PostgreSQL",
    "The same on a PostgreSQL of its own, on the same machine; it runs when it is named, since"
    " gathering the signatures takes minutes.",
    _on_postgres,
    "`\\l+` in psql shows the size of the database.",
    on_request=True,
)
