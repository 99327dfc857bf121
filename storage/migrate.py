"""Migrates a database to this version's tables, once, however many processes start at a time.

Alembic renders the missing revisions as SQL and the database's own driver runs them, all in one
transaction that also holds the lock: SQLite's exclusive one, or an advisory lock in PostgreSQL. A
process killed in the middle leaves the old schema whole, and its lock ends with it. No synchronous
driver and no thread for Alembic are needed, and for a database that is up to date Alembic is not
even imported.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from storage.database_url import SqliteAddress, parse_address
from storage.errors import (
    DatabaseMissing,
    SchemaMissing,
    SchemaTooNew,
    SchemaTooOld,
    Unavailable,
)
from storage.file_identity import require_one_name
from storage.migrations import NEWEST
from storage.migrations.before_the_release import FIRST, FORMER, to_the_first
from storage.open_database import postgres_adapter
from storage.private_files import create_private
from storage.sqlite_errors import is_locked, storage_error

# How long a start waits for another that is migrating; a revision can rewrite a big table.
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05

# Any fixed number that no other program on the same PostgreSQL is likely to lock.
_ADVISORY_LOCK = 0x7065_7469_7469_6F6E

_HAS_VERSION = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    # Not to_regclass: what it answers before the lock is taken is still cached afterwards.
    "postgresql": "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version'"
    " AND schemaname = ANY (current_schemas(false))",
}
_VERSION = "SELECT version_num FROM alembic_version"

# What a revision erased, or moved to other pages, is in the files until they are written anew.
# That this is to be done is noted in its transaction, so that a later start does what fails.
_IS_NOTED = {
    "sqlite": "SELECT 1 FROM pragma_user_version WHERE user_version = 1",
    "postgresql": "SELECT 1 WHERE 'to write anew'"
    " = obj_description('alembic_version'::regclass, 'pg_class')",
}
_NOTE = {
    "sqlite": "PRAGMA user_version = 1",
    "postgresql": "COMMENT ON TABLE alembic_version IS 'to write anew'",
}
_IS_DONE = {
    "sqlite": "PRAGMA user_version = 0",
    "postgresql": "COMMENT ON TABLE alembic_version IS NULL",
}

Fetch = Callable[[str], Awaitable[list[Any]]]


async def migrate(url: str) -> str:
    """Brings the database to the newest revision and returns that revision.

    Raises:
        SchemaTooNew, SchemaTooOld: another version of the program made it.
        Unavailable: it cannot be reached, or another start did not finish in two minutes.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        await _migrate_sqlite(address.path)
    else:
        await _migrate_postgres(address.dsn)
    return NEWEST


async def require_newest(url: str) -> None:
    """Checks, without changing anything, that the tables are this version's.

    Raises:
        DatabaseMissing: there is no such file.
        SchemaMissing: there are no tables yet, or they are older.
        SchemaTooNew, SchemaTooOld: another version of the program made them.
        Unavailable: it cannot be reached.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        current = await _sqlite_revision(address.path)
    else:
        current = await _postgres_revision(address.dsn)
    if current != NEWEST:
        require_known_revision(current)
        raise SchemaMissing


async def _sqlite_revision(path: Path) -> str | None:
    if not await asyncio.to_thread(path.exists):
        # Connecting would create an empty file.
        raise DatabaseMissing(
            "There is no database at {path}. If there should be one, look at "
            "PETITION_DATABASE_URL; petition-bot run makes a new one.",
            path=Path.cwd() / path,
        )
    try:
        async with _sqlite_fetch(path) as fetch:
            return await _revision("sqlite", fetch)
    except sqlite3.Error as error:
        raise storage_error(error) from error


@asynccontextmanager
async def _sqlite_fetch(path: Path) -> AsyncIterator[Fetch]:
    async with aiosqlite.connect(path, isolation_level=None) as database:

        async def fetch(statement: str) -> list[Any]:
            return list(await database.execute_fetchall(statement))

        yield fetch


async def _postgres_revision(dsn: str) -> str | None:
    async with postgres_adapter().connected(dsn) as connection:
        return await _revision("postgresql", connection.fetch)


async def _revision(dialect: str, fetch: Fetch) -> str | None:
    if not await fetch(_HAS_VERSION[dialect]):
        return None
    rows = await fetch(_VERSION)
    return str(rows[0][0]) if rows else None


def require_known_revision(revision: str | None) -> None:
    """Checks that a database with this revision can be brought to the newest.

    Raises:
        SchemaTooNew, SchemaTooOld: another version of the program made it.
    """
    # Alembic costs half a second and many megabytes, so it is imported only when needed.
    from storage.migrations.rendering import history

    if revision is None or revision in (*FORMER, *history()):
        return
    raise SchemaTooOld if "0001" <= revision < FORMER[0] else SchemaTooNew


async def _upgrade(dialect: str, fetch: Fetch) -> None:
    """Runs the missing revisions, inside the transaction that holds the lock."""
    current = await _revision(dialect, fetch)
    if current == NEWEST:
        return
    require_known_revision(current)
    from storage.migrations.rendering import render

    if current in FORMER:
        for statement in to_the_first(dialect, current):
            await fetch(statement)
        current = FIRST
    for statement in render(dialect, since=current):
        await fetch(statement)
    if current is not None:
        await fetch(_NOTE[dialect])


async def _migrate_sqlite(path: Path) -> None:
    require_one_name(path)
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while not await _try_sqlite(path):
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable("Another program has held the database for two minutes.")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _try_sqlite(path: Path) -> bool:
    """Migrates; returns False if somebody else holds the lock."""
    try:
        create_private(path)
        async with _sqlite_fetch(path) as fetch:
            current = await _revision("sqlite", fetch)
            if current != NEWEST:
                require_known_revision(current)
                await _rebuild_sqlite(fetch)
            return await _write_sqlite_anew(fetch)
    except sqlite3.Error as error:
        if is_locked(error):
            return False
        raise storage_error(error) from error


async def _rebuild_sqlite(fetch: Fetch) -> None:
    # A revision may rebuild a table that others refer to; foreign keys are checked before COMMIT.
    await fetch("PRAGMA foreign_keys=OFF")
    await fetch("PRAGMA journal_mode=WAL")
    await fetch("PRAGMA synchronous=FULL")
    await fetch("PRAGMA secure_delete=ON")  # what a revision deletes is overwritten
    await fetch("BEGIN EXCLUSIVE")
    await _upgrade("sqlite", fetch)
    if broken := await fetch("PRAGMA foreign_key_check"):
        raise sqlite3.IntegrityError(f"{len(broken)} rows point to nothing")
    await fetch("COMMIT")


async def _write_sqlite_anew(fetch: Fetch) -> bool:
    """Writes the files anew where that is noted; returns False if somebody reads them."""
    if await fetch(_IS_NOTED["sqlite"]):
        await fetch("VACUUM")
        ((is_busy, *_),) = await fetch("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            return False
        await fetch(_IS_DONE["sqlite"])
    return True


async def _migrate_postgres(dsn: str) -> None:
    async with postgres_adapter().connected(dsn) as connection:
        if await _revision("postgresql", connection.fetch) != NEWEST:
            async with asyncio.timeout(_PATIENCE_SECONDS), connection.transaction():
                # It ends with the transaction, so it cannot outlive the process that took it.
                await connection.execute(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
                await _upgrade("postgresql", connection.fetch)
        if await connection.fetch(_IS_NOTED["postgresql"]):
            # It waits for all who read or write, and then takes as long as it takes.
            await connection.execute(f"SET lock_timeout = {_PATIENCE_SECONDS * 1_000:.0f}")
            await connection.execute("VACUUM FULL signatures, conversations")
            await connection.execute(_IS_DONE["postgresql"])
