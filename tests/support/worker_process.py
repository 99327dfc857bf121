"""The broadcast worker as a separate process; any number may share a database."""

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path

import uvloop

from bot.broadcast.context import Durations, WorkerContext
from bot.broadcast.worker import Worker
from bot.clocks import utc_now
from bot.logs import configure_logging
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from storage import leases, open_storage
from storage.keyring import Keyring
from storage.leases import lock_name, take_over
from storage.process_lock import acquire_process_lock
from tests.support.silent_reporter import SilentReporter
from tests.support.supporters import SLUG

# Seconds; short, so that several holders can die within one broadcast.
LEASE_SECONDS = 1.5
DURATIONS = replace(Durations(), poll=0.1, rest=0.1, call=2.0, progress=1.0)
_STOP_SECONDS = 3.0


async def send(
    database_url: str, key: str, api_url: str, rate: str, token: str, doubt: str
) -> None:
    """Sends what is due until SIGTERM."""
    configure_logging("WARNING")
    storage = await open_storage(database_url, Keyring.load(Path(key)), SLUG)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    try:
        leases._LEASE_SECONDS, leases._RENEW_SECONDS = LEASE_SECONDS, 0.3
        leases._MARGIN_SECONDS = leases._PAUSE_SECONDS = 0.2
        name = lock_name(SLUG)
        async with (
            SharedSession() as session,
            acquire_process_lock(database_url, name, lambda: None) as lock,
        ):
            if not storage.database.is_shared:
                await storage.write(take_over, lock.holder, utc_now())
            gate = Gate(float(rate))
            client = TelegramClient(session, gate, api_url=api_url, token=token)
            context = WorkerContext(
                client=client,
                gate=gate,
                storage=storage,
                lock=lock,
                reporter=SilentReporter(),
                rate=float(rate),
                durations=replace(DURATIONS, doubt=float(doubt)),
            )
            worker = Worker(context)
            running = asyncio.create_task(worker.run())
            stopped = asyncio.create_task(asked.wait())
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            await worker.stop(_STOP_SECONDS)
            await running
    finally:
        await storage.close()


if __name__ == "__main__":
    uvloop.run(send(*sys.argv[1:]))
