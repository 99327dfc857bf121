"""SQLite, through aiosqlite: one writer that commits for many callers, and separate readers.

A whole transaction goes to the writer's thread in one step. Writes that wait while it is busy are
then run together, each in its savepoint, and made durable by one COMMIT; every caller is answered
after it. One bad transaction is undone alone; a full disk or a failed COMMIT fails the whole
group, since none of it is on disk. So does the whole group when the open files are no longer
those at their paths: a restart would not find what was written.
"""

import asyncio
import math
import os
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from operator import methodcaller
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Connection, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError

from storage.database import Row, Snapshot, Statement
from storage.errors import (
    DatabaseReplaced,
    DatabaseUrlWrong,
    JournalUnwritable,
    SchemaMissing,
    Unavailable,
)
from storage.file_identity import FileIdentity, require_one_name
from storage.private_files import reason_and_command
from storage.sqlite_errors import fails_whole_group, is_locked, storage_error
from storage.transaction import Arguments, Result, Transaction, Work
from storage.write_ahead_log import PAUSE_SECONDS, RETRY_SECONDS, WriteAheadLog

_READERS = 2

# The most writes of one COMMIT, which limits how long the first of a group waits for the last.
_GROUP_SIZE = 256

# How long SQLite waits for a lock, then how long we retry: together less than the 8 s that a
# process has to stop.
_BUSY_MILLISECONDS = 2_000
_RETRY_FOR_SECONDS = 4.0
_PAUSE_SECONDS = 0.02

# The first copies nearly all of the log while others write; the second blocks them, but has little
# left to copy before it truncates the log.
_TRUNCATE = (
    Statement("PRAGMA synchronous=FULL"),
    Statement("PRAGMA wal_checkpoint(PASSIVE)"),
    Statement("PRAGMA wal_checkpoint(TRUNCATE)"),
)

# When SQLite moves rows between pages, a copy of a row can stay in the unused part of the old
# page. A small database is therefore rewritten now and then, which leaves no copies and blocks
# other writes for a tenth of a second.
_REWRITE_SECONDS = 86_400.0
_REWRITE_AGAIN_SECONDS = 3_600.0
_REWRITE_UP_TO_BYTES = 16_000_000
_SIZE = Statement(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"
)

_PRAGMAS = (
    "busy_timeout={busy}",
    "secure_delete=ON",  # what is erased is overwritten
    "foreign_keys=ON",
    "temp_store=MEMORY",  # sorting writes no data into temporary files
    "trusted_schema=OFF",
    "query_only={read_only}",
    "schema_version",  # opens the write-ahead log that is there now
)
# To set them, SQLite reads how all tables were made, which takes longer than all else of opening:
# only the writer does.
_WRITER_PRAGMAS = (
    "journal_mode=WAL",  # of the file, for whoever opens it
    "synchronous=FULL",  # an answered signature survives a power cut
)


@dataclass(slots=True, eq=False)
class _Write:
    """A transaction that waits for its turn, with its result."""

    run: Callable[["_Connection"], tuple[Any, Transaction | None]]
    answer: asyncio.Future[Any]
    result: Any = None
    transaction: Transaction | None = None
    error: Exception | None = None


class SqliteDatabase:
    """One database file that exists; begun with `open`, to be ended with `close`.

    Its arguments say how long to wait for what.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_milliseconds: int = _BUSY_MILLISECONDS,
        retry_for_seconds: float = _RETRY_FOR_SECONDS,
        log_pause_seconds: float = PAUSE_SECONDS,
        log_retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._connect = partial(_Connection, path, busy_milliseconds=busy_milliseconds)
        self._writer = self._connect(read_only=False, more_pragmas=_WRITER_PRAGMAS)
        self._readers = [self._connect(read_only=True) for _ in range(_READERS)]
        self._truncater = self._connect(read_only=False)
        # In the order of opening; the writer is closed last, so that it can merge the log into
        # the file.
        self._connections = (self._writer, *self._readers, self._truncater)
        self._log = WriteAheadLog(
            self._truncate, pause_seconds=log_pause_seconds, retry_seconds=log_retry_seconds
        )
        self._path = path
        self._files: list[FileIdentity] = []
        self._retry_for = retry_for_seconds
        self._waiting: deque[_Write] = deque()
        self._open = False
        self._rewrite_at = 0.0

    async def open(self, *, cleans_up: bool = True) -> "SqliteDatabase":
        """Opens the database and returns it.

        With `cleans_up` it truncates the log that another process left, and rewrites a small
        file. A command that runs beside the bot leaves both to the bot.
        """
        require_one_name(self._path)
        opening = asyncio.create_task(self._open_connections())
        try:
            # Cut off, it ends first: nobody would close what a thread opens meanwhile.
            await asyncio.shield(opening)
        except BaseException as error:  # also a cancellation: nothing stays open behind
            await asyncio.wait((opening,))
            await self.close()
            for connection in self._connections:
                await connection.join_thread()
            if not isinstance(error, Exception):
                raise
            raise storage_error(error) from error
        self._files.append(FileIdentity(self._path))
        self._open = True
        if cleans_up:
            self._log.written()  # a process that was killed may have written
        else:
            self._rewrite_at = math.inf
        return self

    async def read(self, statement: Statement) -> list[Row]:
        """See Database.read."""
        if not self._open:
            raise Unavailable("The database is closed.")
        rows = await min(self._readers, key=lambda each: each.busy).read(statement)
        # After the files were replaced, a refused write can still be read; a person who tries
        # again would be thanked for it.
        self.require_files()
        return rows

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """See Database.snapshot."""
        connection = self._connect(read_only=True)
        try:
            await connection
            await connection.fetch(Statement("BEGIN"))
        except sqlite3.Error as error:
            await connection.close()
            raise storage_error(error) from error
        try:
            yield connection
        finally:
            await connection.close()

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """See Database.write."""
        rows: list[list[Row]] = await self._committed(methodcaller("run", statements))
        return rows

    async def transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.transact."""
        result: Result = await self._committed(
            methodcaller("carry_out", lambda tx: work(tx, *args, **kwargs))
        )
        return result

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.look."""
        if not self._open:
            raise Unavailable("The database is closed.")
        reader = min(self._readers, key=lambda each: each.busy)
        result = await reader.look(lambda tx: work(tx, *args, **kwargs))
        self.require_files()
        return result

    async def _committed(self, run: Callable[["_Connection"], Any]) -> Any:
        if not self._open:
            raise Unavailable("The database is closed.")
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(run, answer))
        # One job for each write: the first takes all that wait, the others find nothing to do.
        # Cheaper than a flag, and no write can be left waiting between two jobs.
        self._writer.submit(self._flush)
        try:
            return await answer
        finally:
            self._log.written()

    def require_files(self) -> None:
        """See Database.require_files."""
        for file in self._files:
            if not file.is_same():
                raise DatabaseReplaced(
                    "{path} was removed or replaced while the bot ran, so nothing that is written "
                    "now would be there after a restart. The bot has stopped; put the file back, "
                    "and start it again.",
                    path=file.path,
                )

    async def _open_connections(self) -> None:
        for connection in self._connections:
            await connection
        # With a timeout it would keep the writer waiting for as long as somebody reads.
        await self._truncater.fetch(Statement("PRAGMA busy_timeout=0"))

    async def close(self) -> None:
        """See Database.close."""
        self._open = False
        await self._log.close()
        for connection in reversed(self._connections):
            await connection.close()

    async def _truncate(self) -> bool:
        """Tries to truncate the log; returns False if a reader or a writer prevents it."""
        try:
            rows = [await self._truncater.fetch(statement) for statement in _TRUNCATE]
        except sqlite3.Error:
            return False  # a fault of the disk, which every write will report
        if rows[-1][0]["busy"]:
            return False
        try:
            await self._rewrite_when_due()
        except sqlite3.Error as error:
            if is_locked(error):
                return False
            # A disk with room for writes may have none for a whole copy.
            self._rewrite_at = time.monotonic() + _REWRITE_AGAIN_SECONDS
        return True

    async def _rewrite_when_due(self) -> None:
        """Rewrites a small database at the first truncation after the start and once a day."""
        if time.monotonic() < self._rewrite_at:
            return
        if (await self._truncater.fetch(_SIZE))[0]["bytes"] <= _REWRITE_UP_TO_BYTES:
            await self._truncater.fetch(Statement("VACUUM"))
            self._log.written()
        self._rewrite_at = time.monotonic() + _REWRITE_SECONDS

    def _flush(self) -> None:
        """Runs everything that waits as one transaction; called in the writer's thread."""
        group = list(self._next_group())
        if not group:
            return
        try:
            self._commit_with_retries(group)
            self._watch_log()
            self.require_files()
        except Exception as error:  # every caller gets an answer
            self._writer.roll_back()
            for write in group:
                write.error = error
                if write.transaction is not None:
                    write.transaction.take_back_notes()
        group[0].answer.get_loop().call_soon_threadsafe(_set_results, group)

    def _watch_log(self) -> None:
        """Watches the write-ahead log too, which exists from the first transaction on."""
        if len(self._files) == 1:
            self._files.append(FileIdentity(self._path.with_name(f"{self._path.name}-wal")))

    def _next_group(self) -> Iterable[_Write]:
        for _ in range(_GROUP_SIZE):
            try:
                write = self._waiting.popleft()
            except IndexError:
                return
            # Writes whose caller gave up are not committed.
            if not write.answer.cancelled():
                yield write

    def _commit_with_retries(self, group: list[_Write]) -> None:
        """Commits the group, with retries while another process holds the lock."""
        deadline = time.monotonic() + self._retry_for
        while True:
            try:
                self._writer.commit_group(group)
            except sqlite3.Error as error:
                self._writer.roll_back()
                if not is_locked(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection, which can run several statements in one call to its thread."""

    def __init__(
        self,
        path: Path,
        *,
        busy_milliseconds: int,
        read_only: bool,
        more_pragmas: Iterable[str] = (),
    ) -> None:
        pragmas = [
            pragma.format(busy=busy_milliseconds, read_only=int(read_only)) for pragma in _PRAGMAS
        ]
        super().__init__(partial(_connect, path, [*pragmas, *more_pragmas]), iter_chunk_size=64)
        # A process that fails without closing it must still be able to exit.
        self._thread.daemon = True
        self.busy = 0

    async def fetch(self, statement: Statement) -> list[Row]:
        """Returns the rows of one statement."""
        return await self._in_thread(lambda: _rows(self._conn, statement))

    async def look(self, work: Callable[[Transaction], Result]) -> Result:
        """Returns what a function finds at one moment; raises as `Database.read` does."""
        try:
            return await self._in_thread(lambda: self._look(work))
        except (sqlite3.Error, DBAPIError) as error:
            raise storage_error(error) from error

    def _look(self, work: Callable[[Transaction], Result]) -> Result:
        _ = self._core
        self._conn.execute("BEGIN")
        try:
            return self.carry_out(work)[0]
        finally:
            self._conn.execute("ROLLBACK")

    async def _in_thread(self, job: Callable[[], Result]) -> Result:
        self.busy += 1
        try:
            execute: Any = self._execute  # untyped in aiosqlite
            result: Result = await execute(job)
            return result
        finally:
            self.busy -= 1

    async def read(self, statement: Statement) -> list[Row]:
        """Returns the rows of one statement; raises as `Database.read` does."""
        try:
            return await self.fetch(statement)
        except sqlite3.Error as error:
            raise storage_error(error) from error

    async def join_thread(self) -> None:
        """Waits for the thread of a connection that failed to open; aiosqlite does not."""
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def submit(self, job: Callable[[], None]) -> None:
        """Runs a job in the thread; the job reports its own result."""
        self._tx.put_nowait((None, job))

    def commit_group(self, group: list[_Write]) -> None:
        """Runs and commits a group, in the thread; raises only what concerns the whole group."""
        _ = self._core  # made here, since that rolls back
        self._conn.execute("BEGIN IMMEDIATE")
        for write in group:
            self._attempt(write)
        noting = [write for write in group if write.transaction and write.transaction.noted]
        try:
            for write in noting:
                if write.transaction is not None:
                    write.transaction.write_notes()
        except JournalUnwritable as error:
            self.roll_back()
            for write in noting:
                write.error = error
            # What is to be noted and cannot be is not done; the others are, from the beginning.
            self.commit_group([write for write in group if write not in noting])
            return
        self._conn.execute("COMMIT")

    def run(self, statements: Sequence[Statement]) -> tuple[list[list[Row]], None]:
        """Runs statements, in the thread and its transaction; returns the rows of each."""
        return [_rows(self._conn, statement) for statement in statements], None

    def carry_out(self, work: Callable[[Transaction], Result]) -> tuple[Result, Transaction]:
        """Runs a function, in the thread and its transaction."""
        transaction = Transaction(self._core)
        return work(transaction), transaction

    @cached_property
    def _core(self) -> Connection:
        """SQLAlchemy's view of the connection, which begins and commits nothing by itself."""
        engine = create_engine("sqlite://", creator=lambda: self._conn, poolclass=StaticPool)
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def roll_back(self) -> None:
        """Rolls back an open transaction; called in the thread."""
        if self._connection is not None and self._connection.in_transaction:
            self._connection.rollback()

    def _attempt(self, write: _Write) -> None:
        write.error = write.transaction = None
        self._conn.execute("SAVEPOINT one")
        try:
            write.result, write.transaction = write.run(self)
        except Exception as error:  # handed to the one who asked for this write
            if fails_whole_group(error) or not self._conn.in_transaction:
                raise
            write.error = error
            self._conn.execute("ROLLBACK TO one")
        self._conn.execute("RELEASE one")


def create_private(path: Path) -> None:
    """Makes the database file, if there is none, so that only its owner can read it.

    SQLite gives its journals the same permissions.
    """
    try:
        # An existing file is not opened: closing it would drop SQLite's locks in this process.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except FileNotFoundError as error:
        raise DatabaseUrlWrong(
            "The database {path} cannot be made: {reason}",
            path=path,
            reason=reason_and_command(path, error),
        ) from error
    except OSError as error:
        raise Unavailable(
            "The database {path} cannot be made: {reason}",
            path=path,
            reason=reason_and_command(path, error),
        ) from error


def _connect(path: Path, pragmas: Iterable[str]) -> sqlite3.Connection:
    if not path.exists():
        raise SchemaMissing  # connecting would make an empty one
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:  # whatever it is, it leaves no open connection
        connection.close()
        raise
    return connection


def _rows(connection: sqlite3.Connection, statement: Statement) -> list[Row]:
    cursor = connection.execute(statement.sql, statement.values)
    if cursor.description is None:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _set_results(group: list[_Write]) -> None:
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
