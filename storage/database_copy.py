"""Copies of a whole database, as of one moment, while a bot writes to it.

On SQLite the copy is made by `VACUUM INTO`, which keeps nobody from writing and leaves out what
was erased and is still in unused parts of the file. It lies beside the database, as well
protected as that, for as long as it is read. On PostgreSQL `pg_dump` makes it, as of a snapshot of
which the counts are too.
"""

import asyncio
import fcntl
import glob
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from storage.database_url import PostgresAddress, SqliteAddress
from storage.errors import (
    DatabaseMissing,
    DatabaseNotEmpty,
    ProgramMissing,
    SchemaMissing,
    Unavailable,
)
from storage.open_database import postgres_adapter
from storage.private_files import is_used
from storage.sqlite_errors import storage_error

_REVISION = "SELECT version_num FROM alembic_version"
_PETITIONS = "SELECT slug, signatures, last_number FROM petitions ORDER BY slug"
_HAS_TABLES = "SELECT 1 FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) LIMIT 1"
_CHUNK_BYTES = 1 << 20


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
def private_copy(database: Path) -> Iterator[Path]:
    """Yields an empty file beside a database, for a copy of it; it goes when the block ends.

    One that an earlier process left when it was killed goes too.
    """
    remove_left_copies(database)
    handle, name = tempfile.mkstemp(prefix=_prefix(database), dir=database.parent)
    path = Path(name)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(handle)
        _remove(path)


def remove_left_copies(database: Path) -> None:
    """Removes copies that a killed process left: they have what people have withdrawn since."""
    for left in database.parent.glob(f"{glob.escape(_prefix(database))}????????"):
        if not is_used(left):  # by another command, which is copying just now
            _remove(left)


def contents_of(path: Path) -> CopiedDatabase:
    """Returns what a SQLite database holds, without changing it.

    Raises:
        SchemaMissing: it is no database of a petition.
        BrokenData: it is damaged.
    """
    try:
        with closing(open_read_only(path)) as database:
            return CopiedDatabase(
                str(database.execute(_REVISION).fetchone()[0]),
                tuple(CopiedPetition(*row) for row in database.execute(_PETITIONS)),
            )
    except TypeError:
        raise SchemaMissing from None
    except sqlite3.Error as error:
        raise storage_error(error) from error


def libpq_arguments(dsn: str) -> tuple[str, dict[str, str]]:
    """Returns an address for PostgreSQL's programs, and the environment with its password.

    Others on the machine can read a program's arguments, and not its environment.
    """
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or parts.password
    user, _, place = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{place}" if user else place
    environment = dict(os.environ)
    if password:
        environment["PGPASSWORD"] = password
    address = urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, quote_via=quote)))
    return address, environment


def program(name: str) -> str:
    """Returns the path of one of PostgreSQL's programs; raises ProgramMissing."""
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(
            "{name} is not installed here; it belongs to PostgreSQL's client programs (on Debian: "
            "apt install postgresql-client).",
            name=name,
        )
    return found


def failure_of(name: str, said: bytes) -> Unavailable:
    """Returns the error of one of PostgreSQL's programs, with what it wrote at first."""
    lines = said.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
    why = ", ".join(line.removeprefix(f"{name}: ") for line in lines[:2])
    return Unavailable("{name} failed: {why}", name=name, why=why)


async def require_empty(address: PostgresAddress) -> None:
    """Checks that a database of PostgreSQL has no tables; raises DatabaseNotEmpty."""
    async with postgres_adapter().connected(address.dsn) as connection:
        found = await connection.fetchval(_HAS_TABLES)
    if found:
        raise DatabaseNotEmpty


def _copy_sqlite(database: Path, target: BinaryIO) -> CopiedDatabase:
    if not database.exists():
        raise DatabaseMissing
    with private_copy(database.resolve()) as copy:
        try:
            with closing(open_read_only(database)) as source:
                source.execute("VACUUM INTO ?", (str(copy),))
        except sqlite3.Error as error:
            raise storage_error(error) from error
        found = contents_of(copy)
        with copy.open("rb") as whole:
            shutil.copyfileobj(whole, target, _CHUNK_BYTES)
        return found


async def _copy_postgres(address: PostgresAddress, target: BinaryIO) -> CopiedDatabase:
    pg_dump = program("pg_dump")
    place, environment = libpq_arguments(address.dsn)
    target.flush()
    async with (
        postgres_adapter().connected(address.dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        revision = await connection.fetchval(_REVISION)
        rows = await connection.fetch(_PETITIONS)
        options = ("--format=custom", "--no-owner", "--no-privileges")
        dumped = await asyncio.to_thread(
            subprocess.run,
            [pg_dump, *options, f"--snapshot={snapshot}", f"--dbname={place}"],
            stdout=target.fileno(),
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
    if dumped.returncode != 0:
        raise failure_of("pg_dump", dumped.stderr)
    return CopiedDatabase(str(revision), tuple(CopiedPetition(*row) for row in rows))


def _prefix(database: Path) -> str:
    return f".{database.name}.copy-"


def _remove(copy: Path) -> None:
    for end in ("-wal", "-shm", ""):  # itself last, since it is what the others are found by
        copy.with_name(f"{copy.name}{end}").unlink(missing_ok=True)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Returns a connection to a SQLite database that changes nothing in it."""
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
