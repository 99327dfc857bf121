"""A PostgreSQL primary with a synchronous standby, which a test kills and promotes."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.postgres_server import running_postgres
from tests.support.programs import free_port
from tests.support.raw_sql import postgres_connection

_SUPERUSER = "postgres"
_FOLLOWING = "SELECT count(*) FROM pg_stat_replication"
_IN_STEP = f"{_FOLLOWING} WHERE sync_state = 'sync'"


class PostgresCluster:
    """Two servers on this machine's loopback, one following the other."""

    def __init__(self, folder: Path, pgexec: Any) -> None:
        self.folder = folder
        self.ports = free_port(), free_port()
        self._pgexec = pgexec
        self._primary, self._standby = folder / "primary", folder / "standby"

    @property
    def url(self) -> str:
        """The address of whichever of both takes writes."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"postgresql+asyncpg://{_SUPERUSER}@{hosts}/postgres"

    def start(self) -> None:
        """Starts both; from then on no commit is answered that the standby does not have."""
        own = ("-A", "trust", "-U", _SUPERUSER, "--no-sync")
        self._pgexec("initdb", ("-D", str(self._primary), *own))
        self._run(self._primary, self.ports[0])
        to_primary = ("-h", "127.0.0.1", "-p", str(self.ports[0]), "-U", _SUPERUSER)
        self._pgexec(
            "pg_basebackup", (*to_primary, "-D", str(self._standby), "-R", "-c", "fast", "-N")
        )
        self._run(self._standby, self.ports[1])
        asyncio.run(self._execute("ALTER SYSTEM SET synchronous_standby_names = '*'"))
        asyncio.run(self._execute("SELECT pg_reload_conf()"))
        while not asyncio.run(self._execute(_IN_STEP)):
            time.sleep(0.05)

    def kill_primary(self) -> None:
        """Kills the primary as if its machine had died."""
        _kill(self._primary)

    def kill_standby(self) -> None:
        """Kills the standby; returns when the primary has noticed, so that every commit waits."""
        _kill(self._standby)
        # What receives for it outlives its main process by a moment, and still acknowledges.
        while asyncio.run(self._execute(_FOLLOWING)):
            time.sleep(0.05)

    def promote(self) -> None:
        """Makes the standby the primary."""
        self._pgexec("pg_ctl", ("-w", "-D", str(self._standby), "promote"))

    def execute(self, sql: str) -> None:
        """Runs one statement on the primary as an administrator."""
        asyncio.run(self._execute(sql))

    def stop(self) -> None:
        """Kills what still runs."""
        for folder in (self._primary, self._standby):
            with suppress(OSError, ValueError):
                _kill(folder)

    def _run(self, folder: Path, port: int) -> None:
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
        log = str(folder.with_suffix(".log"))
        self._pgexec("pg_ctl", ("-w", "-D", str(folder), "-l", log, "-o", options, "start"))

    async def _execute(self, sql: str) -> Any:
        async with postgres_connection(self.url) as connection:
            return await connection.fetchval(sql)


@contextmanager
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Starts a primary and a standby, or skips and says why they could not start."""
    with (
        running_postgres() as server,
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
    ):
        shutil.chown(folder, server.data.owner())
        cluster = PostgresCluster(Path(folder), server.pgexec())
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _kill(folder: Path) -> None:
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
