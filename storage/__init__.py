"""The database: tables, queries, migrations and encryption.

One file for each noun, of functions that run in a transaction of SQLite or PostgreSQL:
`await storage.write(record_handover, day, at=now)`. Call `migrate` first, then `open_storage`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from storage.database import Database, open_database
from storage.errors import BrokenData
from storage.journal import Journal
from storage.keyring import Keyring
from storage.petitions import ensure_petition, require_known_petition
from storage.seen_updates import CURRENT_UPDATE, note_seen_update
from storage.transaction import Arguments, BoundWork, Result, Transaction, Work


class Storage:
    """Everything stored for one petition, in a database that is already open.

    Attributes:
        forgotten_version: the highest version of the conversations that are forgotten; buttons
            have it still.
        in_progress: how many reads and writes wait for their answer.
    """

    def __init__(self, database: Database, keyring: Keyring, slug: str) -> None:
        self.slug = slug
        self.keyring = keyring
        self.journal = Journal(keyring, slug)
        self.database = database
        self.forgotten_version = 0
        self.in_progress = 0
        # One after the other from a random one: the system's randomness costs more.
        self._seeds = count(int.from_bytes(os.urandom(15)))

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds in this petition; see SqliteDatabase.read."""
        return await self._watched(self.database.read(self._bound(work, *args, **kwargs)))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
        """Yields what reads like `read`, all of it of one moment; see SqliteDatabase.snapshot."""
        async with self.database.snapshot() as read:
            yield lambda work, *args: read(self._bound(work, *args))

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as one transaction of this petition; see SqliteDatabase.write."""
        update = CURRENT_UPDATE.get() if self.database.is_shared else None

        def noted(tx: Transaction) -> Result:
            if update is not None:
                note_seen_update(tx, update)  # raises UpdateOutdated for one that comes too late
            return work(tx, *args, **kwargs)

        return await self._watched(self.database.write(self._bound(noted)))

    def _bound(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> BoundWork[Result]:
        """Returns a function whose transaction knows its petition, with ids of its own."""
        seed = next(self._seeds).to_bytes(16)

        def run(tx: Transaction) -> Result:
            tx.slug, tx.keyring, tx.seed = self.slug, self.keyring, seed
            tx.write_down = self.journal.append
            return work(tx, *args, **kwargs)

        return run

    async def close(self) -> None:
        """Finishes pending writes and closes the database."""
        await self.database.close()

    async def _watched(self, answer: Awaitable[Result]) -> Result:
        self.in_progress += 1
        try:
            return await answer
        except BrokenData as error:
            self.keyring.on_damage(error)
            raise
        finally:
            self.in_progress -= 1


async def open_storage(
    url: str, keyring: Keyring, slug: str, *, is_known: bool = False
) -> Storage:
    """Opens a petition's database, which `migrate` has prepared; a new petition gets its row.

    One that `is_known` was started on it before, and perhaps its bot runs: nothing is written.

    Raises:
        StorageError: it cannot be used; the message says what to do.
    """
    storage = Storage(await open_database(url, cleans_up=not is_known), keyring, slug)
    try:
        # First, as with another key the journal is none either.
        if is_known:
            storage.forgotten_version = await storage.read(require_known_petition)
        else:
            storage.forgotten_version = await storage.write(ensure_petition)
            await asyncio.to_thread(storage.journal.prepare)
    except BaseException:  # also a cancellation: it leaves no open database
        await storage.close()
        raise
    return storage
