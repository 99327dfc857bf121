"""A broadcast to many signers, and the processes that send it."""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from bot.broadcast.context import Durations
from storage import Storage, open_storage
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Tally
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.keyring import Keyring
from storage.telegram_cache import put_cached_item
from tests.support.bot_api.failing_server import FailingBotApi
from tests.support.broadcasts import new_broadcast
from tests.support.raw_sql import read_sql, write_sql
from tests.support.scene import ready_petition
from tests.support.supporters import ADMIN, SLUG, Supporters

CONTENT = {"es": "<b>Gracias</b>"}
# Not a real token; only the tests' server knows it.
_TOKEN = "123456789:AAsoakSoakSoakSoakSoakSoakSoakSoakSoak1"
_AT_A_TIME = 2_000

_COUNT = "UPDATE petitions SET signatures = :people"
_SENDING = "SELECT position FROM deliveries WHERE state = 'sending'"


def chat_of(number: int) -> int:
    """Returns the chat of signature `number`."""
    return 1000 + number


async def reported(storage: Storage, key: bytes, seconds: float) -> Tally:
    """Waits until the end of a broadcast is reported, and returns its tally."""
    async with asyncio.timeout(seconds):
        while True:
            found = await storage.read(broadcast_with, key)
            if found is not None and found.reported_at is not None:
                return await storage.read(tally_of_broadcast, key)
            await asyncio.sleep(0.2)


async def sending(storage: Storage) -> list[int]:
    """Returns the chats whose delivery is claimed and has no outcome yet."""
    rows = await read_sql(storage.database, _SENDING)
    return [chat_of(row["position"]) for row in rows]


@dataclass(frozen=True)
class PetitionProcesses:
    """A petition with signatures, its database, and the Bot API that gets its messages.

    Attributes:
        url: the URL of the database.
        folder: the folder of the key and of the processes' log.
        rate: messages a second.
        paid: whether the broadcast is paid, for more than the free 30 a second.
    """

    url: str
    folder: Path
    storage: Storage
    people: Supporters
    api: FailingBotApi
    rate: float
    paid: bool
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def key(self) -> Path:
        """The key file of the database."""
        return self.folder / "petition.key"

    @property
    def log(self) -> str:
        """The end of the log of the processes."""
        path = self.folder / "process.log"
        return path.read_text()[-3000:] if path.exists() else ""

    async def signed_by(self, people: int) -> None:
        """Adds this many signatures and closes the petition."""
        for first in range(1, people + 1, _AT_A_TIME):
            await self.people.sign(range(first, min(first + _AT_A_TIME, people + 1)))
        await write_sql(self.storage.database, _COUNT, people=people)
        await self.people.set_closed(True)

    async def start(self) -> bytes:
        """Starts the broadcast, for any running process to send; returns its key."""
        plan = new_broadcast(CONTENT, paid=self.paid)
        started = await self.storage.write(start_broadcast, plan)
        assert isinstance(started, Broadcast)
        return started.id

    async def reported(self, key: bytes, seconds: float) -> Tally:
        """Waits until the end of the broadcast is reported, and returns its tally."""
        return await reported(self.storage, key, seconds)

    async def states(self, key: bytes) -> dict[int, str]:
        """Returns the state of each delivery, by chat."""
        rows = await self.people.deliveries(key)
        return {chat_of(int(str(row["position"]))): str(row["state"]) for row in rows}

    async def sending(self) -> list[int]:
        """Returns the chats whose delivery is claimed and has no outcome yet."""
        return await sending(self.storage)

    async def bot(self) -> asyncio.subprocess.Process:
        """Starts `petition-bot run`; whoever ran before is dead."""
        environment = {
            "PETITION_BOT_TOKEN": _TOKEN,
            "PETITION_ADMIN_IDS": str(ADMIN),
            "PETITION_DATABASE_URL": self.url,
            "PETITION_KEY_FILE": str(self.key),
            "PETITION_FOLDER": str(ready_petition(self.folder / "petition")),
            "PETITION_API_URL": self.api.url,
            "PETITION_PAID_BROADCAST": str(self.paid).lower(),
            "PETITION_BROADCAST_RATE": str(self.rate),
            "PETITION_LOG_LEVEL": "WARNING",
        }
        return await self._begins("-m", "tests.support.killed_bot", "run", **environment)

    async def sender(self, number: int = 0, doubt: float = 2.0) -> asyncio.subprocess.Process:
        """Starts a process with the worker only; its number is in the arrivals it causes."""
        given = (self.url, str(self.key), self.api.url, str(self.rate), f"{number}:made-up")
        return await self._begins("-m", "tests.support.worker_process", *given, str(doubt))

    async def _begins(self, *arguments: str, **settings: str) -> asyncio.subprocess.Process:
        with (self.folder / "process.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env=os.environ | settings, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    async def lease_ends(self) -> None:
        """Lets the lease of a process that was killed end at once, instead of in seven seconds."""
        if self.storage.database.is_shared:
            await write_sql(self.storage.database, "DELETE FROM leases")

    async def die(self) -> None:
        """Kills all processes that still run."""
        for process in self.processes:
            if process.returncode is None:
                await kill(process)


@asynccontextmanager
async def petition_processes(
    url: str, folder: Path, api: FailingBotApi, *, people: int, rate: float, paid: bool = False
) -> AsyncIterator[PetitionProcesses]:
    """Yields a petition with `people` signatures; its processes are killed after the block."""
    keyring = Keyring.generate(folder / "petition.key")
    storage = await open_storage(url, keyring, SLUG)
    signers = Supporters(storage.database, keyring, signed_at=datetime.now(UTC))
    petition = PetitionProcesses(url, folder, storage, signers, api, rate, paid)
    try:
        await petition.signed_by(people)
        yield petition
    finally:
        await petition.die()
        await storage.close()


async def kill(process: asyncio.subprocess.Process) -> None:
    """Kills a process with SIGKILL; fails if it had ended by itself."""
    assert process.returncode is None, "it ended by itself"
    process.kill()
    await process.wait()


async def terminate(process: asyncio.subprocess.Process) -> None:
    """Stops a process with SIGTERM; fails unless it exits with 0."""
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


def by_copies(petition: PetitionProcesses, people: int) -> Counter[int]:
    """Returns how many people got how many copies."""
    copies = petition.api.counts.copies
    return Counter(copies[chat_of(number)] for number in range(1, people + 1))


START_SECONDS = 60.0
END_SECONDS = 220.0


@dataclass
class KillRecord:
    """The state after the kills.

    Attributes:
        unrecorded: for each kill, how many messages had arrived but were not recorded.
        writes: for each life of the bot, the seconds of one write to its database.
        left: how many people had nothing after the last kill.
    """

    unrecorded: list[int] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    left: int = 0

    def bound(self, in_flight: int, rate: float) -> float:
        """Returns the most repetitions there may be: messages in flight or not yet recorded."""
        # What comes during a write waits until that one is over, and its own.
        late = Durations().record + 2 * mean(self.writes)
        return in_flight + len(self.unrecorded) * rate * late


async def kill_repeatedly(
    petition: PetitionProcesses, key: bytes, people: int, kills: int
) -> tuple[Tally, KillRecord]:
    """Kills the bot `kills` times while it sends, then lets it finish."""
    dice = random.Random(17)  # noqa: S311 - a test's own dice
    # Leaves about a fifth of the people after the last kill.
    longest = 2 * 0.8 * people / max(kills, 1)
    counts, deaths = petition.api.counts, KillRecord()
    for _ in range(kills):
        bot = await petition.bot()
        born = len(counts.arrivals)
        await petition.api.arrived(born + 1, START_SECONDS)
        deaths.writes.append(await seconds_to_write(petition))
        # Leaves recipients at every kill, whatever the dice say.
        left = people - len(counts.copies)
        await petition.api.arrived(
            born + min(int(dice.uniform(1, longest)), left // 2 + 1), START_SECONDS
        )
        await kill(bot)
        await petition.lease_ends()
        await asyncio.sleep(0.1)  # what it had sent has been counted by then
        told = {arrival.chat for arrival in counts.messages[born:]}
        deaths.unrecorded.append(len(told.intersection(await petition.sending())))
    deaths.left = people - len(counts.copies)
    bot = await petition.bot()
    tally = await petition.reported(key, END_SECONDS)
    await kill(bot)
    return tally, deaths


async def seconds_to_write(petition: PetitionProcesses) -> float:
    """Returns how long a write takes now."""
    begun = time.monotonic()
    await petition.storage.write(put_cached_item, "a test", b"")
    return time.monotonic() - begun
