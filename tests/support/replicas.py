"""Several bots of one petition, and people who sign and are to be told while they change."""

import asyncio
import itertools
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from bot.text.translations import Catalogs
from simulator import Simulator
from simulator.person import Person
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Kind
from storage.keyring import Keyring
from tests.support.bot_process import BotProcess
from tests.support.broadcasts import new_broadcast
from tests.support.petition_processes import chat_of
from tests.support.raw_sql import write_sql
from tests.support.retrying_signer import signs_with_retries
from tests.support.scene import ADMIN
from tests.support.supporters import Supporters
from tests.support.waiting import until

WORDS = Catalogs.load().words("es")
END_SECONDS = 150.0
NEWS = "Un mensaje para quienes firmaron"

# All agreed to what the first did.
_CONSENTS = """
INSERT INTO consents (id, petition, signature_id, purposes, updates_at_most, text_sha256,
  text_version, language, channel, message_id, given_at)
SELECT uuid_send(gen_random_uuid()), c.petition, s.id, purposes, updates_at_most, text_sha256,
  c.text_version, c.language, channel, message_id, given_at
FROM consents c, signatures s WHERE s.id <> c.signature_id
"""


_ARRIVING_SECONDS = 1.0


class Proxy(Protocol):
    """What passes updates on to the replicas."""

    def add(self) -> dict[str, str]:
        """Adds a replica; returns the settings that it is to have."""


class Replicas:
    """Bots of one petition, each in a folder of its own with the same key.

    With a `proxy` they take updates by webhook.
    """

    def __init__(
        self, folder: Path, simulator: Simulator, url: str, proxy: Proxy | None = None
    ) -> None:
        self.folder = folder
        self.proxy = proxy
        self.simulator = simulator
        self.url = url
        self.rate = 28.0
        self.log_level = "DEBUG"
        self.bots: list[BotProcess] = []
        Keyring.generate(folder / "petition.key")

    async def begins(self, url: str = "") -> BotProcess:
        """Starts another one, which may have its own way to the database."""
        folder = self.folder / str(len(self.bots))
        (folder / "keys").mkdir(parents=True, mode=0o700)
        shutil.copy(self.folder / "petition.key", folder / "keys" / "petition.key")
        bot = BotProcess(folder, self.simulator, database_url=url or self.url, rate=self.rate)
        bot.log_level = self.log_level
        if self.proxy is not None:
            bot.more.update(self.proxy.add())
        self.bots.append(bot)
        await bot.start()
        return bot

    async def killed(self) -> None:
        for bot in self.bots:
            await bot.kill()

    def person(self, name: str) -> Person:
        return self.simulator.world.person(name, last_name="García", language="es")


@asynccontextmanager
async def said(bot: BotProcess, event: str, seconds: float = 20.0) -> AsyncIterator[None]:
    """Waits at the end of the block until the bot has said something new with this in it."""
    before = bot.log.read_text().count(event)
    yield
    try:
        await until(lambda: bot.log.read_text().count(event) != before, seconds)
    except TimeoutError:
        raise AssertionError(f"not said: {event}\n{bot.log.read_text()[-3000:]}") from None


class Petition:
    """People who sign one after the other, and a broadcast to those who signed before.

    Attributes:
        thanked: when somebody was thanked for a signature, by the person.
        waits: how long those who sign waited for what they tapped, in seconds.
    """

    def __init__(self, replicas: Replicas, storage: Supporters, recipients: int) -> None:
        self.replicas = replicas
        self.storage = storage
        self.waits: list[float] = []
        self.recipients = [
            replicas.simulator.world.person("Luz", user_id=chat_of(number))
            for number in range(1, recipients + 1)
        ]
        self.thanked: dict[int, float] = {}
        self._names = itertools.count(1)

    async def signed_before(self) -> None:
        world = self.replicas.simulator.world
        for person in (*self.recipients, world.person("Marta", user_id=ADMIN)):
            person.started = True
            world.chats[person.id] = person.chat
        await self.storage.sign([1], updates=5)
        await self.storage.sign(range(2, len(self.recipients) + 1))
        await write_sql(self.storage.database, _CONSENTS)

    @asynccontextmanager
    async def people_sign(self, at_once: int) -> AsyncIterator[None]:
        """Has people sign during the block; those who have begun are waited for."""
        is_over = asyncio.Event()

        async def come() -> None:
            while not is_over.is_set():
                person = self.replicas.person(f"Ana{next(self._names)}")
                await signs_with_retries(person, WORDS, END_SECONDS, self.waits)
                self.thanked[person.id] = time.monotonic()

        coming = [asyncio.create_task(come()) for _ in range(at_once)]
        try:
            yield
            is_over.set()
            await asyncio.gather(*coming)
        finally:
            for task in coming:
                task.cancel()

    async def broadcast(self) -> Broadcast:
        plan = new_broadcast({"es": NEWS}, kind=Kind.UPDATE)
        started = await self.storage.write(start_broadcast, plan)
        assert isinstance(started, Broadcast)
        return started

    def copies(self) -> Counter[int]:
        """Returns how many recipients got it how many times."""
        return Counter(map(_copies, self.recipients))

    def repeated(self) -> set[int]:
        """Returns the chats of the recipients who got it more than once."""
        return {each.id for each in self.recipients if _copies(each) > 1}

    async def goes_on(self, seconds: float, *, is_moving: bool = False) -> tuple[float, float]:
        """Waits until somebody signs and is told; returns how long each took.

        When the lease moves, what was under way arrives yet.
        """
        begun, told = time.monotonic(), self.copies()[0]
        at: dict[str, float] = {}
        async with asyncio.timeout(seconds):
            while len(at) < 2:
                now = time.monotonic()
                if is_moving and now < begun + _ARRIVING_SECONDS:
                    told = self.copies()[0]
                elif self.copies()[0] < told:
                    at.setdefault("told", now - begun)
                if any(moment > begun for moment in self.thanked.values()):
                    at.setdefault("signed", now - begun)
                await asyncio.sleep(0.05)
        return at["signed"], at["told"]

    def holder(self) -> BotProcess:
        """Returns the bot that was the last to take the lease."""
        said = "started" if self.replicas.proxy is None else "holds_lease"

        def taken(bot: BotProcess) -> str:
            lines = bot.log.read_text().splitlines()  # each begins with the time
            return max((line for line in lines if f'"{said}"' in line), default="")

        return max(self.replicas.bots, key=taken)


def _copies(person: Person) -> int:
    return sum(NEWS in message.text for message in person.messages)
