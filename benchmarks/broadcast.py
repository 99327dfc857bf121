"""The closing update to many, by a worker of the real parts."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.benchmark import Benchmark, Report, bottleneck, spread
from benchmarks.telegram import TOKEN, Busy, Expect, Look, Seen, a_telegram
from bot.broadcast import Worker
from bot.broadcast.audience import content_sha256
from bot.transport import Gate, SharedSession, TelegramClient
from storage import (
    Broadcast,
    Broadcasts,
    Database,
    Keyring,
    Leases,
    Plan,
    Recalls,
    RecallTally,
    Tally,
    migrate,
    open_database,
)
from tests.broadcast.petitioners import ADMIN, SLUG, Petitioners, later
from tests.broadcast.workers import CONTENT, Memory

LATENCY: Final = 0.03
RECIPIENTS: Final = 5_000
RATE: Final = 28.0
SECONDS: Final = 20
# More than any machine sends, so that the machine decides.
_AS_FAST_AS_IT_GOES: Final = 20_000.0
_FIRST_CHAT: Final = 1001


@dataclass(slots=True)
class _Runs:
    """What the runs at one rate showed."""

    rates: list[float] = field(default_factory=list)
    bot: list[float] = field(default_factory=list)
    telegram: list[float] = field(default_factory=list)
    refused: int = 0

    def row(self, name: str, people: int) -> tuple[str, ...]:
        """One line of the table."""
        return (
            name,
            f"{people:,}",
            spread(self.rates, 1),
            spread(self.bot, 2),
            spread(self.telegram, 2),
            str(self.refused),
        )


class _Reports:
    """Listens for the end."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def progress(self, broadcast: Broadcast, tally: Tally, rate: float | None) -> None:
        """See Reporter.progress."""

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """See Reporter.ended."""
        self.over.set()

    async def recalling(
        self, broadcast: Broadcast, tally: RecallTally, rate: float | None
    ) -> None:
        """See Reporter.recalling."""


async def _run(runs: int) -> Report:
    uncapped, steady = _Runs(), _Runs()
    for _ in range(runs):
        await _measure(uncapped, _AS_FAST_AS_IT_GOES, RECIPIENTS)
    # Once is enough: its time is fixed by the rate.
    few = int(RATE * SECONDS)
    await _measure(steady, RATE, few)
    return Report(
        (
            "Rate",
            "recipients",
            "messages/s",
            "bot cores",
            "simulator cores",
            "refused",
        ),
        (uncapped.row("no cap", RECIPIENTS), steady.row(f"{RATE:g} a second", few)),
        (
            bottleneck(median(uncapped.bot), median(uncapped.telegram)),
            "At the rate that Telegram permits the bot is idle almost all of the time: what it"
            " takes to tell everyone is their number divided by the rate.",
        ),
    )


async def _measure(runs: _Runs, rate: float, people: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'petition.db'}"
        await migrate(url)
        database = await open_database(url)
        try:
            keyring = Keyring.generate(Path(folder) / "petition.key")
            await _broadcast(runs, database, keyring, rate, people)
        finally:
            await database.close()


async def _broadcast(
    runs: _Runs, database: Database, keyring: Keyring, rate: float, people: int
) -> None:
    memory = Memory(
        Broadcasts(database, SLUG, keyring),
        Recalls(database, SLUG, keyring),
        Leases(database),
    )
    await _sign(Petitioners(database, keyring), people)
    await _start(memory.broadcasts)
    async with a_telegram(LATENCY) as telegram, SharedSession() as session:
        await telegram.ask(Expect(_FIRST_CHAT, people))
        gate, reports = Gate(rate), _Reports()
        client = TelegramClient(session, gate, api_url=telegram.url, token=TOKEN)
        worker = Worker(client, memory, reports, rate=rate, gate=gate, sole=lambda: True)
        busy, theirs = time.process_time(), await telegram.ask(Busy())
        task = asyncio.create_task(worker.run())
        await reports.over.wait()
        seen: Seen = await telegram.ask(Look())
        # Of the time of sending, as the rate is: before and after it a worker mostly rests.
        runs.bot.append((time.process_time() - busy) / seen.seconds)
        runs.telegram.append((await telegram.ask(Busy()) - theirs) / seen.seconds)
        await worker.stop(1.0)
        await task
    runs.rates.append(seen.arrived / seen.seconds)
    runs.refused += seen.refused


async def _sign(petitioners: Petitioners, people: int) -> None:
    await petitioners.open_petition()
    await petitioners.sign(range(1, people + 1))


async def _start(broadcasts: Broadcasts) -> None:
    started = await broadcasts.start(
        Plan(
            uuid.uuid4().bytes,
            content=CONTENT,
            content_sha256=content_sha256(CONTENT),
            source_language="es",
            actor=ADMIN,
            at=later(1),
        )
    )
    if not isinstance(started, Broadcast):
        raise TypeError(f"the broadcast did not start: {started}")


BROADCAST: Final = Benchmark(
    "broadcast",
    "The closing update goes out",
    f"Over HTTP with {LATENCY * 1000:.0f} ms for each call, every outcome recorded on SQLite;"
    " the simulator has its flood limits off and a process of its own.",
    _run,
)
