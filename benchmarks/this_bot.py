"""This bot as a child process: its own worker, transport and storage."""

import asyncio
import gc
from contextlib import suppress
from pathlib import Path

import uvloop

from benchmarks.child_job import TEXT, Job, JobReport, ResourceMeter, run_job
from benchmarks.signed_database import KEY, url_of
from bot.broadcast.context import WorkerContext
from bot.broadcast.worker import Worker
from bot.logs import configure_logging
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from storage import Storage, open_storage
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Tally
from storage.broadcasts import tally_of_broadcast
from storage.keyring import Keyring
from tests.support.broadcasts import held_lock, new_broadcast
from tests.support.silent_reporter import SilentReporter
from tests.support.supporters import SLUG

CONTENT = {"es": TEXT}
# More than any machine can send, so that the machine sets the pace.
AS_FAST_AS_IT_GOES = 20_000.0
# Time for calls in flight to end after a stop.
_STOP_SECONDS = 2.0


class EndReporter(SilentReporter):
    """A reporter that only notes the end."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.ended_as: Broadcast | None = None

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None:
        """See Reporter.report."""
        if broadcast.is_over:
            self.ended_as = broadcast
            self.over.set()


def settle_down() -> None:
    """Sets the garbage collector as the bot does after its start, see `bot.process`."""
    gc.collect()
    gc.set_threshold(50_000, 20, 100)
    gc.freeze()


async def _send(job: Job) -> JobReport:
    configure_logging("ERROR")
    folder = Path(job.folder)
    storage = await open_storage(url_of(folder), Keyring.load(folder / KEY), SLUG)
    try:
        async with SharedSession() as session:
            return await _broadcast(job, storage, session)
    finally:
        await storage.close()


async def _broadcast(job: Job, storage: Storage, session: SharedSession) -> JobReport:
    rate = job.rate or AS_FAST_AS_IT_GOES
    gate, listener = Gate(rate), EndReporter()
    client = TelegramClient(session, gate, api_url=job.url, token=job.token)
    worker = Worker(
        WorkerContext(
            client=client,
            gate=gate,
            storage=storage,
            reporter=listener,
            rate=rate,
            lock=await held_lock(storage),
        )
    )
    settle_down()
    meter = ResourceMeter()
    started = await storage.write(start_broadcast, new_broadcast(CONTENT))
    if not isinstance(started, Broadcast):
        raise TypeError(f"the broadcast did not start: {started}")
    running = asyncio.create_task(worker.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(job.seconds):
            await listener.over.wait()
    tally = await storage.read(tally_of_broadcast, started.id)
    ended = listener.ended_as
    report = meter.report(
        delivered=tally.delivered,
        failed=tally.unreachable + tally.rejected + tally.unconfirmed,
        complete=ended is not None and ended.state == "finished",
        said="" if ended is None else f"{ended.state}: {ended.stop_reason}",
    )
    await worker.stop(_STOP_SECONDS)
    await running
    return report


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_send(job)))
