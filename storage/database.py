"""Opening a database by its URL: only its adapter knows which it is."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from storage.database_url import SqliteAddress, parse_address
from storage.errors import NeedsAPerson
from storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from storage.postgres import PostgresDatabase

Database: TypeAlias = "SqliteDatabase | PostgresDatabase"
"""What both can is said of the first."""


async def open_database(url: str, *, cleans_up: bool = True) -> Database:
    """Opens a database that `migrate` has made or brought up to date; see SqliteDatabase.open.

    Raises:
        DatabaseUrlWrong: the address is not valid; the message says what it looks like.
        SchemaMissing: there is no such file yet.
        Unavailable: it cannot be reached just now.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        return await SqliteDatabase(address.path).open(cleans_up=cleans_up)
    database: Database = await postgres_adapter().PostgresDatabase.open(address.dsn)
    return database


def postgres_adapter() -> ModuleType:
    """Returns the PostgreSQL adapter, imported only here: its driver is an optional extra."""
    try:
        return importlib.import_module("storage.postgres")
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise NeedsAPerson(
            "A PostgreSQL database needs asyncpg, of the extra postgres. Install it with: "
            "{command}",
            command="make live EXTRAS=postgres",
        ) from error
