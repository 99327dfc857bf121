"""A connection to SQLite in a thread of its own, the one that writes, and what errors mean."""

import asyncio
import math
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from storage.errors import BrokenData, JournalUnwritable, SchemaMissing, Unavailable
from storage.transaction import BoundWork, Result, Transaction, take_back_notes, write_notes

PRAGMAS: tuple[str, ...] = (
    "secure_delete=ON",  # what is erased is overwritten
    "foreign_keys=ON",
    "temp_store=MEMORY",  # sorting writes no data into temporary files
    "trusted_schema=OFF",
    "schema_version",  # opens the write-ahead log that is there now
)
# To set them, SQLite reads how all tables were made, which takes longer than all else of opening:
# only the writer does.
WRITER_PRAGMAS = (
    "journal_mode=WAL",  # of the file, for whoever opens it
    "synchronous=FULL",  # an answered signature survives a power cut
)

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PASSING = _LOCKED | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
}
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# One for all threads, since it keeps what it has made of each statement.
_of_thread = threading.local()
_ENGINE = create_engine(
    "sqlite://", creator=lambda: _of_thread.driver, poolclass=NullPool, hide_parameters=True
)

# The most functions of one transaction, which limits how long the first of a group waits for the
# last.
_GROUP_SIZE = 256


@dataclass(slots=True, eq=False)
class Job:
    """A function that waits for its turn, with its result."""

    work: BoundWork[Any]
    answer: asyncio.Future[Any]
    result: Any = None
    transaction: Transaction | None = None
    error: Exception | None = None


class SqliteConnection:
    """A connection in a thread of its own, where what waits meanwhile is done together.

    Before each answer `check` is called in the thread; what it raises is the answer then.

    Attributes:
        busy: how many functions wait for their result.
        since: when the thread was given work, or last answered, in the loop's seconds; infinity
            while it has none.
        stays_in_transaction: whether all reads are of the moment of the first.
    """

    driver: sqlite3.Connection
    core: Connection

    def __init__(
        self, path: Path, pragmas: Iterable[str], check: Callable[[], object] = lambda: None
    ) -> None:
        self._path = path
        self._pragmas = pragmas
        self._check = check
        self._waiting: deque[Job] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._opened = ExitStack()
        self._is_closed = False
        self.busy = 0
        self.since = math.inf
        self.stays_in_transaction = False

    async def open(self) -> None:
        """Opens it; raises SchemaMissing where there is no file. To be closed all the same."""
        await self.run(self._open)

    async def close(self) -> None:
        """Finishes what was asked for, and ends the thread; does nothing the second time."""
        if not self._is_closed:
            self._is_closed = True
            self._hand_over()
            await self.run(self._opened.close)
            self._thread.shutdown()

    async def run(self, job: Callable[[], Result]) -> Result:
        """Runs a job in the thread; raises what its errors mean, see `storage_error`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        except (sqlite3.Error, DBAPIError) as error:
            raise storage_error(error) from error

    async def result_of(self, work: BoundWork[Result]) -> Result:
        """Has a function done with others that wait; not if its caller gives up before."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(work, answer))
        # Where another one waits, the thread has not taken that yet, and will take both. It gets
        # them once whoever else can run has asked, too: with each call of SQLite the threads hand
        # over the interpreter's lock, which costs more than what they do.
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self.busy += 1
        try:
            return await answer
        finally:
            self.busy -= 1
            self.since = answer.get_loop().time() if self.busy else math.inf

    def _hand_over(self) -> None:
        self.since = min(self.since, asyncio.get_running_loop().time())
        self._thread.submit(self._do_what_waits)

    def do_group(self, group: list[Job]) -> None:
        """Reads; called in the thread. It raises only what concerns the whole group."""
        if not self.driver.in_transaction:
            self.driver.execute("BEGIN")
        try:
            for job in group:
                try:
                    job.result = job.work(Transaction(self.core))
                except Exception as error:  # handed to the one who asked for this
                    job.error = error
        finally:
            if not self.stays_in_transaction:
                self.roll_back()
        self._check()

    def roll_back(self) -> None:
        """Rolls back a transaction that is open, which SQLite may have done by itself."""
        if self.driver.in_transaction:
            self.driver.rollback()

    def _do_what_waits(self) -> None:
        while self._waiting:
            size = min(len(self._waiting), _GROUP_SIZE)
            popped = [self._waiting.popleft() for _ in range(size)]
            # Those whose caller gave up are not carried out.
            group = [job for job in popped if not job.answer.cancelled()]
            if not group:
                continue
            try:
                self.do_group(group)
            except BaseException as error:  # also a panic in a library: what waits goes on
                known = error if isinstance(error, Exception) else RuntimeError(type(error))
                for job in group:
                    job.error = known
            finally:  # every caller gets an answer
                group[0].answer.get_loop().call_soon_threadsafe(_set_results, group)

    def _open(self) -> None:
        if not self._path.exists():
            raise SchemaMissing  # connecting would make an empty one
        connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=512)
        self.driver = _of_thread.driver = self._opened.enter_context(closing(connection))
        for pragma in self._pragmas:
            self.driver.execute(f"PRAGMA {pragma}")
        # SQLAlchemy begins and commits nothing by itself.
        core = self._opened.enter_context(_ENGINE.connect())
        self.core = core.execution_options(isolation_level="AUTOCOMMIT")


class Writer(SqliteConnection):
    """The connection that writes; what follows is called in its thread."""

    def do_group(self, group: list[Job]) -> None:
        """Runs and commits a group, of which nothing is left where that fails."""
        try:
            self.commit(group)
            self._check()
        except BaseException:  # also a panic in a library
            self.roll_back()
            take_back_notes(each.transaction for each in group)
            raise

    def commit(self, group: list[Job]) -> None:
        """Runs and commits a group; raises only what concerns the whole group."""
        if not self._is_done_at_once(group):
            # Again, each so that it can be undone alone: to do so from the start would cost every
            # one two more calls of SQLite, and hardly any fails.
            self.roll_back()
            self._attempt_all(group, self._attempt)
        noted = [write for write in group if write.transaction and write.transaction.noted]
        if noted and not self._is_noted(noted):
            # The others are done, from the beginning.
            self.commit([write for write in group if write not in noted])
        else:
            self.driver.execute("COMMIT")

    def _is_noted(self, noted: list[Job]) -> bool:
        """Writes down what is noted; returns False if that failed and all is rolled back."""
        transactions = [write.transaction for write in noted if write.transaction]
        try:
            write_notes(transactions)
        except Exception as error:  # handed to those who have something for the journal
            self.roll_back()
            for write in noted:
                # Each its own: one raised in many tasks would mix their tracebacks.
                is_known = isinstance(error, JournalUnwritable)
                write.error = JournalUnwritable("{said}", said=error) if is_known else error
            return False
        return True

    def _is_done_at_once(self, group: list[Job]) -> bool:
        try:
            self._attempt_all(group, self._carry_out)
        except Exception as error:
            if fails_whole_group(error):
                raise
            return False
        return True

    def _attempt_all(self, group: list[Job], attempt: Callable[[Job], None]) -> None:
        self.driver.execute("BEGIN IMMEDIATE")
        for write in group:
            attempt(write)

    def _carry_out(self, write: Job) -> None:
        write.error, write.transaction = None, Transaction(self.core)
        write.result = write.work(write.transaction)
        write.transaction.count_deeds()

    def _attempt(self, write: Job) -> None:
        """Runs a function so that it can be undone alone."""
        self.driver.execute("SAVEPOINT one")
        try:
            self._carry_out(write)
        except Exception as error:  # handed to the one who asked for this
            if fails_whole_group(error) or not self.driver.in_transaction:
                raise
            write.error, write.transaction = error, None
            self.driver.execute("ROLLBACK TO one")
        self.driver.execute("RELEASE one")


def _set_results(group: list[Job]) -> None:
    for job in group:
        if job.answer.done():
            continue
        if job.error is None:
            job.answer.set_result(job.result)
            continue
        # A new exception for each: one raised in many tasks would mix their tracebacks.
        answer = storage_error(job.error)
        if answer is not job.error:
            answer.__cause__ = job.error
        job.answer.set_exception(answer)


def is_locked(error: BaseException | None) -> bool:
    """Returns whether another connection holds the lock."""
    return _code(error) in _LOCKED


def storage_error(error: Exception) -> Exception:
    """Returns the StorageError that an error means; a bug comes back unchanged."""
    code, said = _code(error), getattr(error, "orig", error)
    if code in _LOCKED:
        return Unavailable("Another program holds the lock of the database.")
    if code in _PASSING:
        return Unavailable("The database cannot be read or written: {error}.", error=said)
    if code in _BROKEN:
        return BrokenData("The database file is damaged: {error}.", error=said)
    if str(said).startswith("no such table"):
        return SchemaMissing()
    return error


def fails_whole_group(error: Exception) -> bool:
    """Returns whether the disk or the lock is the cause, and not the one transaction."""
    return _code(error) in _PASSING | _BROKEN


def _code(error: BaseException | None) -> int | None:
    # SQLAlchemy wraps the driver's error.
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    # The low byte is the primary result code; the rest is detail.
    return None if code is None else code & 0xFF
