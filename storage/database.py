"""The interface to a database, and opening one by its URL: only its adapter knows which it is."""

import importlib
from contextlib import AbstractAsyncContextManager
from types import ModuleType
from typing import Protocol

from bot.extras import install_command
from storage.database_url import SqliteAddress, parse_address
from storage.errors import NeedsAPerson
from storage.sqlite import SqliteDatabase
from storage.transaction import BoundWork, Result


class Snapshot(Protocol):
    """A database as it was at one moment, whatever is written meanwhile."""

    async def read(self, work: BoundWork[Result]) -> Result:
        """Returns what a function finds; raises as `Database.read` does."""
        ...


class Database(Protocol):
    """A database to read and write, safe to use from many tasks at once.

    Every method raises `Unavailable` for what may pass (locked, full, unreachable); bugs surface
    as the exceptions of SQLAlchemy, without the values of a row.
    """

    async def read(self, work: BoundWork[Result]) -> Result:
        """Returns what a function finds, which sees one moment and writes nothing."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Opens a snapshot, of the moment of its first read.

        What is erased meanwhile leaves the files only after it is closed, so it is kept short.
        """
        ...

    async def write(self, work: BoundWork[Result]) -> Result:
        """Runs a function as one transaction and returns once it is durable.

        It may be run again after a conflict, and when `Unavailable` is raised during the commit,
        it is not known whether it took effect: what can be repeated without harm is written so.
        Cancelling the caller does not undo it; who gives up before it begins is not served.

        Raises:
            JournalUnwritable: what it notes could not be written down; nothing of it is done.
        """
        ...

    def require_files(self) -> None:
        """Checks that a restart would find what is written now; does nothing for a server.

        Raises:
            DatabaseReplaced: the open files are no longer those at their paths.
        """
        ...

    async def close(self) -> None:
        """Finishes what was already requested, then closes the database."""
        ...


async def open_database(url: str, *, cleans_up: bool = True) -> Database:
    """Opens a database that `migrate` has made or brought up to date.

    Args:
        url: its address.
        cleans_up: whether to clear its files of what was erased; see SqliteDatabase.

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
            command=install_command("postgres"),
        ) from error
