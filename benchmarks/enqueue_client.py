"""A child process that enqueues a broadcast to everyone while people sign one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

import uvloop

from benchmarks.child_job import Job, ResourceMeter, run_job
from benchmarks.signed_database import KEY, url_of
from benchmarks.this_bot import CONTENT, settle_down
from bot.broadcast.context import WorkerContext
from bot.broadcast.worker import Worker
from bot.logs import configure_logging
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from storage import Storage, open_storage
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, DeliveryState, Kind
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.keyring import Keyring
from storage.tables import DELIVERIES
from storage.transaction import Transaction
from tests.support.broadcasts import held_lock, new_broadcast
from tests.support.percentiles import percentile
from tests.support.silent_reporter import SilentReporter
from tests.support.supporters import SLUG, a_supporter

_PAUSE_SECONDS = 0.01
_LOOK_SECONDS = 0.02
# Messages a second, as Telegram allows to everybody.
_RATE = 30.0
# How long people sign before enqueuing begins, for comparison.
ALONE_SECONDS = 2.0
# Chat numbers of the signers, beyond those of the recipients.
_FIRST_SIGNER = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The measurements: times in seconds, resident memory in kilobytes.

    Attributes:
        asked: time until `start` returned, which is how long the admin waits.
        first: time until a message was recorded as delivered.
        seconds: time until everyone had a row.
        rows: the number of rows.
        alone: time of a signature before enqueuing: median, 99th percentile, longest.
        meanwhile: the same while enqueuing.
        signed: how many people signed while enqueuing.
        base: memory before enqueuing.
        peak: peak memory.
    """

    asked: float
    first: float
    seconds: float
    rows: int
    alone: tuple[float, float, float]
    meanwhile: tuple[float, float, float]
    signed: int
    base: int
    peak: int


@dataclass(slots=True)
class Signers:
    """People who sign one after the other; measures how long each signature takes."""

    storage: Storage
    keyring: Keyring
    numbers: count[int] = field(default_factory=lambda: count(_FIRST_SIGNER))

    @asynccontextmanager
    async def signing(self) -> AsyncIterator[list[float]]:
        """Lets people sign while the block runs; yields the list of their times in seconds."""
        waits: list[float] = []
        over = asyncio.Event()
        task = asyncio.create_task(self._sign_on(waits, over))
        try:
            yield waits
        finally:
            over.set()
            await task

    async def _sign_on(self, waits: list[float], over: asyncio.Event) -> None:
        while not over.is_set():
            someone = a_supporter(self.keyring, next(self.numbers))
            begun = time.perf_counter()
            await someone.arrive(self.storage)
            await someone.sign(self.storage)
            waits.append(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE_SECONDS)


async def _enqueue(job: Job) -> Enqueued:
    configure_logging("ERROR")
    folder = Path(job.folder)
    keyring = Keyring.load(folder / KEY)
    storage = await open_storage(job.database or url_of(folder), keyring, SLUG)
    try:
        async with SharedSession() as session:
            gate = Gate(_RATE)
            client = TelegramClient(session, gate, api_url=job.url, token=job.token)
            context = WorkerContext(
                client=client,
                gate=gate,
                storage=storage,
                reporter=SilentReporter(),
                rate=_RATE,
                lock=await held_lock(storage),
            )
            return await _measure(storage, Worker(context), Signers(storage, keyring))
    finally:
        await storage.close()


async def _measure(storage: Storage, worker: Worker, signers: Signers) -> Enqueued:
    async with signers.signing() as alone:
        await asyncio.sleep(ALONE_SECONDS)
    settle_down()
    meter = ResourceMeter()
    async with signers.signing() as meanwhile:
        begun = time.perf_counter()
        started = await storage.write(start_broadcast, new_broadcast(CONTENT, kind=Kind.UPDATE))
        if not isinstance(started, Broadcast):
            raise TypeError(f"the broadcast did not start: {started}")
        asked = time.perf_counter() - begun
        running = asyncio.create_task(worker.run())
        while not await storage.read(_deliveries_of_the_first, started.id):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        first = time.perf_counter() - begun
        await _queued(storage, started.id)
        seconds = time.perf_counter() - begun
        tally = await storage.read(tally_of_broadcast, started.id)
    report = meter.report(delivered=0, failed=0, complete=True)
    await worker.stop(1.0)
    await running
    return Enqueued(
        asked=asked,
        first=first,
        seconds=seconds,
        rows=tally.total,
        alone=summed_up(alone),
        meanwhile=summed_up(meanwhile),
        signed=len(meanwhile),
        base=report.base,
        peak=report.peak,
    )


def _deliveries_of_the_first(tx: Transaction, key: bytes) -> int:
    columns = DELIVERIES.c
    is_early = columns.position <= _RATE
    return tx.count(
        DELIVERIES, columns.broadcast_id == key, is_early, columns.state == DeliveryState.DELIVERED
    )


async def _queued(storage: Storage, key: bytes) -> Broadcast:
    while True:
        found = await storage.read(broadcast_with, key)
        if found is not None and found.enqueued_at:
            return found
        await asyncio.sleep(_LOOK_SECONDS)


def summed_up(waits: list[float]) -> tuple[float, float, float]:
    """Returns the median, the 99th percentile and the longest."""
    return median(waits), percentile(waits, 0.99), max(waits)


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_enqueue(job)))
