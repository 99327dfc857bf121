"""Bringing a database to this version's tables, once, however many processes start at a time.

Alembic renders the missing revisions as SQL and the database's own driver runs them, all in one
transaction that also holds the lock: SQLite's own exclusive one, or an advisory lock in
PostgreSQL. A process killed in the middle leaves the old schema, whole, and the lock is gone with
it. Nothing here needs a synchronous driver or a thread of Alembic's own.
"""

import asyncio
import io
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from storage import sqlite
from storage.address import SqliteAddress, parse_address
from storage.errors import SchemaTooNew, Unavailable
from storage.opening import postgres_adapter

# How long a start waits for another one that is migrating; a revision can rewrite a big table.
_PATIENCE_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 0.05

# Any fixed number that no other program on the same PostgreSQL is likely to lock.
_ADVISORY_LOCK: Final = 0x7065_7469_7469_6F6E

Fetch = Callable[[str], Awaitable[list[Any]]]


async def migrate(url: str) -> str:
    """Bring the database to the newest revision and return that revision.

    Raises:
        SchemaTooNew: a newer version of the program made it.
        Unavailable: it cannot be reached, or another start did not finish in two minutes.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        await _migrate_sqlite(address.path)
    else:
        await _migrate_postgres(address.dsn)
    return history()[-1]


def history() -> list[str]:
    """Every revision this version knows, oldest first."""
    script = ScriptDirectory.from_config(alembic_config())
    return [revision.revision for revision in script.walk_revisions()][::-1]


def render(dialect: str, since: str | None) -> list[str]:
    """The SQL statements that lead from a revision, or from nothing, to the newest.

    Alembic keeps its context in globals, so this is for one thread only, and never awaits.
    """
    output = _Statements()
    config = alembic_config(dialect=dialect, output=output)
    command.upgrade(config, f"{since}:head" if since else "head", sql=True)
    return output.statements


def alembic_config(**attributes: object) -> Config:
    """Alembic's settings, made here so that no alembic.ini is needed, nor found by accident."""
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


class _Statements(io.StringIO):
    """Alembic writes one statement at a time; this keeps them apart."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        # Between the statements are blank lines and a remark on each revision.
        if (statement := text.strip()) and not statement.startswith("-- Running"):
            self.statements.append(statement)
        return len(text)


async def _upgrade(dialect: str, current: str | None, execute: Fetch) -> None:
    known = history()
    if current == known[-1]:
        return
    if current is not None and current not in known:
        raise SchemaTooNew
    for statement in render(dialect, since=current):
        await execute(statement)


async def _migrate_sqlite(path: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while not await _try_sqlite(path):
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable("Another program has held the database for two minutes.")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _try_sqlite(path: Path) -> bool:
    """Migrate, or False when someone else holds the lock."""
    try:
        sqlite.create_private(path)
        async with aiosqlite.connect(path, isolation_level=None) as database:
            # A revision may have to rebuild a table that others point to; checked before COMMIT.
            await database.execute("PRAGMA foreign_keys=OFF")
            await database.execute("PRAGMA journal_mode=WAL")
            await database.execute("PRAGMA synchronous=FULL")
            await database.execute("BEGIN EXCLUSIVE")

            async def fetch(statement: str) -> list[Any]:
                return list(await database.execute_fetchall(statement))

            has_version = await fetch("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
            await _upgrade("sqlite", await _version(fetch, has_version), fetch)
            if broken := await fetch("PRAGMA foreign_key_check"):
                raise sqlite3.IntegrityError(f"{len(broken)} rows point to nothing")
            await database.execute("COMMIT")
    except sqlite3.Error as error:
        if sqlite.is_locked(error):
            return False
        raise sqlite.sorted_error(error) from error
    return True


async def _migrate_postgres(dsn: str) -> None:
    postgres = postgres_adapter()
    async with postgres.connected(dsn) as connection:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), connection.transaction():
                # Of the transaction: it cannot outlive the process that took it.
                await connection.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
                has_version = await connection.fetch(
                    "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
                )
                current = await _version(connection.fetch, has_version)
                await _upgrade("postgresql", current, connection.execute)
        except Exception as error:
            raise postgres.sorted_error(error) from error


async def _version(fetch: Fetch, has_version: list[Any]) -> str | None:
    if not has_version:
        return None
    rows = await fetch("SELECT version_num FROM alembic_version")
    return str(rows[0][0]) if rows else None
