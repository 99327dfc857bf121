"""Copies of a whole database, as of one moment, while a bot writes to it; and how old one is.

On SQLite the copy is made by `VACUUM INTO`, which keeps nobody from writing and leaves out what
was erased and is still in unused parts of the file. It lies beside the database, as well
protected as that, for as long as it is read. On PostgreSQL `pg_dump` makes it, as of a snapshot of
which the counts are too.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from storage.database import postgres_adapter
from storage.database_url import PostgresAddress, SqliteAddress, parse_address
from storage.errors import SchemaMissing, StorageError, Unavailable
from storage.petitions import Reached
from storage.private_files import unfinished_file
from storage.sqlite_connection import storage_error

_REVISION = "SELECT version_num FROM alembic_version"
_PETITIONS = "SELECT slug, signatures, last_number FROM petitions ORDER BY slug"
_REACHED = "SELECT last_number, deeds FROM petitions WHERE slug = $1"


@dataclass(frozen=True, slots=True)
class CopiedPetition:
    """A petition in a copy: how many signatures it counts, and the highest number given."""

    slug: str
    signatures: int
    last_number: int


@dataclass(frozen=True, slots=True)
class CopiedDatabase:
    """What a copy holds, by the revision of its tables."""

    revision: str
    petitions: tuple[CopiedPetition, ...]


async def copy_database(
    address: SqliteAddress | PostgresAddress, target: BinaryIO
) -> CopiedDatabase:
    """Writes a copy to a pipe; returns what it holds.

    Raises:
        StorageError: it cannot be copied; the message says why.
    """
    if isinstance(address, SqliteAddress):
        return await asyncio.to_thread(_copy_sqlite, address.path, target)
    return await _copy_postgres(address, target)


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """Opens a SQLite database, and changes nothing in it; raises what its errors mean."""
    address = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as opened:
            yield opened
    except sqlite3.Error as error:
        raise storage_error(error) from error


def contents_of(path: Path) -> CopiedDatabase:
    """Returns what a SQLite database holds, without changing it.

    Raises:
        SchemaMissing: it is no database of a petition.
        BrokenData: it is damaged.
    """
    with reading(path) as database:
        revision = database.execute(_REVISION).fetchone()
        if revision is None:
            raise SchemaMissing
        rows = database.execute(_PETITIONS)
        return CopiedDatabase(revision[0], tuple(CopiedPetition(*row) for row in rows))


async def reached_in(url: str, slug: str) -> Reached | None:
    """Returns how far a petition has got in a database, without changing anything.

    Returns:
        None if the petition was never begun there, or there is no such database.

    Raises:
        StorageError: it cannot be read.
    """
    address = parse_address(url)
    try:
        if isinstance(address, SqliteAddress):
            row = await asyncio.to_thread(_reached_in_file, address.path, slug)
        else:
            async with postgres_adapter().connected(address.dsn) as connection:
                row = await connection.fetchrow(_REACHED, slug)
    except SchemaMissing:
        return None
    return None if row is None else Reached(*row)


def _reached_in_file(database: Path, slug: str) -> Any:
    # Opening an empty file would delete the write-ahead log that was left beside it.
    if not database.exists() or database.stat().st_size == 0:
        return None
    with reading(database) as opened:
        return opened.execute(_REACHED, {"1": slug}).fetchone()


def run_program(
    name: str, *options: str, dsn: str | None, source: BinaryIO | None, target: int
) -> None:
    """Runs one of PostgreSQL's programs, on a database if it is named.

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
    ended = subprocess.run(  # noqa: S603 - a program of PostgreSQL, found in PATH
        [found, *options, *([f"--dbname={place}"] if place else [])],
        stdin=source or subprocess.DEVNULL,
        stdout=target,
        stderr=subprocess.PIPE,
        env=os.environ | ({"PGPASSWORD": password} if password else {}),
        check=False,
    )
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace").strip() or "it gave no reason"
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
    """Checks that a database of PostgreSQL has no tables; raises StorageError."""
    tables = "SELECT 1 FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) LIMIT 1"
    async with postgres_adapter().connected(address.dsn) as connection:
        if await connection.fetchval(tables):
            raise StorageError(
                "A backup of PostgreSQL is restored into a new database, so that the present one "
                "stays: make an empty one (createdb NAME), set PETITION_DATABASE_URL to it, and "
                "try again."
            )


def _copy_sqlite(database: Path, target: BinaryIO) -> CopiedDatabase:
    if not database.exists():
        raise StorageError("There is no database here yet; petition-bot run makes it.")
    with unfinished_file(database.resolve()) as copy:
        with reading(database) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        found = contents_of(copy)
        with copy.open("rb") as whole:
            shutil.copyfileobj(whole, target)
        return found


async def _copy_postgres(address: PostgresAddress, target: BinaryIO) -> CopiedDatabase:
    target.flush()
    async with (
        postgres_adapter().connected(address.dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        revision = await connection.fetchval(_REVISION)
        rows = await connection.fetch(_PETITIONS)
        await asyncio.to_thread(
            run_program,
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
            f"--snapshot={snapshot}",
            dsn=address.dsn,
            source=None,
            target=target.fileno(),
        )
    return CopiedDatabase(str(revision), tuple(CopiedPetition(*row) for row in rows))
