"""This bot as a child process: its own worker, transport and storage."""

from __future__ import annotations

import asyncio
import gc
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.orders import TEXT, Order, Told, Watch, carry_out
from benchmarks.signatories import KEY, url_of
from bot.broadcast import Worker
from bot.broadcast.confirmation import content_sha256
from bot.logs import configure_logging
from bot.transport import Gate, SharedSession, TelegramClient
from storage import Broadcast, Keyring, NewBroadcast, RecallTally, Storage, Tally, open_storage
from tests.broadcast.petitioners import ADMIN, SLUG

CONTENT: Final = {"es": TEXT}
# More than any machine can send, so that the machine sets the pace.
AS_FAST_AS_IT_GOES: Final = 20_000.0
# Time for calls in flight to end after a stop.
_STOP_SECONDS: Final = 2.0


class Listener:
    """A reporter that only notes the end."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.ended_as: Broadcast | None = None

    async def progress(
        self, broadcast: Broadcast, tally: Tally, rate: float | None, pause: float = 0.0
    ) -> None:
        """See Reporter.progress."""

    async def waiting(self, broadcast: Broadcast, tally: Tally) -> None:
        """See Reporter.waiting."""

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """See Reporter.ended."""
        self.ended_as = broadcast
        self.over.set()

    async def recalling(
        self, broadcast: Broadcast, tally: RecallTally, rate: float | None
    ) -> None:
        """See Reporter.recalling."""


def a_plan() -> NewBroadcast:
    """Returns a closing update to everyone, to be sent now."""
    return NewBroadcast(
        uuid.uuid4().bytes,
        content=CONTENT,
        content_sha256=content_sha256(CONTENT),
        source_language="es",
        actor=ADMIN,
        at=datetime.now(UTC),
    )


def settle_down() -> None:
    """Sets the garbage collector as the bot does after its start, see `bot.shutdown`."""
    gc.collect()
    gc.set_threshold(50_000, 20, 100)
    gc.freeze()


async def _send(order: Order) -> Told:
    configure_logging("ERROR")
    folder = Path(order.folder)
    storage = await open_storage(url_of(folder), Keyring.load(folder / KEY), SLUG)
    try:
        async with SharedSession() as session:
            return await _broadcast(order, storage, session)
    finally:
        await storage.close()


async def _broadcast(order: Order, storage: Storage, session: SharedSession) -> Told:
    rate = order.rate or AS_FAST_AS_IT_GOES
    gate, listener = Gate(rate), Listener()
    client = TelegramClient(session, gate, api_url=order.url, token=order.token)
    worker = Worker(client, storage, listener, rate=rate, gate=gate, sole=lambda: True)
    settle_down()
    watch = Watch()
    started = await storage.broadcasts.start(a_plan())
    if not isinstance(started, Broadcast):
        raise TypeError(f"the broadcast did not start: {started}")
    running = asyncio.create_task(worker.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(order.seconds):
            await listener.over.wait()
    tally = await storage.broadcasts.tally(started.id)
    ended = listener.ended_as
    told = watch.told(
        delivered=tally.delivered,
        failed=tally.unreachable + tally.rejected + tally.unconfirmed,
        complete=ended is not None and ended.state == "finished",
        said="" if ended is None else f"{ended.state}: {ended.stop_reason}",
    )
    await worker.stop(_STOP_SECONDS)
    await running
    return told


if __name__ == "__main__":
    carry_out(lambda order: uvloop.run(_send(order)))
