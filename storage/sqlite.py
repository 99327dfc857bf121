"""SQLite: a writer's thread that commits for many callers, and readers beside it.

A transaction runs in the writer's thread. Those that wait while it is busy are then run together,
each in its savepoint, and made durable by one COMMIT; every caller is answered after it. One bad
transaction is undone alone; a full disk or a failed COMMIT fails the whole group, since none of it
is on disk. So does the whole group when the open files are no longer those at their paths: a
restart would not find what was written. Where the journal cannot be written, those alone fail that
have something for it.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from storage.errors import DatabaseReplaced, Unavailable
from storage.private_files import identity
from storage.sqlite_connection import (
    PRAGMAS,
    READER_PRAGMAS,
    WRITER_PRAGMAS,
    SqliteConnection,
    Write,
    Writer,
    storage_error,
)
from storage.transaction import BoundWork, Result, take_back_notes
from storage.write_ahead_log import WriteAheadLog

_READERS = 2

# The most transactions of one COMMIT, which limits how long the first of a group waits for the
# last.
_GROUP_SIZE = 256

# How long SQLite waits for a lock: less than the 8 s that a process has to stop.
_BUSY_MILLISECONDS = 4_000


class SqliteDatabase:
    """One database file that exists; begun with `open`, to be ended with `close`.

    It is safe to use from many tasks at once. Every method raises `Unavailable` for what may pass
    (locked, full, unreachable); bugs surface as the exceptions of SQLAlchemy, without the values
    of a row.

    Attributes:
        is_shared: whether processes on several machines may use it at the same time.
    """

    is_shared = False

    def __init__(self, path: Path) -> None:
        busy = f"busy_timeout={_BUSY_MILLISECONDS}"
        self._reader = partial(SqliteConnection, path, (busy, *PRAGMAS, *READER_PRAGMAS))
        self._writer = Writer(path, (busy, *PRAGMAS, *WRITER_PRAGMAS))
        self._readers = [self._reader() for _ in range(_READERS)]
        # In the order of opening; the writer is closed last, so that it can merge the log into
        # the file.
        self._connections = (self._writer, *self._readers)
        self._log = WriteAheadLog(path, self.require_files)
        self._path = path
        self._files: dict[Path, tuple[int, int] | None] = {}
        self._waiting: deque[Write] = deque()
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
        reader = min(self._readers, key=lambda each: each.busy)
        result = await reader.read(work)
        # After the files were replaced, a refused write can still be read; a person who tries
        # again would be thanked for it.
        self.require_files()
        return result

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqliteConnection]:
        """Opens a snapshot, of the moment of its first read.

        What is erased meanwhile leaves the files only after it is closed, so it is kept short.
        """
        connection = self._reader()
        try:
            await connection.open()
            connection.stays_in_transaction = True
            yield connection
        finally:
            await connection.close()

    async def write(self, work: BoundWork[Result]) -> Result:
        """Runs a function as one transaction and returns once it is durable.

        It may be run again after a conflict, and when `Unavailable` is raised during the commit,
        it is not known whether it took effect: what can be repeated without harm is written so.
        Cancelling the caller does not undo it; who gives up before it begins is not served.

        Raises:
            JournalUnwritable: what it notes could not be written down; nothing of it is done.
        """
        if not self._open:
            raise Unavailable("The database is closed.")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(Write(work, answer))
        # One job for each: the first takes all that wait, the others find nothing to do. Cheaper
        # than a flag, and none can be left waiting between two jobs.
        self._writer.submit(self._flush)
        try:
            return await answer
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

    async def _open_connections(self) -> None:
        for connection in self._connections:
            await connection.open()

    async def close(self) -> None:
        """Finishes what was already requested, then closes the database."""
        self._open = False
        await self._log.close()
        for connection in reversed(self._connections):
            await connection.close()

    def _flush(self) -> None:
        """Runs everything that waits as one transaction; called in the writer's thread."""
        group = list(self._next_group())
        if not group:
            return
        try:
            self._writer.commit(group)
            if len(self._files) == 1:  # the log exists from the first transaction on
                log = self._path.with_name(f"{self._path.name}-wal")
                self._files[log] = identity(log)
            self.require_files()
        except Exception as error:
            for write in group:
                write.error = error
            self._writer.roll_back()
            take_back_notes(each.transaction for each in group)
        finally:  # every caller gets an answer
            group[0].answer.get_loop().call_soon_threadsafe(_set_results, group)

    def _next_group(self) -> Iterable[Write]:
        for _ in range(_GROUP_SIZE):
            try:
                write = self._waiting.popleft()
            except IndexError:
                return
            # Those whose caller gave up are not carried out.
            if not write.answer.cancelled():
                yield write


def _set_results(group: list[Write]) -> None:
    for write in group:
        if write.answer.done():
            continue
        if write.error is None:
            write.answer.set_result(write.result)
            continue
        # A new exception for each: one raised in many tasks would mix their tracebacks.
        answer = storage_error(write.error)
        if answer is not write.error:
            answer.__cause__ = write.error
        write.answer.set_exception(answer)
