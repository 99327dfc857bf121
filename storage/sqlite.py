"""SQLite: a writer's thread that commits for many callers, and readers beside it.

A transaction runs in the writer's thread. Those that wait while it is busy are then run together
and made durable by one COMMIT; every caller is answered after it. If one fails, all are run again,
each with a savepoint, so that it is undone alone; a full disk or a failed COMMIT fails the whole
group, since none of it is on disk. So does the whole group when the open files are no longer those
at their paths: a restart would not find what was written. Where the journal cannot be written,
those alone fail that have something for it.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from storage.errors import DatabaseReplaced, Unavailable
from storage.private_files import identity
from storage.sqlite_connection import PRAGMAS, WRITER_PRAGMAS, SqliteConnection, Writer
from storage.transaction import BoundWork, Read, Result
from storage.write_ahead_log import WriteAheadLog

_READERS = 2

# How long SQLite waits for a lock: less than the 8 s that a process has to stop.
_BUSY_MILLISECONDS = 4_000


class SqliteDatabase:
    """One database file that exists; begun with `open`, to be ended with `close`.

    It is safe to use from many tasks at once. Every method raises `Unavailable` for what may pass
    (locked, full, unreachable); bugs surface as the exceptions of SQLAlchemy
    or the driver, without the values of a row.

    Attributes:
        is_shared: whether processes on several machines may use it at the same time.
    """

    is_shared = False

    def __init__(self, path: Path) -> None:
        busy = f"busy_timeout={_BUSY_MILLISECONDS}"
        self._reader = partial(SqliteConnection, path, (busy, *PRAGMAS, "query_only=1"))
        self._writer = Writer(path, (busy, *PRAGMAS, *WRITER_PRAGMAS), self._look_at_files)
        # After the files were replaced, a refused write can still be read; a person who tries
        # again would be thanked for it.
        self._readers = [self._reader(check=self.require_files) for _ in range(_READERS)]
        # In the order of opening; the writer is closed last, so that it can merge the log into
        # the file.
        self._connections = (self._writer, *self._readers)
        self._log = WriteAheadLog(path, self.require_files)
        self._path = path
        self._files: dict[Path, tuple[int, int] | None] = {}
        self._open = False

    async def open(self, *, cleans_up: bool = True) -> "SqliteDatabase":
        """Opens the database and returns it.

        With `cleans_up` it truncates the log that another process left, and rewrites a small
        file. A command that runs beside the bot leaves both to the bot.
        """
        opening = asyncio.create_task(self._open_connections())
        try:
            # Cut off, it ends first: nobody would close what a thread opens meanwhile.
            await asyncio.shield(opening)
        except BaseException:  # also a cancellation: nothing stays open behind
            await asyncio.wait((opening,))
            await self.close()
            raise
        self._files[self._path] = identity(self._path)
        self._open = True
        if cleans_up:
            self._log.written()  # a process that was killed may have written
        else:
            self._log.rewrite_at = math.inf
        return self

    async def read(self, work: BoundWork[Result]) -> Result:
        """Returns what a function finds, which sees one moment and writes nothing."""
        if not self._open:
            raise Unavailable("The database is closed.")
        # An idle one, the first if it can be: one that does many costs less than two that do half,
        # which would take the interpreter's lock from each other. Or else the one that answered
        # last, so that nothing is behind a long list.
        return await max(self._readers, key=lambda each: each.since).result_of(work)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Read]:
        """Yields what reads from a snapshot, which is of the moment of the first read.

        What is erased meanwhile leaves the files only after it is closed, so it is kept short.
        """
        connection = self._reader()
        try:
            await connection.open()
            connection.stays_in_transaction = True
            yield connection.result_of
        finally:
            await connection.close()

    async def write(self, work: BoundWork[Result]) -> Result:
        """Runs a function as one transaction and returns once it is durable.

        It may be run again after a conflict or another's failure, and when `Unavailable` is raised
        during the commit, it is not known whether it took effect: what can be repeated without
        harm is written so. Cancelling the caller does not undo it; who gives up before it begins
        is not served.

        Raises:
            JournalUnwritable: what it notes could not be written down; nothing of it is done.
        """
        if not self._open:
            raise Unavailable("The database is closed.")
        try:
            return await self._writer.result_of(work)
        finally:
            self._log.written()

    def require_files(self) -> None:
        """Checks that a restart would find what is written now; does nothing for a server.

        Raises:
            DatabaseReplaced: the open files are no longer those at their paths.
        """
        for path, known in self._files.items():
            if identity(path) != known:
                raise DatabaseReplaced(
                    "{path} was removed or replaced while the bot ran, so nothing that is written "
                    "now would be there after a restart. The bot has stopped; put the file back, "
                    "and start it again.",
                    path=path,
                )

    def _look_at_files(self) -> None:
        if len(self._files) == 1:  # the log exists from the first transaction on
            log = self._path.with_name(f"{self._path.name}-wal")
            self._files = {**self._files, log: identity(log)}  # others may read what was there
        self.require_files()

    async def _open_connections(self) -> None:
        for connection in self._connections:
            await connection.open()

    async def close(self) -> None:
        """Finishes what was already requested, then closes the database."""
        self._open = False
        await self._log.close()
        for connection in reversed(self._connections):
            await connection.close()
