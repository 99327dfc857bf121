"""Two bots take signatures and a broadcast while each part under them dies in turn.

They go through PgBouncer and HAProxy, set up as in deploy/patroni, to a database with a
synchronous standby, and get updates from Caddy, set up as in deploy/Caddyfile, or by polling. All
come with Debian: `apt-get install pgbouncer haproxy caddy`.
"""

import asyncio
import configparser
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from bot.database_copy import copy_database
from simulator import Simulator
from storage import open_storage
from storage.database import parse_address
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.support.percentiles import percentile
from tests.support.petition_processes import reported, sending
from tests.support.postgres_cluster import PostgresCluster, postgres_cluster
from tests.support.programs import Program, found, free_port, running
from tests.support.raw_sql import read_sql
from tests.support.replicas import END_SECONDS, Petition, Replicas
from tests.support.retrying_signer import PATIENCE_SECONDS
from tests.support.scene import TOKEN
from tests.support.supporters import SLUG, Supporters

DEPLOY = Path(__file__).parents[2] / "deploy"
RECIPIENTS, SIGNING_AT_ONCE = 2_000, 8
FROZEN_SECONDS = 30.0
# What is promised: a lease moves within ten seconds, and people go on two after the database does.
MOVED_SECONDS, BACK_SECONDS = 10.0, 2.0
# Who tapped in vain taps again after a while, and signs with the third tap.
PEOPLE_SECONDS = PATIENCE_SECONDS + 1.0
LONGEST_SECONDS = 30.0
CADDY_LOOKS_SECONDS = 3.0
HAPROXY_LOOKS_SECONDS = 4.0  # before, it takes both servers for the one that takes writes


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster


@asynccontextmanager
async def through_pgbouncer(
    folder: Path, servers: Sequence[int], health: Sequence[int]
) -> AsyncIterator[tuple[str, Program]]:
    """Yields the address of the database through PgBouncer and HAProxy, and PgBouncer.

    Args:
        folder: one of who runs PostgreSQL.
        servers: the ports of the servers.
        health: the port where Patroni says of each whether it takes writes.
    """
    haproxy = _haproxy(folder, servers, health)
    pgbouncer = _pgbouncer(folder, haproxy.port)
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


def _haproxy(folder: Path, servers: Sequence[int], health: Sequence[int]) -> Program:
    port, file = free_port(), folder / "haproxy.cfg"
    text = (DEPLOY / "patroni/haproxy.cfg").read_text().replace(":5000", f":{port}")
    for number, (server, asked) in enumerate(zip(servers, health, strict=True), 1):
        text = text.replace(f"db{number}:5432", f"127.0.0.1:{server} port {asked}")
    file.write_text(text)
    return Program((found("haproxy"), "-db", "-f", file), port)


def _pgbouncer(folder: Path, server: int) -> Program:
    """Returns PgBouncer, to be run by who runs PostgreSQL, as it refuses to be root's."""
    port, file = free_port(), folder / "pgbouncer.ini"
    settings = configparser.ConfigParser()
    settings.read(DEPLOY / "patroni/pgbouncer.ini")
    settings["databases"]["petition"] = (
        f"host=127.0.0.1 port={server} dbname=postgres user=postgres password=CHANGE"
    )
    del settings["pgbouncer"]["auth_file"]
    of_test = {"listen_port": str(port), "auth_type": "any", "unix_socket_dir": ""}
    settings["pgbouncer"].update(of_test)
    with file.open("w") as written:
        settings.write(written)
    return Program((found("pgbouncer"), "-u", folder.owner(), file), port)


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


@pytest.mark.parametrize("updates", ["polling", "webhook"])
async def test_everybody_who_was_thanked_is_counted_and_every_signer_is_told(
    updates: str, cluster: PostgresCluster, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    said: list[str] = []
    caddy = Caddy(tmp_path) if updates == "webhook" else None
    async with (
        Simulator(token=TOKEN) as simulator,
        running(*([caddy] if caddy else [])),
        patroni_says(cluster) as health,
        through_pgbouncer(cluster.folder, cluster.ports, health) as (url, pgbouncer),
    ):
        replicas = Replicas(tmp_path, simulator, url, caddy)
        keyring = Keyring.load(tmp_path / "petition.key")
        await migrate(url)
        opened = await open_storage(url, keyring, SLUG)
        storage = Supporters(opened.database, keyring, signed_at=datetime.now(UTC))
        petition = Petition(replicas, storage, RECIPIENTS)
        await petition.signed_before()

        late: list[str] = []

        async def after(what: str, seconds: float, *, moves: bool = False) -> None:
            """Notes what took longer, so that the rest is seen as well."""
            signed, told = await petition.goes_on(LONGEST_SECONDS, is_moving=moves)
            said.append(f"{what}: a signature after {signed:.1f} s, a message after {told:.1f} s")
            if signed > seconds + PEOPLE_SECONDS * moves or told > seconds:
                late.append(said[-1])

        try:
            for _ in range(2):
                await replicas.begins()
            with pytest.raises(StorageError, match="PgBouncer"):
                await copy_database(parse_address(url), BytesIO())
            async with petition.people_sign(SIGNING_AT_ONCE):
                broadcast = await petition.broadcast()
                await petition.goes_on(END_SECONDS)

                killed = petition.holder()
                await killed.kill()
                under_way = {*await sending(petition.storage)}
                await after("a replica killed", MOVED_SECONDS, moves=True)
                await killed.start()

                frozen = petition.holder()
                assert frozen.process is not None
                frozen.process.send_signal(signal.SIGSTOP)
                thawing = asyncio.create_task(asyncio.sleep(FROZEN_SECONDS))
                await after("a replica frozen", MOVED_SECONDS, moves=True)
                await thawing
                frozen.process.send_signal(signal.SIGCONT)
                await after("it goes on", BACK_SECONDS)

                await asyncio.to_thread(cluster.kill_primary)
                await asyncio.sleep(1)
                await asyncio.to_thread(cluster.promote)
                await after("the standby promoted", BACK_SECONDS)

                for _ in range(3):
                    await pgbouncer.restart()
                    await after("PgBouncer restarted", BACK_SECONDS)
            await reported(petition.storage, broadcast.id, END_SECONDS)
            assert [await bot.terminate() for bot in replicas.bots] == [0, 0]
        finally:
            await replicas.killed()
            rows = await read_sql(storage.database, "SELECT supporter FROM signatures")
            (shown,) = await read_sql(storage.database, "SELECT signatures FROM petitions")
            await storage.close()
            refused = sum(call.status == 429 for call in simulator.calls)
            lost, repeated = petition.copies()[0], petition.repeated()
            waits = [percentile(petition.waits, share) for share in (0.5, 0.99)]
            said.insert(
                0, f"{updates}: {len(petition.thanked)} people signed; {RECIPIENTS:,} were"
            )
            said[0] += f" to be told: lost {lost}, repeated {len(repeated)}, refused {refused};"
            said[0] += f" a tap took {waits[0]:.2f} s, and {waits[1]:.1f} s at the 99th percentile"
            tell("\n".join(said))
    there = {bytes(row["supporter"]) for row in rows}
    assert {keyring.reference(SLUG, who) for who in petition.thanked} <= there
    assert shown["signatures"] == len(there)
    assert lost == 0
    assert repeated <= under_way, "not of what was killed"
    assert refused == 0
    assert late == []
    assert waits[1] <= MOVED_SECONDS
