"""Benchmark of erasing a million signatures that are due: its time, memory, and who waits.

The child process of this file erases them as the running bot does, while people sign.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.benchmark import Benchmark, Report
from benchmarks.child_job import Job, ResourceMeter, run_job
from benchmarks.child_process import run_child
from benchmarks.enqueue_client import ALONE_SECONDS, Signers, summed_up
from benchmarks.million_recipients import on_postgres, on_sqlite, waits_in_ms
from benchmarks.signed_database import FIRST_CHAT, KEY, url_of
from benchmarks.this_bot import settle_down
from bot.logs import configure_logging
from bot.retention import Erasure, erase_due
from storage import Storage, open_storage
from storage.erasures import DueBefore
from storage.keyring import Keyring
from storage.times import rising_id
from tests.support.raw_sql import Statement, write_all, write_sql
from tests.support.supporters import NOON, NOON_MILLIS, SLUG

_SECONDS = 3_600.0
_DUE = Erasure(DueBefore(NOON), None, untold_too=True)
_COLUMNS = (
    "Database",
    "signatures",
    "all erased after, s",
    "of it at work, s",
    "peak memory, MB",
    "a signature alone, ms",
    "a signature meanwhile, ms",
)

# Everybody signed long ago, and was told how it ended.
_LONG_AGO = "UPDATE signatures SET signed_at = 0"
_BROADCAST = """
INSERT INTO broadcasts (id, petition, kind, state, content, created_at,
  author_sealed)
VALUES (:id, :petition, 'closing', 'finished', '{}', :at, :nothing)
"""
_DELIVERIES = """
INSERT INTO deliveries (broadcast_id, position, signature_id, language, state, updated_at)
SELECT :id, number, id, language, 'delivered', :at FROM signatures
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """The measurements: times in seconds, resident memory in kilobytes.

    Attributes:
        erased: the number of signatures.
        seconds: time until all were erased.
        at_work: the same without the breaths between two portions.
        alone: time of a signature before: median, 99th percentile, longest.
        meanwhile: the same while they were erased.
        signed: how many people signed meanwhile.
        base: memory before.
        peak: peak memory.
    """

    erased: int
    seconds: float
    at_work: float
    alone: tuple[float, float, float]
    meanwhile: tuple[float, float, float]
    signed: int
    base: int
    peak: int


async def _purge(job: Job) -> Purged:
    configure_logging("ERROR")
    folder = Path(job.folder)
    keyring = Keyring.load(folder / KEY)
    url = job.database or url_of(folder)
    storage = await open_storage(url, keyring, SLUG)
    try:
        await _tell(storage)
    finally:
        await storage.close()  # which takes a gigabyte of log into the file
    storage = await open_storage(url, keyring, SLUG)
    try:
        return await _measure(storage, Signers(storage, keyring))
    finally:
        await storage.close()


async def _tell(storage: Storage) -> None:
    key = rising_id(NOON)
    told: dict[str, Any] = {"id": key, "at": NOON_MILLIS}
    await write_sql(storage.database, _LONG_AGO)
    await write_all(
        storage.database,
        Statement(_BROADCAST, {**told, "petition": SLUG, "nothing": b""}),
        Statement(_DELIVERIES, told),
    )


async def _measure(storage: Storage, signers: Signers) -> Purged:
    async with signers.signing() as alone:
        await asyncio.sleep(ALONE_SECONDS)
    settle_down()
    meter, rested = ResourceMeter(), 0.0

    async def rest(seconds: float) -> None:
        nonlocal rested
        begun = time.perf_counter()
        await asyncio.sleep(seconds)
        rested += time.perf_counter() - begun

    async with signers.signing() as meanwhile:
        begun = time.perf_counter()
        erased = await erase_due(storage, _DUE, NOON, action="purge", sleep=rest)
        seconds = time.perf_counter() - begun
    report = meter.report(delivered=0, failed=0, complete=True)
    return Purged(
        erased=erased,
        seconds=seconds,
        at_work=seconds - rested,
        alone=summed_up(alone),
        meanwhile=summed_up(meanwhile),
        signed=len(meanwhile),
        base=report.base,
        peak=report.peak,
    )


async def _measured(name: str, people: int, folder: Path, url: str) -> Report:
    job = Job("", "", str(folder), FIRST_CHAT, people, seconds=_SECONDS, database=url)
    told, _ = await run_child(Path(sys.executable), "benchmarks.purge", job)
    purged = Purged(**told)
    if purged.erased != people:
        raise ValueError(f"{purged.erased} of {people} were erased")
    row = (
        name,
        f"{people:,}",
        f"{purged.seconds:,.0f}",
        f"{purged.at_work:,.0f}",
        f"{purged.peak / 1024:.1f} ({(purged.peak - purged.base) / 1024:+.1f})",
        waits_in_ms(purged.alone),
        f"{waits_in_ms(purged.meanwhile)} ({purged.signed:,} signed)",
    )
    return Report(_COLUMNS, (row,), _NOTES)


_NOTES = (
    "A hundred signatures in each transaction, and a twentieth of a second between two of them,"
    " which is most of the time. Meanwhile people sign as in [a million"
    " recipients](#a-million-recipients).",
)

PURGE = Benchmark(
    "purge",
    "A million signatures that are due",
    "They are erased as the running bot and `petition-bot purge` do it, while people go on"
    " signing.",
    lambda options: on_sqlite(options, _measured),
    on_request=True,
)

PURGE_ON_POSTGRES = Benchmark(
    "purge-postgres",
    "A million signatures that are due, on PostgreSQL",
    "The same on a PostgreSQL of its own, on the same machine.",
    lambda options: on_postgres(options, _COLUMNS, _measured),
    on_request=True,
)

if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_purge(job)))
