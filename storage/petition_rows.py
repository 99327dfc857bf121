"""What the classes of a noun have in common: they read and write one petition's rows.

Such a class lists the functions of its noun as methods, with `as_read` and `as_write`. Other
transactions call the functions themselves.
"""

import os
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate

from storage.database import Database, Row, Statement, Value
from storage.journal_entries import Entry
from storage.keyring import Keyring
from storage.transaction import Arguments, Result, Transaction, Work


class PetitionRows:
    """Runs statements for one petition, whose slug each of them finds as `:petition`."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring

    async def _look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds in this petition; see Database.look."""
        return await self._database.look(bound(self, work), *args, **kwargs)

    async def _transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as one transaction of this petition; see Database.transact."""
        return await self._database.transact(bound(self, work), *args, **kwargs)

    async def _read(self, sql: str, **values: Value) -> list[Row]:
        return await self._database.read(self._statement(sql, **values))

    async def _write(self, sql: str, noted: Entry | None = None, /, **values: Value) -> list[Row]:
        """Runs one statement as a transaction; returns its rows."""
        return (await self._database.write(self._statement(sql, noted, **values)))[0]

    def _statement(self, sql: str, noted: Entry | None = None, /, **values: Value) -> Statement:
        return Statement(sql, {"petition": self._slug, **values}, noted)

    def _sealed(self, plain: str | int, table: str, column: str, key: bytes) -> bytes:
        return self._keyring.seal(str(plain), table=table, column=column, row=key)

    def _opened(self, row: Row, table: str, column: str, key: bytes) -> str | None:
        """Decrypts a column; None if it is empty or damaged."""
        return self._keyring.open_if_whole(row[column], table=table, column=column, row=key)


def bound(rows: PetitionRows, work: Work[Arguments, Result]) -> Work[Arguments, Result]:
    """Returns a function whose transaction knows its petition, with ids of its own."""
    seed = os.urandom(16)

    def run(tx: Transaction, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        tx.belong_to(rows._slug, rows._keyring, seed)
        return work(tx, *args, **kwargs)

    return run


def as_read(
    work: Work[Arguments, Result],
) -> Callable[Concatenate[PetitionRows, Arguments], Coroutine[Any, Any, Result]]:
    """Returns the method that runs a function as a read."""

    @wraps(work)
    async def method(
        rows: PetitionRows, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        return await rows._look(work, *args, **kwargs)

    return method


def as_write(
    work: Work[Arguments, Result],
) -> Callable[Concatenate[PetitionRows, Arguments], Coroutine[Any, Any, Result]]:
    """Returns the method that runs a function as a transaction."""

    @wraps(work)
    async def method(
        rows: PetitionRows, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        return await rows._transact(work, *args, **kwargs)

    return method
