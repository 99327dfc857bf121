"""What a database holds, read without changing it: nobody need have migrated it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address
from storage.errors import SchemaMissing
from storage.migrate import require_known_schema
from storage.petitions import Reached
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


async def contents_through(connection: Any) -> CopiedDatabase:
    """Returns what a PostgreSQL database holds, through a connection of the driver."""
    petitions = [CopiedPetition(*row) for row in await connection.fetch(_PETITIONS)]
    return CopiedDatabase(str(await connection.fetchval(_REVISION)), tuple(petitions))


async def schema_in(url: str) -> str | None:
    """Returns which schema a database has, without changing anything.

    Returns:
        None if it has no tables, or is not there.

    Raises:
        StorageError: it cannot be read, or no release reads its schema.
    """
    address = parse_address(url)
    try:
        if isinstance(address, SqliteAddress):
            rows = await asyncio.to_thread(_schemas_in_file, address.path)
        else:
            async with postgres_adapter().connected(address.dsn) as connection:
                rows = await connection.fetch(_REVISION)
    except SchemaMissing:
        return None
    for (revision,) in rows:
        require_known_schema(revision)
        return str(revision)
    return None


async def reached_in(url: str, slug: str) -> Reached | None:
    """Returns how far a petition has got in a database, without changing anything.

    Returns:
        None if the petition was never begun there, or there is no such database.

    Raises:
        StorageError: it cannot be read, or is another version's.
    """
    address = parse_address(url)
    try:
        if isinstance(address, SqliteAddress):
            row = await asyncio.to_thread(_reached_in_file, address.path, slug)
        else:
            async with postgres_adapter().connected(address.dsn) as connection:
                for revision in await connection.fetch(_REVISION):
                    require_known_schema(*revision)
                row = await connection.fetchrow(_REACHED, slug)
    except SchemaMissing:
        return None
    return None if row is None else Reached(*row)


def _reached_in_file(database: Path, slug: str) -> Any:
    if _is_empty(database):
        return None
    with reading(database) as opened:
        for revision in opened.execute(_REVISION):
            require_known_schema(*revision)
        return opened.execute(_REACHED, {"1": slug}).fetchone()


def _schemas_in_file(database: Path) -> list[Any]:
    if _is_empty(database):
        return []
    with reading(database) as opened:
        return opened.execute(_REVISION).fetchall()


def _is_empty(database: Path) -> bool:
    # Opening such a file would delete the write-ahead log that was left beside it.
    return not database.exists() or database.stat().st_size == 0
