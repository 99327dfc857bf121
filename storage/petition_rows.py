"""What the classes of a noun have in common: they read and write one petition's rows.

Such a class lists the functions of its noun as methods, with `as_read` and `as_write`. Other
transactions call the functions themselves.
"""

import os
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate

from storage.database import Database
from storage.keyring import Keyring
from storage.transaction import Arguments, Result, Transaction, Work


class PetitionRows:
    """The rows of one petition, whose functions know its slug and its keys."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring

    async def _read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds in this petition; see Database.read."""
        return await self._database.read(bound(self, work), *args, **kwargs)

    async def _write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as one transaction of this petition; see Database.write."""
        return await self._database.write(bound(self, work), *args, **kwargs)


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
        return await rows._read(work, *args, **kwargs)

    return method


def as_write(
    work: Work[Arguments, Result],
) -> Callable[Concatenate[PetitionRows, Arguments], Coroutine[Any, Any, Result]]:
    """Returns the method that runs a function as a transaction."""

    @wraps(work)
    async def method(
        rows: PetitionRows, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        return await rows._write(work, *args, **kwargs)

    return method
