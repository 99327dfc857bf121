"""What a database holds, read without changing it: nobody need have migrated it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from storage.database import SqliteAddress, parse_address, postgres_adapter
from storage.errors import SchemaMissing
from storage.migrate import require_known_schema
from storage.petitions import Reached
from storage.sqlite_connection import storage_error

_REVISION = "SELECT version_num FROM alembic_version"
_COPIED = ("slug", "signatures", "last_number")
_PETITIONS = "SELECT slug, signatures, last_number FROM petitions ORDER BY slug"
_REACHED = "SELECT slug, last_number, deeds FROM petitions"

Contents = dict[str, Any]
"""What a copy holds: the `revision` of its tables, and of each of its `petitions` the `slug`, how
many `signatures` it counts, and the `last_number` given."""


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """Opens a SQLite database, and changes nothing in it; raises what its errors mean."""
    address = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as opened:
            yield opened
    except sqlite3.Error as error:
        raise storage_error(error) from error


def contents_of(path: Path) -> Contents:
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
        petitions = [dict(zip(_COPIED, row, strict=True)) for row in rows]
        return {"revision": revision[0], "petitions": petitions}


async def contents_through(connection: Any) -> Contents:
    """Returns what a PostgreSQL database holds, through a connection of the driver."""
    petitions = [dict(row) for row in await connection.fetch(_PETITIONS)]
    return {"revision": await connection.fetchval(_REVISION), "petitions": petitions}


async def schema_in(url: str) -> str | None:
    """Returns which schema a database has; None if it has no tables, or is not there.

    Raises:
        StorageError: it cannot be read, or no release reads its schema.
    """
    rows = await _rows_in(url, _REVISION)
    return str(rows[0][0]) if rows else None


async def reached_in(url: str, slug: str) -> Reached | None:
    """Returns how far a petition has got in a database; None if it, or the database, is not there.

    Raises:
        StorageError: it cannot be read, or is another version's.
    """
    rows = await _rows_in(url, _REACHED)
    return next((Reached(*reached) for each, *reached in rows if each == slug), None)


async def _rows_in(url: str, query: str) -> list[Any]:
    """Returns what a query finds in a database, if it has the tables of a known schema."""
    address = parse_address(url)
    try:
        if isinstance(address, SqliteAddress):
            return await asyncio.to_thread(_rows_in_file, address.path, query)
        async with postgres_adapter().connected(address.dsn) as connection:
            for revision in await connection.fetch(_REVISION):
                require_known_schema(*revision)
            return list(await connection.fetch(query))
    except SchemaMissing:
        return []


def _rows_in_file(database: Path, query: str) -> list[Any]:
    # Opening an empty one would delete the write-ahead log that was left beside it.
    if not database.exists() or database.stat().st_size == 0:
        return []
    with reading(database) as opened:
        for revision in opened.execute(_REVISION):
            require_known_schema(*revision)
        return opened.execute(query).fetchall()
