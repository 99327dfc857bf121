"""The database: tables, queries, migrations and encryption.

One file for each noun, of functions that run in a transaction of SQLite or PostgreSQL:
`await storage.write(record_handover, day, at=now)`. Call `migrate` first, then `open_storage`.
"""

import asyncio
import os

from storage.database import Database, WatchedDatabase
from storage.journal import Journal
from storage.keyring import Keyring
from storage.open_database import open_database
from storage.petitions import ensure_petition, require_known_petition
from storage.transaction import Arguments, Result, Transaction, Work


class Storage:
    """Everything stored for one petition, in a database that is already open.

    Attributes:
        forgotten_version: the highest version of the conversations that are forgotten; buttons
            have it still.
    """

    def __init__(self, database: Database, keyring: Keyring, slug: str) -> None:
        self.slug = slug
        self.keyring = keyring
        self.journal = Journal(keyring, slug)
        self.database = WatchedDatabase(database, self.journal)
        self.forgotten_version = 0

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds in this petition; see Database.read."""
        return await self.database.read(self.bound(work), *args, **kwargs)

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as one transaction of this petition; see Database.write."""
        return await self.database.write(self.bound(work), *args, **kwargs)

    def bound(self, work: Work[Arguments, Result]) -> Work[Arguments, Result]:
        """Returns a function whose transaction knows its petition, with ids of its own."""
        seed = os.urandom(16)

        def run(tx: Transaction, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            tx.belong_to(self.slug, self.keyring, seed)
            return work(tx, *args, **kwargs)

        return run

    async def close(self) -> None:
        """Finishes pending writes and closes the database."""
        await self.database.close()


async def open_storage(url: str, keyring: Keyring, slug: str) -> Storage:
    """Opens a petition's database, which `migrate` has prepared; a new petition gets its row.

    Raises:
        StorageError: it cannot be used; the message says what to do.
    """
    storage = Storage(await open_database(url), keyring, slug)
    try:
        # First, as with another key the journal is none either.
        storage.forgotten_version = await storage.write(ensure_petition)
        await asyncio.to_thread(storage.journal.prepare)
    except BaseException:  # also a cancellation: it leaves no open database
        await storage.close()
        raise
    return storage


async def open_known_storage(url: str, keyring: Keyring, slug: str) -> Storage:
    """Opens the database of a petition that was started on it before; writes nothing.

    Raises:
        StorageError: it cannot be used; the message says what to do.
    """
    storage = Storage(await open_database(url, cleans_up=False), keyring, slug)
    try:
        storage.forgotten_version = await storage.read(require_known_petition)
    except BaseException:  # also a cancellation: it leaves no open database
        await storage.close()
        raise
    return storage
