"""Patroni promotes the standby when the machine of the primary dies under two bots that poll.

Set up as in deploy/patroni but for addresses, and with one etcd. PostgreSQL comes from a wheel;
all else with Debian: `apt-get install patroni python3-etcd etcd-server haproxy pgbouncer`.
"""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from simulator import Simulator
from storage import open_storage
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.soak.test_failover import DEPLOY, RECIPIENTS, SIGNING_AT_ONCE, through_pgbouncer
from tests.support.petition_processes import reported
from tests.support.postgres_server import PostgresServer
from tests.support.programs import Program, found, free_port, running
from tests.support.raw_sql import read_sql
from tests.support.replicas import END_SECONDS, Petition, Replicas
from tests.support.scene import TOKEN
from tests.support.supporters import SLUG, Supporters

START_SECONDS, MOVED_SECONDS = 90.0, 30.0


def etcd(folder: Path) -> Program:
    port, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    options = {
        "data-dir": folder / "etcd",
        "listen-client-urls": port, "advertise-client-urls": port,
        "listen-peer-urls": peers, "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }  # fmt: skip
    command = (found("etcd"), *(f"--{name}={value}" for name, value in options.items()))
    return Program(command, int(port.rpartition(":")[2]), user=folder.owner())


class Machine(Program):
    """Patroni, and the PostgreSQL that it starts; `port` is where Patroni answers."""

    def __init__(self, name: str, folder: Path, programs: Path, etcd: int) -> None:
        file, self.data, self.postgres = folder / f"{name}.yml", folder / name, free_port()
        super().__init__((found("patroni"), file), free_port(), user=folder.owner())
        text = (DEPLOY / "patroni/patroni.yml").read_text()
        for there, here in {
            "name: db1": f"name: {name}",
            "etcd1:2379,etcd2:2379,etcd3:2379": f"127.0.0.1:{etcd}",
            "0.0.0.0:8008": f"127.0.0.1:{self.port}",
            "db1:8008": f"127.0.0.1:{self.port}",
            "0.0.0.0:5432": f"127.0.0.1:{self.postgres}",
            "db1:5432": f"127.0.0.1:{self.postgres}",
            "10.0.0.0/8": "127.0.0.1/32",
            "/var/lib/postgresql/petition": str(self.data),
            "/usr/lib/postgresql/18/bin": f"{programs}\n  pgpass: {folder / name}.pgpass",
        }.items():
            assert there in text
            text = text.replace(there, here)
        file.write_text(text)

    async def becomes(self, role: str) -> None:
        """Waits until Patroni says that it is this, a primary or a synchronous standby."""
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/{role}") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    async def dies(self) -> None:
        """Kills Patroni and PostgreSQL at once, if they run."""
        if self.process is not None:
            await self.kill()
        with suppress(OSError, ValueError):
            server = (self.data / "postmaster.pid").read_text().split()[0]
            os.kill(int(server), signal.SIGKILL)


@asynccontextmanager
async def two_machines(server: PostgresServer) -> AsyncIterator[tuple[Path, list[Machine]]]:
    """Yields a folder of who runs PostgreSQL, the primary, and its synchronous standby."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        shutil.chown(folder, server.data.owner())
        store = etcd(folder)
        machines = [Machine(each, folder, server.programs, store.port) for each in ("db1", "db2")]
        async with running(store):
            try:
                for machine, role in zip(machines, ("primary", "sync"), strict=True):
                    await machine.start()
                    await machine.becomes(role)
                yield folder, machines
            finally:
                for machine in machines:
                    await machine.dies()


async def test_a_standby_is_promoted_by_itself_and_nobody_who_was_thanked_is_missing(
    postgres_server: PostgresServer, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    said: list[str] = []
    async with (
        two_machines(postgres_server) as (folder, (primary, standby)),
        Simulator(token=TOKEN) as simulator,
        through_pgbouncer(
            folder, (primary.postgres, standby.postgres), (primary.port, standby.port)
        ) as (url, _),
    ):
        replicas = Replicas(tmp_path, simulator, url)
        keyring = Keyring.load(tmp_path / "petition.key")
        await migrate(url)
        storage = await open_storage(url, keyring, SLUG)
        people = Supporters(storage.database, keyring, signed_at=datetime.now(UTC))
        petition = Petition(replicas, people, RECIPIENTS)
        await petition.signed_before()
        try:
            for _ in range(2):
                await replicas.begins()
            async with petition.people_sign(SIGNING_AT_ONCE):
                broadcast = await petition.broadcast()
                await petition.goes_on(END_SECONDS)
                died = time.monotonic()
                await primary.dies()
                await standby.becomes("primary")
                said.append(f"promoted after {time.monotonic() - died:.1f} s")
                waits = await petition.goes_on(MOVED_SECONDS)
                said.append(
                    "then a signature after {:.1f} s, a message after {:.1f}".format(*waits)
                )
            await reported(petition.storage, broadcast.id, END_SECONDS)
            rows = await read_sql(storage.database, "SELECT supporter FROM signatures")
            thanked = {keyring.reference(SLUG, who) for who in petition.thanked}
            assert thanked <= {bytes(row["supporter"]) for row in rows}
            assert petition.copies()[0] == 0
        finally:
            await replicas.killed()
            await storage.close()
            tell(f"{len(petition.thanked)} signed; copies {petition.copies()}; {'; '.join(said)}")
