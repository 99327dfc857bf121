"""The interface to a database; only its adapter knows which database it is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol

from storage.errors import BrokenData
from storage.journal import Journal
from storage.transaction import Arguments, Result, Transaction, Work


class Snapshot(Protocol):
    """A database as it was at one moment, whatever is written meanwhile."""

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds; raises as `Database.read` does."""
        ...


class Database(Protocol):
    """A database to read and write, safe to use from many tasks at once.

    Every method raises `Unavailable` for what may pass (locked, full, unreachable); bugs surface
    as the exceptions of SQLAlchemy, without the values of a row.
    """

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds, which sees one moment and writes nothing."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Opens a snapshot, of the moment of its first read.

        What is erased meanwhile leaves the files only after it is closed, so it is kept short.
        """
        ...

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
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


class WatchedDatabase:
    """A database whose transactions note in a journal, and whose damage a listener is told of.

    Attributes:
        in_progress: how many reads and writes wait for their answer.
    """

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self._damaged: Callable[[BrokenData], object] = lambda _: None
        self.in_progress = 0

    def tell_damage_to(self, listener: Callable[[BrokenData], object]) -> None:
        """Sets the listener, which is told of damage even if the caller handles the error."""
        self._damaged = listener

    async def read(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.read."""
        with self._watched():
            return await self._database.read(work, *args, **kwargs)

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """See Database.snapshot."""
        return self._database.snapshot()

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.write."""

        def noting(tx: Transaction) -> Result:
            tx.write_down = self._journal.append
            return work(tx, *args, **kwargs)

        with self._watched():
            return await self._database.write(noting)

    def require_files(self) -> None:
        """See Database.require_files."""
        self._database.require_files()

    async def close(self) -> None:
        """See Database.close."""
        await self._database.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self.in_progress += 1
        try:
            yield
        except BrokenData as error:
            self._damaged(error)
            raise
        finally:
            self.in_progress -= 1
