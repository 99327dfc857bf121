"""PostgreSQL, through asyncpg: a pool for reading, group commits for writing.

A whole transaction is sent in one round trip (`postgres_sql.py`). Writes that wait while another
is running share the next transaction, as they do on SQLite. It has no savepoints: when one of a
group fails, the group is undone and each is run alone, which is rare and otherwise costs nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import methodcaller
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.back_off import BackOff
from storage.database import FOR_NO_KEY_UPDATE, FOR_UPDATE, Row, Snapshot, Statement
from storage.errors import BrokenData, DatabaseUrlWrong, SchemaMissing, Unavailable
from storage.postgres_sql import MAKE_RUNNER, RUN, Batch, Columns, translate
from storage.transaction import Arguments, Result, Transaction, Work

_POOL_SIZE = 10
# Two, so that a long write, such as starting a broadcast, does not delay the others.
_WRITERS = 2
_GROUP_SIZE = 64

_CONNECT_SECONDS = 5.0
_COMMAND_SECONDS = 120.0  # one statement may go through a million signatures
_RETRY_FOR_SECONDS = 4.0
_PAUSES = BackOff(0.02, longest=0.5)  # in seconds, between tries

_SESSION = {
    "application_name": "petition-bot",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # the statements are short: compiling them takes longer than running them
}

_BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# SQLSTATE classes: connection, resources, operator, rollback, system; and single states.
_PASSING = ("08", "53", "57", "40", "58", "25006", "25P03", "55P03")
_BROKEN = ("XX001", "XX002")
_REFUSED = ("28", "3D000")
# Everything that the driver raises and `storage_error` knows a meaning of.
DRIVER_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
)
_LOST = (
    OSError,  # TimeoutError too
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # asyncpg's error for a connection that the server dropped
    asyncpg.InvalidCachedStatementError,  # a newer version has just migrated
)
# Errors after which it is unknown whether a transaction that was sent was committed.
_COMMIT_UNCERTAIN = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_NO_TABLE = "42P01"

Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Write:
    statements: tuple[Statement, ...]
    answer: asyncio.Future[list[list[Row]]]
    deadline: float
    rows: list[list[Row]] = field(default_factory=list)

    @property
    def is_alone(self) -> bool:
        """Whether it needs its own transaction, since it takes many locks in a fixed order.

        In a group, the locks of others would come first, and two groups could deadlock.
        """
        return any(FOR_NO_KEY_UPDATE in first.sql for first in self.statements[:2])

    @property
    def locks_first(self) -> bool:
        """Whether it begins with a lock, which others ask for before they lock anything else."""
        return FOR_UPDATE in self.statements[0].sql


class _CommitUnknown(Unavailable):
    """The connection was lost during the commit, which may have succeeded."""


class PostgresDatabase:
    """One database on a server; made by `open`, to be ended with `close`."""

    def __init__(self, pool: Any, engine: AsyncEngine, *, retry_for_seconds: float) -> None:
        self._pool = pool
        self._engine = engine
        self._retry_for = retry_for_seconds
        self._waiting: deque[_Write] = deque()
        self._writers: set[asyncio.Task[Any]] = set()
        self._busy = 0
        self._columns: dict[str, Columns] = {}
        self._open = True

    @classmethod
    async def open(
        cls, dsn: str, *, retry_for_seconds: float = _RETRY_FOR_SECONDS
    ) -> "PostgresDatabase":
        """Connects to a server, which must be up now; later it may come and go."""
        with _as_storage_errors():
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=_POOL_SIZE,
                timeout=_CONNECT_SECONDS,
                command_timeout=_COMMAND_SECONDS,
                server_settings=_SESSION,
                init=methodcaller("execute", MAKE_RUNNER),
                # Nothing here changes a session, so a reset would waste a round trip.
                reset=_no_reset,
            )
        connect = partial(
            asyncpg.connect,
            dsn,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings=_SESSION,
        )
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=_POOL_SIZE,
            max_overflow=0,
            pool_timeout=_CONNECT_SECONDS,
            hide_parameters=True,
        )
        return cls(pool, engine, retry_for_seconds=retry_for_seconds)

    async def read(self, statement: Statement) -> list[Row]:
        """See Database.read."""
        deadline = asyncio.get_running_loop().time() + self._retry_for
        return await self._with_retries(lambda: self._read(statement), deadline)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """See Database.snapshot."""
        async with AsyncExitStack() as stack:
            with _as_storage_errors():
                connection = await stack.enter_async_context(self._connection())
                await connection.execute(_BEGIN_SNAPSHOT)
            try:
                yield _Snapshot(connection)
            finally:
                with suppress(*DRIVER_ERRORS):  # a connection that is lost has ended it already
                    await connection.execute("ROLLBACK")

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """See Database.write."""
        if not self._open:
            raise Unavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[list[Row]]] = loop.create_future()
        self._waiting.append(_Write(statements, answer, loop.time() + self._retry_for))
        if self._busy < _WRITERS:
            self._busy += 1
            task = asyncio.create_task(self._commit_waiting())
            self._writers.add(task)
            task.add_done_callback(self._writers.discard)
        return await answer

    async def transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.transact."""
        if not self._open:
            raise Unavailable("The database is closed.")
        deadline = asyncio.get_running_loop().time() + self._retry_for
        begun = asyncio.Event()

        async def attempt() -> Result:
            async with self._engine.connect() as connection:
                begun.set()
                return await _carried_out(connection, lambda tx: work(tx, *args, **kwargs))

        task = asyncio.create_task(self._with_retries(attempt, deadline))
        self._writers.add(task)
        task.add_done_callback(self._writers.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not begun.is_set():
                task.cancel()
            raise

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.look."""
        deadline = asyncio.get_running_loop().time() + self._retry_for

        async def attempt() -> Result:
            async with self._engine.connect() as connection:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                return await connection.run_sync(lambda c: work(Transaction(c), *args, **kwargs))

        return await self._with_retries(attempt, deadline)

    def require_files(self) -> None:
        """Does nothing: the server looks after its files."""

    async def close(self) -> None:
        """See Database.close."""
        self._open = False
        await asyncio.gather(*self._writers)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._engine.dispose()
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError):
            self._pool.terminate()

    async def _read(self, statement: Statement) -> list[Row]:
        async with self._connection() as connection:
            return await _fetched(connection, statement)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Yields a connection of the pool; a broken one does not go back into it."""
        async with self._pool.acquire(timeout=_CONNECT_SECONDS) as connection:
            try:
                yield connection
            except DRIVER_ERRORS as error:
                if _is_connection_lost(error):
                    with suppress(asyncpg.InterfaceError):  # the pool was faster
                        connection.terminate()
                raise

    async def _commit_waiting(self) -> None:
        """Commits group after group until no write waits."""
        try:
            while self._waiting:
                await self._commit(self._next_group())
        finally:
            # Here, not in a callback of the task: the next write may come before that runs.
            self._busy -= 1

    def _next_group(self) -> list[_Write]:
        group = [self._waiting.popleft()]
        while self._waiting and len(group) < _GROUP_SIZE:
            if group[-1].is_alone or self._waiting[0].is_alone:
                break
            group.append(self._waiting.popleft())
        # Writes whose caller gave up are not committed. Those that lock the petition come first:
        # behind others, which hold a signature, they would wait for others that wait for that.
        kept = [write for write in group if not write.answer.cancelled()]
        return sorted(kept, key=lambda write: not write.locks_first)

    async def _commit(self, group: list[_Write]) -> None:
        if len(group) > 1 and await self._commit_together(group):
            return
        for write in group:
            if not write.answer.cancelled():  # its caller gave up meanwhile
                await self._commit_alone(write)

    async def _commit_together(self, group: list[_Write]) -> bool:
        """Commits a group; returns False if it was undone and each has to be tried alone."""
        try:
            await self._run_and_commit(group)
        except _CommitUnknown as error:
            for write in group:
                _set_error(write, error)
        except Exception:  # running each alone shows which one failed
            return False
        else:
            for write in group:
                _set_result(write)
        return True

    async def _commit_alone(self, write: _Write) -> None:
        try:
            await self._with_retries(lambda: self._run_and_commit([write]), write.deadline)
        except Exception as error:  # passed to the caller of `write`
            _set_error(write, error)
        else:
            _set_result(write)

    async def _run_and_commit(self, group: list[_Write]) -> None:
        """Runs and commits a group in one round trip."""
        async with self._connection() as connection:
            batch = Batch()
            for statement in chain.from_iterable(write.statements for write in group):
                batch.add(statement, await self._columns_of(statement.sql, connection))
            try:
                rows = await connection.fetch(RUN, *batch.arguments)
            except _COMMIT_UNCERTAIN as error:
                raise _CommitUnknown from error
        answers = iter(batch.answers(rows))
        for write in group:
            write.rows = [next(answers) for _ in write.statements]

    async def _columns_of(self, sql: str, connection: Any) -> Columns:
        """Returns a statement's result columns; asks the server once for each SQL text."""
        columns = self._columns.get(sql)
        if columns is None:
            prepared = await connection.prepare(translate(sql)[0])
            columns = {each.name: each.type.name == "bytea" for each in prepared.get_attributes()}
            self._columns[sql] = columns
        return columns

    async def _with_retries(
        self, attempt: Callable[[], Awaitable[Answer]], deadline: float
    ) -> Answer:
        """Retries, until a time of the loop, what certainly did not take effect and may pass."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            failures += 1
            pause = _PAUSES.pause(failures)
            try:
                return await attempt()
            except _CommitUnknown:
                raise
            except DRIVER_ERRORS as error:
                meaning = storage_error(error)
                passing = isinstance(meaning, Unavailable) and self._open
                if not passing or loop.time() + pause > deadline:
                    raise meaning from error
            await asyncio.sleep(pause)


async def _carried_out(
    connection: AsyncConnection, work: Callable[[Transaction], Result]
) -> Result:
    transaction = Transaction(await connection.run_sync(lambda sync: sync))
    result = await connection.run_sync(lambda _: work(transaction))
    if transaction.noted:
        await asyncio.to_thread(transaction.write_notes)
    try:
        await connection.commit()
    except (OSError, DBAPIError) as error:
        raise _CommitUnknown from error
    return result


class _Snapshot:
    """A connection in a transaction that sees one moment."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def read(self, statement: Statement) -> list[Row]:
        with _as_storage_errors():
            return await _fetched(self._connection, statement)


async def _fetched(connection: Any, statement: Statement) -> list[Row]:
    sql, names = translate(statement.sql)
    values = [statement.values[name] for name in names]
    return [dict(row) for row in await connection.fetch(sql, *values)]


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """Yields a separate connection, with no limit on how long a statement takes.

    What its driver raises in the block leaves it as the StorageError that it means.
    """
    with _as_storage_errors():
        connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
        try:
            yield connection
        finally:
            try:
                await connection.close(timeout=_CONNECT_SECONDS)
            except (TimeoutError, OSError, asyncpg.PostgresError):
                connection.terminate()


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    try:
        yield
    except DRIVER_ERRORS as error:
        raise storage_error(error) from error


def storage_error(error: Exception) -> Exception:
    """Returns the StorageError that a driver error means; a bug comes back unchanged."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        cause = error.orig.__cause__
        error = cause if isinstance(cause, Exception) else error.orig
    if isinstance(error, asyncpg.exceptions.ClientConfigurationError):
        return DatabaseUrlWrong()
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(_REFUSED):
        return DatabaseUrlWrong("The database server does not know that user, password or name.")
    if state.startswith(_BROKEN):
        return BrokenData("The database is damaged: {error}.", error=error)
    if state == _NO_TABLE:
        return SchemaMissing()
    if state.startswith(_PASSING) or _is_connection_lost(error):
        return Unavailable(
            "The database cannot be used just now ({kind}).", kind=type(error).__name__
        )
    return error


def _is_connection_lost(error: Exception) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        # The same class stands for bugs of the caller; only the message tells them apart.
        return "clos" in str(error) or "released" in str(error)
    return isinstance(error, _LOST)


async def _no_reset(connection: object) -> None:
    """Leaves a connection unchanged when it comes back to the pool."""


def _set_result(write: _Write) -> None:
    if not write.answer.done():
        write.answer.set_result(write.rows)


def _set_error(write: _Write, error: Exception) -> None:
    if write.answer.done():
        return
    # Many can wait for one COMMIT: each gets its own error object, or their tracebacks would mix.
    fresh = Unavailable("{said}", said=error) if isinstance(error, _CommitUnknown) else error
    fresh.__cause__ = error.__cause__
    write.answer.set_exception(fresh)
