"""Copies of a whole database, as of one moment, while a bot writes to it.

On SQLite the copy is made by `VACUUM INTO`, which keeps nobody from writing and leaves out what
was erased and is still in unused parts of the file. It lies beside the database, as well
protected as that, for as long as it is read. On PostgreSQL `pg_dump` makes it, as of a snapshot of
which the counts are too.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from storage.database import PostgresAddress, SqliteAddress, postgres_adapter
from storage.database_contents import Contents, contents_of, contents_through, reading
from storage.errors import StorageError, Unavailable
from storage.private_files import unfinished_file


async def copy_database(address: SqliteAddress | PostgresAddress, target: BinaryIO) -> Contents:
    """Writes a copy to a pipe; returns what it holds.

    Raises:
        StorageError: it cannot be copied; the message says why.
    """
    if isinstance(address, SqliteAddress):
        return await asyncio.to_thread(_copy_sqlite, address.path, target)
    return await _copy_postgres(address, target)


async def run_program(
    name: str, *options: str, dsn: str | None, source: BinaryIO | None, target: int
) -> None:
    """Runs one of PostgreSQL's programs, on a database if it is named; cancelled, kills it.

    Raises:
        StorageError: it is not installed, or failed.
    """
    found = shutil.which(name)
    if found is None:
        raise StorageError(
            "{name} is not installed here; it belongs to PostgreSQL's client programs (on Debian: "
            "apt install postgresql-client).",
            name=name,
        )
    place, password = ("", None) if dsn is None else _without_password(dsn)
    process = await asyncio.create_subprocess_exec(
        *(found, *options, *([f"--dbname={place}"] if place else [])),
        stdin=source or subprocess.DEVNULL,
        stdout=target,
        stderr=subprocess.PIPE,
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
    )
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        said = errors.decode(errors="replace").strip() or "it gave no reason"
        why = ", ".join(line.removeprefix(f"{name}: ") for line in said.splitlines()[:2])
        raise Unavailable("{name} failed: {why}", name=name, why=why)


def _without_password(dsn: str) -> tuple[str, str | None]:
    """Returns an address for PostgreSQL's programs, and its password for their environment.

    Others on the machine can read a program's arguments, and not its environment.
    """
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (parts.password and unquote(parts.password))
    user, at, place = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}{at}{place}"
    query_left = urlencode(query, quote_via=quote)
    return urlunsplit(parts._replace(netloc=netloc, query=query_left)), password


async def require_empty(address: PostgresAddress) -> None:
    """Checks that a database of PostgreSQL has no tables, and that `pg_restore` may connect to it.

    Raises:
        StorageError: it has some, or a pooler answers.
    """
    tables = "SELECT 1 FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) LIMIT 1"
    async with postgres_adapter().connected(address.dsn) as connection:
        await _require_no_pooler(connection)
        if await connection.fetchval(tables):
            raise StorageError(
                "A backup of PostgreSQL is restored into a new database, so that the present one "
                "stays: make an empty one (createdb NAME), set PETITION_DATABASE_URL to it, and "
                "try again."
            )


async def _require_no_pooler(connection: Any) -> None:
    """Refuses a pooler: PostgreSQL's programs change settings of the session that they are lent.

    Whoever is lent it next would not find the tables. A pooler has a process number of its own.
    """
    if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
        raise StorageError(
            "Backups are made and restored with PostgreSQL's own programs, which disturb the bot "
            "when they go through a pooler such as PgBouncer. Give this command the address of "
            "the server itself: put PETITION_DATABASE_URL=… before it."
        )


def _copy_sqlite(database: Path, target: BinaryIO) -> Contents:
    if not database.exists():
        raise StorageError("There is no database here yet; petition-bot run makes it.")
    with unfinished_file(database.resolve()) as copy:
        with reading(database) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        found = contents_of(copy)
        with copy.open("rb") as whole:
            shutil.copyfileobj(whole, target)
        return found


async def _copy_postgres(address: PostgresAddress, target: BinaryIO) -> Contents:
    target.flush()
    async with (
        postgres_adapter().connected(address.dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await _require_no_pooler(connection)
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        found = await contents_through(connection)
        await run_program(
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
            f"--snapshot={snapshot}",
            dsn=address.dsn,
            source=None,
            target=target.fileno(),
        )
    return found
