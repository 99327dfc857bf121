"""Tests that of the two PostgreSQL servers of deploy/replicas.yaml each can replace the other."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres_server import PostgresServer
from tests.support.programs import free_port

SCRIPT = Path(__file__).resolve().parent.parent / "deploy" / "postgres_pair"


class Pair:
    """Two PostgreSQL servers as in deploy/replicas.yaml, each on an address of loopback."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.folder = folder
        self._owner = server.data.owner()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        path = f"{server.programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = {"PATH": path, "PGPASSWORD": "secret", "PGPORT": str(free_port())}

    def starts(self, host: str, other: str) -> None:
        own = ("-c", f"listen_addresses={host}", "-c", "unix_socket_directories=", "-F")
        self._running[host] = subprocess.Popen(  # noqa: S603 - the script of the project
            [SCRIPT, "run", other, *own], env=self._of(host), user=self._owner
        )
        while self._call(host, "pg_isready", "-q").returncode:
            assert self._running[host].poll() is None
            time.sleep(0.05)

    def dies(self, host: str) -> None:
        server = self._running.pop(host)
        server.kill()
        server.wait()

    def takes_over(self, host: str) -> None:
        assert self._call(host, str(SCRIPT), "promote").returncode == 0

    def says(self, host: str, sql: str) -> str:
        done = self._call(host, "psql", "-U", "postgres", "-Atc", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def stops(self) -> None:
        for host in list(self._running):
            self.dies(host)

    def _of(self, host: str) -> dict[str, str]:
        return {**self._environment, "PGHOST": host, "PGDATA": str(self.folder / host)}

    def _call(self, host: str, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 - commands of our own
            command, env=self._of(host), user=self._owner, capture_output=True, check=False
        )


@pytest.fixture
def pair(postgres_server: PostgresServer) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        shutil.chown(folder, postgres_server.data.owner())
        pair = Pair(postgres_server, Path(folder))
        try:
            yield pair
        finally:
            pair.stops()


def test_each_of_two_postgres_servers_takes_the_place_of_the_other(pair: Pair) -> None:
    one, two = "127.0.0.1", "127.0.0.2"
    in_step = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    pair.starts(one, two)
    pair.says(one, "CREATE TABLE signed (number int)")
    pair.starts(two, one)
    for first, second in ((one, two), (two, one)):
        while pair.says(first, in_step) != "1":
            time.sleep(0.05)
        pair.says(first, "INSERT INTO signed VALUES (1)")
        pair.dies(first)
        pair.takes_over(second)
        pair.says(second, "INSERT INTO signed VALUES (2)")
        shutil.rmtree(pair.folder / first)
        pair.starts(first, second)
    assert pair.says(one, "SELECT sum(number) FROM signed") == "6"
