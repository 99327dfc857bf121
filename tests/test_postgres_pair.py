"""Tests that the two PostgreSQL servers of deploy/replicas.yaml never begin or go on apart."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.postgres_server import PostgresServer
from tests.support.programs import free_port

SCRIPT = Path(__file__).resolve().parent.parent / "deploy" / "postgres_pair"
pytestmark = pytest.mark.processes

ONE, TWO = "127.0.0.1", "127.0.0.2"
OTHER = {ONE: TWO, TWO: ONE}
IN_STEP = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
WAITING_SECONDS, LONGEST_SECONDS = 1.5, 60.0


class Pair:
    """Two PostgreSQL servers as in deploy/replicas.yaml, each on an address of loopback."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.folder = folder
        self._owner = server.data.owner()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        path = f"{server.programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = {"PATH": path, "PGPASSWORD": "secret", "PGPORT": str(free_port())}

    def starts(self, *hosts: str) -> None:
        for host in hosts:
            own = ("-c", f"listen_addresses={host}", "-c", "unix_socket_directories=", "-F")
            with self._log(host).open("wb") as log:
                self._running[host] = subprocess.Popen(  # noqa: S603 - the script of the project
                    [SCRIPT, "run", OTHER[host], *own],
                    env=self._of(host), user=self._owner, stderr=log, stdout=log,
                )  # fmt: skip

    def is_up(self, host: str) -> bool:
        assert self._running[host].poll() is None, self._log(host).read_text()
        return self._call(host, "pg_isready", "-q").returncode == 0

    def works(self, *hosts: str) -> None:
        """Waits until these take connections."""
        for host in hosts:
            until(partial(self.is_up, host))

    def waits(self, host: str, why: str) -> None:
        """Waits until one says why it does not start, and looks that it does not."""
        until(lambda: why in self._log(host).read_text())
        time.sleep(WAITING_SECONDS)
        assert not self.is_up(host)

    def follows(self, host: str) -> None:
        """Waits until one has everything that the other answers."""
        self.works(*OTHER)
        until(lambda: self.says(OTHER[host], IN_STEP) == "1")

    def dies(self, *hosts: str) -> None:
        for host in hosts:
            server = self._running.pop(host)
            server.kill()
            server.wait()

    def does(self, host: str, *command: str) -> str:
        done = self._call(host, str(SCRIPT), *command)
        return "" if done.returncode == 0 else done.stderr.decode()

    def removes_data(self, host: str) -> None:
        shutil.rmtree(self.folder / host)

    def says(self, host: str, sql: str) -> str:
        done = self._call(host, "psql", "-U", "postgres", "-Atc", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def stops(self) -> None:
        self.dies(*self._running)

    def _log(self, host: str) -> Path:
        return self.folder / f"{host}.log"

    def _of(self, host: str) -> dict[str, str]:
        return {**self._environment, "PGHOST": host, "PGDATA": str(self.folder / host)}

    def _call(self, host: str, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 - commands of our own
            command, env=self._of(host), user=self._owner, capture_output=True, check=False
        )


def until(holds: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < LONGEST_SECONDS
        time.sleep(0.05)


@pytest.fixture
def pair(postgres_server: PostgresServer) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        shutil.chown(folder, postgres_server.data.owner())
        pair = Pair(postgres_server, Path(folder))
        try:
            yield pair
        finally:
            pair.stops()


@pytest.fixture
def signed(pair: Pair) -> Pair:
    """Both run, the second follows the first, and a person has signed."""
    assert pair.does(ONE, "create", TWO) == ""
    pair.starts(ONE, TWO)
    pair.follows(TWO)
    pair.says(ONE, "CREATE TABLE signed AS SELECT 1 AS number")
    return pair


def test_nothing_is_made_before_somebody_says_so(pair: Pair) -> None:
    pair.starts(ONE, TWO)
    for host in OTHER:
        pair.waits(host, f"postgres_pair create {OTHER[host]}")
    assert not any(pair.folder.glob("*/PG_VERSION"))
    assert pair.does(TWO, "create", ONE) == ""
    pair.follows(ONE)
    pair.dies(ONE)
    pair.removes_data(ONE)
    for host in OTHER:
        assert "a database already" in pair.does(host, "create", OTHER[host])


@pytest.mark.parametrize("first", OTHER)
def test_both_go_on_with_their_data_after_both_died(signed: Pair, first: str) -> None:
    signed.dies(ONE, TWO)
    signed.starts(first)
    if first == ONE:
        signed.waits(ONE, f"waits for {TWO}")
    else:
        signed.works(TWO)
    signed.starts(OTHER[first])
    signed.follows(TWO)
    signed.says(ONE, "INSERT INTO signed VALUES (2)")
    assert signed.says(TWO, "SELECT pg_is_in_recovery(), sum(number) FROM signed") == "t|3"


def test_one_whose_data_was_removed_follows_again(signed: Pair) -> None:
    signed.dies(TWO)
    signed.removes_data(TWO)
    (signed.folder / f"{TWO}.unfinished").mkdir()  # as a copy that was cut off leaves
    signed.starts(TWO)
    signed.follows(TWO)
    assert signed.says(TWO, "SELECT sum(number) FROM signed") == "1"


def test_one_goes_on_alone_once_somebody_says_that_the_other_is_gone(signed: Pair) -> None:
    signed.dies(ONE, TWO)
    signed.removes_data(TWO)
    signed.starts(ONE, TWO)
    signed.waits(ONE, f"waits for {TWO}")
    signed.waits(TWO, f"waits for {ONE}")
    assert signed.does(ONE, "promote") == ""
    signed.follows(TWO)
    signed.dies(ONE, TWO)
    signed.starts(ONE)
    signed.waits(ONE, f"waits for {TWO}")


def test_one_that_comes_back_by_itself_is_waited_for_again(signed: Pair) -> None:
    signed.dies(TWO)
    assert signed.does(ONE, "promote") == ""
    signed.says(ONE, "INSERT INTO signed VALUES (2)")
    signed.starts(TWO)
    signed.follows(TWO)
    assert signed.does(ONE, "promote") == "", "the other was cut off, and did not end"
    until(lambda: "standby_names" in (signed.folder / ONE / "postgresql.auto.conf").read_text())
    signed.dies(ONE)
    assert signed.does(TWO, "promote") == ""
    signed.says(TWO, "INSERT INTO signed VALUES (3)")
    signed.dies(TWO)
    signed.starts(ONE)
    signed.waits(ONE, f"waits for {TWO}")
    signed.starts(TWO)
    signed.waits(ONE, f"{TWO} takes writes")
    assert signed.says(TWO, "SELECT sum(number) FROM signed") == "6"


def test_nobody_is_told_to_remove_what_another_database_does_not_have(signed: Pair) -> None:
    signed.dies(ONE, TWO)
    signed.removes_data(TWO)
    assert signed.does(TWO, "create", ONE) == ""
    signed.starts(ONE, TWO)
    signed.waits(ONE, f"{TWO} is another database")


def test_each_of_two_takes_the_place_of_the_other(signed: Pair) -> None:
    for first, second in ((ONE, TWO), (TWO, ONE)):
        signed.dies(first)
        assert signed.does(second, "promote") == ""
        signed.says(second, "INSERT INTO signed VALUES (2)")
        signed.starts(first)
        signed.waits(first, f"{second} takes writes")
        signed.dies(first)
        signed.removes_data(first)
        signed.starts(first)
        signed.follows(first)
    assert signed.says(ONE, "SELECT sum(number) FROM signed") == "5"
