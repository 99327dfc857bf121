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
import os
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
from storage.postgres_sql import run_statements
from storage.private_files import reason_and_command
from storage.sqlite_errors import fails_whole_group, is_locked, storage_error
from storage.transaction import Arguments, Result, Transaction, Work
from storage.write_ahead_log import PAUSE_SECONDS, RETRY_SECONDS, WriteAheadLog

_READERS = 2

# The most transactions of one COMMIT, which limits how long the first of a group waits for the
# last.
_GROUP_SIZE = 256

# How long SQLite waits for a lock, then how long we retry: together less than the 8 s that a
# process has to stop.
_BUSY_MILLISECONDS = 2_000
_RETRY_FOR_SECONDS = 4.0
_PAUSE_SECONDS = 0.02

_PRAGMAS = (
    "secure_delete=ON",  # what is erased is overwritten
    "foreign_keys=ON",
    "temp_store=MEMORY",  # sorting writes no data into temporary files
    "trusted_schema=OFF",
    "schema_version",  # opens the write-ahead log that is there now
)
_READER_PRAGMAS = ("query_only=1",)
# To set them, SQLite reads how all tables were made, which takes longer than all else of opening:
# only the writer does.
_WRITER_PRAGMAS = (
    "journal_mode=WAL",  # of the file, for whoever opens it
    "synchronous=FULL",  # an answered signature survives a power cut
)

# The first copies nearly all of the log while others write; the second blocks them, but has little
# left to copy before it truncates the log.
_TRUNCATE = ("PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)")

_CLEANING = "".join(f"PRAGMA {each};" for each in (*_PRAGMAS, "synchronous=FULL"))

# When SQLite moves rows between pages, a copy of a row can stay in the unused part of the old
# page. A small database is therefore rewritten now and then, which leaves no copies and blocks
# other writes for a tenth of a second.
_REWRITE_SECONDS = 86_400.0
_REWRITE_AGAIN_SECONDS = 3_600.0
_REWRITE_UP_TO_BYTES = 16_000_000
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


@dataclass(slots=True, eq=False)
class _Write:
    """A transaction that waits for its turn, with its result."""

    work: Callable[[Transaction], Any]
    answer: asyncio.Future[Any]
    result: Any = None
    transaction: Transaction | None = None
    error: Exception | None = None

    @property
    def noted(self) -> Transaction | None:
        """The transaction, if it has something for the journal."""
        return self.transaction if self.transaction and self.transaction.noted else None


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
        busy = f"busy_timeout={busy_milliseconds}"
        self._reader = partial(_Connection, path, (busy, *_PRAGMAS, *_READER_PRAGMAS))
        self._writer = _Writer(path, (busy, *_PRAGMAS, *_WRITER_PRAGMAS))
        self._readers = [self._reader() for _ in range(_READERS)]
        # In the order of opening; the writer is closed last, so that it can merge the log into
        # the file.
        self._connections = (self._writer, *self._readers)
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

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.look."""
        if not self._open:
            raise Unavailable("The database is closed.")
        reader = min(self._readers, key=lambda each: each.busy)
        result = await reader.look(lambda tx: work(tx, *args, **kwargs))
        # After the files were replaced, a refused write can still be read; a person who tries
        # again would be thanked for it.
        self.require_files()
        return result

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """See Database.snapshot."""
        connection = self._reader()
        try:
            with _storage_errors():
                await connection.open()
                await connection.run(lambda: connection.driver.execute("BEGIN"))
            yield _Snapshot(connection)
        finally:
            await connection.close()

    async def transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.transact."""
        if not self._open:
            raise Unavailable("The database is closed.")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(lambda tx: work(tx, *args, **kwargs), answer))
        # One job for each: the first takes all that wait, the others find nothing to do. Cheaper
        # than a flag, and none can be left waiting between two jobs.
        self._writer.submit(self._flush)
        try:
            return await answer
        finally:
            self._log.written()

    async def read(self, statement: Statement) -> list[Row]:
        """Runs one statement."""
        return (await self.look(run_statements, statement))[0]

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """Runs statements."""
        return await self.transact(run_statements, *statements)

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
            await connection.open()

    async def close(self) -> None:
        """See Database.close."""
        self._open = False
        await self._log.close()
        for connection in reversed(self._connections):
            await connection.close()

    async def _truncate(self) -> bool:
        """Tries to truncate the log; returns False if a reader or a writer prevents it."""
        try:
            self.require_files()
            async with aiosqlite.connect(
                f"file:{quote(str(self._path))}?mode=rw",
                uri=True,
                timeout=0,  # or the writer would wait for as long as somebody reads
                isolation_level=None,
            ) as connection:
                await connection.executescript(_CLEANING)
                for pragma in _TRUNCATE:
                    ((is_busy, *_),) = await connection.execute_fetchall(pragma)
                if is_busy:
                    return False
                await self._rewrite_when_due(connection)
        except (sqlite3.Error, DatabaseReplaced):
            return False  # a fault of the disk, which every transaction will report
        return True

    async def _rewrite_when_due(self, connection: aiosqlite.Connection) -> None:
        """Rewrites a small database at the first truncation after the start and once a day."""
        if time.monotonic() < self._rewrite_at:
            return
        ((size,),) = await connection.execute_fetchall(_SIZE)
        try:
            if size <= _REWRITE_UP_TO_BYTES:
                await connection.execute_fetchall("VACUUM")
                self._log.written()
        except sqlite3.Error as error:
            if is_locked(error):
                raise
            # A disk with room for writes may have none for a whole copy.
            self._rewrite_at = time.monotonic() + _REWRITE_AGAIN_SECONDS
            return
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
                if write.noted is not None:
                    write.noted.take_back_notes()
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
            # Those whose caller gave up are not carried out.
            if not write.answer.cancelled():
                yield write

    def _commit_with_retries(self, group: list[_Write]) -> None:
        """Commits the group, with retries while another process holds the lock."""
        deadline = time.monotonic() + self._retry_for
        while True:
            try:
                self._writer.commit(group)
            except sqlite3.Error as error:
                self._writer.roll_back()
                if not is_locked(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return


class _Connection:
    """A connection in a thread of its own."""

    driver: sqlite3.Connection
    core: Connection

    def __init__(self, path: Path, pragmas: Iterable[str]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._is_open = self._is_closed = False
        self.busy = 0

    async def open(self) -> None:
        """Opens it; raises SchemaMissing where there is no file."""
        await self.run(self._open)

    async def close(self) -> None:
        """Finishes what was asked for, and ends the thread; does nothing the second time."""
        if not self._is_closed:
            self._is_closed = True
            await self.run(self._close)
            self._thread.shutdown()

    async def run(self, job: Callable[[], Result]) -> Result:
        """Runs a job in the thread."""
        self.busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        finally:
            self.busy -= 1

    def submit(self, job: Callable[[], None]) -> None:
        """Runs a job in the thread, which reports its own result."""
        self._thread.submit(job)

    async def look(self, work: Callable[[Transaction], Result]) -> Result:
        """Returns what a function finds at one moment; raises as `Database.look` does."""
        with _storage_errors():
            return await self.run(lambda: self._look(work))

    def _look(self, work: Callable[[Transaction], Result]) -> Result:
        self.driver.execute("BEGIN")
        try:
            return work(Transaction(self.core))
        finally:
            self.driver.execute("ROLLBACK")

    def _open(self) -> None:
        self.driver = _connect(self._path, self._pragmas)
        self._is_open = True
        engine = create_engine(
            "sqlite://", creator=lambda: self.driver, poolclass=StaticPool, hide_parameters=True
        )
        # SQLAlchemy begins and commits nothing by itself.
        self.core = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _close(self) -> None:
        if self._is_open:
            self.driver.close()


class _Writer(_Connection):
    """The connection that writes; what follows is called in its thread."""

    def commit(self, group: list[_Write]) -> None:
        """Runs and commits a group; raises only what concerns the whole group."""
        self.driver.execute("BEGIN IMMEDIATE")
        for write in group:
            self._attempt(write)
        try:
            for write in group:
                if write.noted is not None:
                    write.noted.write_notes()
        except JournalUnwritable as error:
            self.roll_back()
            for write in group:
                write.error = error if write.noted else None
            # The others are done, from the beginning.
            self.commit([write for write in group if write.error is None])
            return
        self.driver.execute("COMMIT")

    def roll_back(self) -> None:
        """Rolls back an open transaction."""
        if self.driver.in_transaction:
            self.driver.rollback()

    def _attempt(self, write: _Write) -> None:
        write.error, write.transaction = None, Transaction(self.core)
        self.driver.execute("SAVEPOINT one")
        try:
            write.result = write.work(write.transaction)
            write.transaction.count_deeds()
        except Exception as error:  # handed to the one who asked for this
            if fails_whole_group(error) or not self.driver.in_transaction:
                raise
            write.error, write.transaction = error, None
            self.driver.execute("ROLLBACK TO one")
        self.driver.execute("RELEASE one")


class _Snapshot:
    """A database as it was at one moment."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        with _storage_errors():
            return await self._connection.run(
                lambda: work(Transaction(self._connection.core), *args, **kwargs)
            )

    async def read(self, statement: Statement) -> list[Row]:
        return (await self.look(run_statements, statement))[0]


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


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        meaning = storage_error(error)
        if meaning is error:
            raise
        raise meaning from error


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
