"""Two bots take signatures and a broadcast while each part under them dies in turn.

They go through PgBouncer and HAProxy, set up as in deploy/patroni, to a database with a
synchronous standby, and get updates from Caddy, set up as in deploy/Caddyfile, or by polling. All
come with Debian: `apt-get install pgbouncer haproxy caddy`.
"""

import asyncio
import configparser
import itertools
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from bot.database_copy import copy_database
from bot.text.translations import Catalogs
from simulator import Simulator
from storage import open_storage
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Kind
from storage.broadcasts import broadcast_with
from storage.database_url import parse_address
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.features.test_replicas import Replicas
from tests.support.bot_process import BotProcess
from tests.support.broadcasts import new_broadcast
from tests.support.petition_processes import chat_of
from tests.support.postgres_cluster import PostgresCluster, postgres_cluster
from tests.support.programs import Program, found, free_port, running
from tests.support.raw_sql import read_sql, write_sql
from tests.support.retrying_signer import signs_with_retries
from tests.support.scene import ADMIN, TOKEN
from tests.support.supporters import SLUG, Supporters

WORDS = Catalogs.load().words("es")
DEPLOY = Path(__file__).parents[2] / "deploy"
RECIPIENTS, SIGNING_AT_ONCE = 2_000, 8
FROZEN_SECONDS = 30.0
MOVED_SECONDS = 30.0
CADDY_LOOKS_SECONDS = 3.0
HAPROXY_LOOKS_SECONDS = 4.0  # before, it takes both servers for the one that takes writes
END_SECONDS = 150.0
# A kill repeats the messages in flight: one second's worth at most.
RATE = 28.0
NEWS = "Un mensaje para quienes firmaron"

# All agreed to what the first did.
_CONSENTS = """
INSERT INTO consents (id, petition, signature_id, purposes, updates_at_most, text_sha256,
  text_version, language, channel, message_id, given_at)
SELECT uuid_send(gen_random_uuid()), c.petition, s.id, purposes, updates_at_most, text_sha256,
  c.text_version, c.language, channel, message_id, given_at
FROM consents c, signatures s WHERE s.id <> c.signature_id
"""


@pytest.fixture
def kind() -> str:
    return "postgres"


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster


@asynccontextmanager
async def through_pgbouncer(
    cluster: PostgresCluster, folder: Path
) -> AsyncIterator[tuple[str, Program]]:
    """Yields the address of the database through PgBouncer and HAProxy, and PgBouncer."""
    async with patroni_says(cluster) as health:
        haproxy = _haproxy(cluster, folder, health)
        pgbouncer = _pgbouncer(cluster, folder, haproxy.port)
        async with running(haproxy, pgbouncer):
            await asyncio.sleep(HAPROXY_LOOKS_SECONDS)
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{pgbouncer.port}/petition", pgbouncer


@asynccontextmanager
async def patroni_says(cluster: PostgresCluster) -> AsyncIterator[list[int]]:
    """Answers for each server whether it takes writes, as Patroni does; yields the ports."""

    def asked(port: int) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(_: web.Request) -> web.Response:
            try:
                server = await asyncpg.connect(
                    host="127.0.0.1", port=port, user="postgres", timeout=1.5
                )
                is_primary = not await server.fetchval("SELECT pg_is_in_recovery()")
                await server.close()
            except (OSError, asyncpg.PostgresError):
                is_primary = False
            return web.Response(status=200 if is_primary else 503)

        return answer

    runners, ports = [], []
    for port in cluster.ports:
        app = web.Application()
        app.router.add_get("/primary", asked(port))
        runners.append(web.AppRunner(app))
        ports.append(free_port())
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", ports[-1]).start()
    try:
        yield ports
    finally:
        for runner in runners:
            await runner.cleanup()


def _haproxy(cluster: PostgresCluster, folder: Path, health: list[int]) -> Program:
    port, file = free_port(), folder / "haproxy.cfg"
    text = (DEPLOY / "patroni/haproxy.cfg").read_text().replace(":5000", f":{port}")
    for number, (server, asked) in enumerate(zip(cluster.ports, health, strict=True), 1):
        text = text.replace(f"db{number}:5432", f"127.0.0.1:{server} port {asked}")
    file.write_text(text)
    return Program((found("haproxy"), "-db", "-f", file), port)


def _pgbouncer(cluster: PostgresCluster, folder: Path, server: int) -> Program:
    """Returns PgBouncer, to be run by who runs PostgreSQL, as it refuses to be root's."""
    port, file = free_port(), cluster.folder / "pgbouncer.ini"
    settings = configparser.ConfigParser()
    settings.read(DEPLOY / "patroni/pgbouncer.ini")
    settings["databases"]["petition"] = (
        f"host=127.0.0.1 port={server} dbname=postgres user=postgres"
    )
    del settings["pgbouncer"]["auth_file"]
    of_test = {"listen_port": str(port), "auth_type": "any", "unix_socket_dir": ""}
    settings["pgbouncer"].update(of_test)
    with file.open("w") as written:
        settings.write(written)
    return Program((found("pgbouncer"), "-u", cluster.folder.owner(), file), port)


class Caddy(Program):
    """Caddy before the bots, each of which has an address of loopback."""

    def __init__(self, folder: Path) -> None:
        file, self._webhook = folder / "Caddyfile", free_port()
        command = (found("caddy"), "run", "--adapter", "caddyfile", "--config", file)
        super().__init__(command, free_port())
        self._hosts = iter(("127.0.0.1", "127.0.0.2"))
        text = (DEPLOY / "Caddyfile").read_text()
        text = text.replace("{$PETITION_HOST}", f"http://127.0.0.1:{self.port}")
        text = re.sub(r"bot(\d):8080", rf"127.0.0.\1:{self._webhook}", text)
        file.write_text(f"{{\n\tadmin off\n}}\n{text}")

    def add(self) -> dict[str, str]:
        """Returns the settings of the next bot."""
        return {
            "PETITION_WEBHOOK_URL": f"http://127.0.0.1:{self.port}/telegram",
            "PETITION_WEBHOOK_ADDRESS": f"{next(self._hosts)}:{self._webhook}",
        }


async def test_one_that_refuses_posts_for_a_moment_takes_none_from_the_other(
    tmp_path: Path,
) -> None:
    """As a bot does that has lost its lease, and begins again."""
    caddy = Caddy(tmp_path)

    async def handle(request: web.BaseRequest) -> web.Response:
        return web.Response(status=200 if await request.read() else 403)

    bots = [web.ServerRunner(web.Server(handle)) for _ in range(2)]
    async with running(caddy), aiohttp.ClientSession() as session:
        for bot in bots:
            await bot.setup()
            settings = caddy.add()
            host, port = settings["PETITION_WEBHOOK_ADDRESS"].split(":")
            await web.TCPSite(bot, host, int(port)).start()
        await asyncio.sleep(CADDY_LOOKS_SECONDS)
        await bots[0].cleanup()
        answered = Counter[int]()
        for _ in range(50):
            async with session.post(settings["PETITION_WEBHOOK_URL"], data=b"update") as answer:
                answered[answer.status] += 1
            await asyncio.sleep(0.1)
        await bots[1].cleanup()
    assert answered[200] >= 40, answered


class Petition:
    """People who sign one after the other, and a broadcast to those who signed before."""

    def __init__(self, replicas: Replicas, storage: Supporters) -> None:
        self.replicas = replicas
        self.storage = storage
        self.recipients = [
            replicas.simulator.world.person("Luz", user_id=chat_of(number))
            for number in range(1, RECIPIENTS + 1)
        ]
        self.thanked: dict[int, float] = {}
        self._names = itertools.count(1)

    async def signed_before(self) -> None:
        world = self.replicas.simulator.world
        for person in (*self.recipients, world.person("Marta", user_id=ADMIN)):
            person.started = True
            world.chats[person.id] = person.chat
        await self.storage.sign([1], updates=5)
        await self.storage.sign(range(2, RECIPIENTS + 1))
        await write_sql(self.storage.database, _CONSENTS)

    @asynccontextmanager
    async def people_sign(self) -> AsyncIterator[None]:
        """Has people sign during the block; those who have begun are waited for."""
        is_over = asyncio.Event()

        async def come() -> None:
            while not is_over.is_set():
                person = self.replicas.person(f"Ana{next(self._names)}")
                await signs_with_retries(person, WORDS, END_SECONDS)
                self.thanked[person.id] = time.monotonic()

        coming = [asyncio.create_task(come()) for _ in range(SIGNING_AT_ONCE)]
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

    async def reported(self, broadcast: Broadcast) -> None:
        """Waits until the end of the broadcast is reported."""
        async with asyncio.timeout(END_SECONDS):
            while True:
                found = await self.storage.read(broadcast_with, broadcast.id)
                if found is not None and found.reported_at is not None:
                    return
                await asyncio.sleep(0.2)

    def copies(self) -> Counter[int]:
        """Returns how many recipients got it how many times."""
        return Counter(sum(NEWS in m.text for m in each.messages) for each in self.recipients)

    def repeated(self) -> int:
        return sum((times - 1) * people for times, people in self.copies().items() if times)

    async def goes_on(self, seconds: float) -> tuple[float, float]:
        """Waits until somebody signs and is told; returns how long each took."""
        begun, told = time.monotonic(), self.copies()[0]
        at: dict[str, float] = {}
        async with asyncio.timeout(seconds):
            while len(at) < 2:
                now = time.monotonic()
                if self.copies()[0] < told:
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


@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_everybody_who_was_thanked_is_counted_and_every_signer_is_told(
    updates: str, cluster: PostgresCluster, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    said: list[str] = []
    caddy = Caddy(tmp_path) if updates == "webhook" else None
    async with (
        Simulator(token=TOKEN) as simulator,
        running(*([caddy] if caddy else [])),
        through_pgbouncer(cluster, tmp_path) as (url, pgbouncer),
    ):
        replicas = Replicas(tmp_path, simulator, url, caddy)
        keyring = Keyring.load(tmp_path / "petition.key")
        await migrate(url)
        opened = await open_storage(url, keyring, SLUG)
        storage = Supporters(opened.database, keyring, signed_at=datetime.now(UTC))
        petition = Petition(replicas, storage)
        await petition.signed_before()

        async def after(what: str, seconds: float, repeated: float) -> None:
            before = petition.repeated()
            signed, told = await petition.goes_on(seconds)
            said.append(f"{what}: a signature after {signed:.1f} s, a message after {told:.1f} s")
            assert petition.repeated() - before <= repeated, what

        try:
            for _ in range(2):
                await replicas.begins()
            with pytest.raises(StorageError, match="PgBouncer"):
                await copy_database(parse_address(url), BytesIO())
            async with petition.people_sign():
                broadcast = await petition.broadcast()
                await petition.goes_on(END_SECONDS)

                killed = petition.holder()
                await killed.kill()
                await after("a replica killed", MOVED_SECONDS, RATE)
                await killed.start()

                frozen = petition.holder()
                assert frozen.process is not None
                frozen.process.send_signal(signal.SIGSTOP)
                thawing = asyncio.create_task(asyncio.sleep(FROZEN_SECONDS))
                await after("a replica frozen", MOVED_SECONDS, RATE)
                await thawing
                frozen.process.send_signal(signal.SIGCONT)
                await after("it goes on", MOVED_SECONDS, 0)

                await asyncio.to_thread(cluster.kill_primary)
                await asyncio.sleep(1)
                await asyncio.to_thread(cluster.promote)
                await after("the standby promoted", MOVED_SECONDS, 0)

                for _ in range(3):
                    await pgbouncer.restart()
                    await after("PgBouncer restarted", MOVED_SECONDS, 0)
            await petition.reported(broadcast)
            assert [await bot.terminate() for bot in replicas.bots] == [0, 0]
        finally:
            for bot in replicas.bots:
                await bot.kill()
            rows = await read_sql(storage.database, "SELECT supporter FROM signatures")
            (shown,) = await read_sql(storage.database, "SELECT signatures FROM petitions")
            await storage.close()
            refused = sum(call.status == 429 for call in simulator.calls)
            lost, repeated = petition.copies()[0], petition.repeated()
            said.insert(
                0, f"{updates}: {len(petition.thanked)} people signed; {RECIPIENTS:,} were"
            )
            said[0] += f" to be told: lost {lost}, repeated {repeated}, refused {refused}"
            tell("\n".join(said))
    there = {bytes(row["supporter"]) for row in rows}
    assert {keyring.reference(SLUG, who) for who in petition.thanked} <= there
    assert shown["signatures"] == len(there)
    assert lost == 0
    assert refused == 0
