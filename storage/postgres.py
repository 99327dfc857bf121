"""PostgreSQL, through SQLAlchemy over asyncpg.

A transaction runs in a task of its own, so that a caller who is cancelled undoes nothing. What
certainly did not take effect and may pass is tried again: a conflict between two transactions, a
connection that was lost before the commit.

Nothing is left in a session, and limits are set in each transaction, as PgBouncer needs in its
transaction mode. Prepared statements are those of the protocol, which it keeps apart.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import NullPool, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.back_off import BackOff
from storage.database import PostgresAddress, hosts_of, without_password
from storage.errors import NeedsAPerson, Unavailable
from storage.postgres_errors import (
    DRIVER_ERRORS,
    LOST,
    READS_ONLY,
    as_storage_errors,
    storage_error,
    without_values,
)
from storage.transaction import BoundWork, Read, Result, Transaction, take_back_notes, write_notes

# Apart, so that reading never waits for transactions that wait for each other. Besides these,
# a few snapshots can be read.
_WRITERS, _READERS, _SNAPSHOTS = 8, 6, 4

_CONNECT_SECONDS = 5.0
_COMMAND_SECONDS = 120.0  # one statement may go through a million signatures
_RETRY_FOR_SECONDS = 4.0
_LAST_TRY_SECONDS = 1.0  # for who got a turn no earlier than that
# So long a connection is waited for that may have been forgotten on its way, before a new one is
# tried; and none is kept for longer than that without being used.
_BEGIN_SECONDS = 1.5
_END_SECONDS = 2.0
_RECYCLE_SECONDS = 300
_PAUSES = BackOff(0.02, longest=0.5)  # in seconds, between tries

_OLDEST = 14  # the version of PostgreSQL, as Ubuntu 22.04 has it
# Of what answers like it, but locks or commits otherwise, the version goes on: 15.2-YB-2.25.
_POSTGRES = re.compile(r"PostgreSQL (\d+)[\w.]*[ ,]")

# The statements are short: compiling them would take longer than running them.
_LIMITS = """
SET LOCAL lock_timeout = '10s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL jit = off
"""
# A process that hangs in the middle is waited for no longer than its lease.
_BEGIN = f"BEGIN; {_LIMITS}; SET LOCAL idle_in_transaction_session_timeout = '7s'"
_BEGIN_SNAPSHOT = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_LIMITS}"

# What the server says of its own end; with any other answer it has refused to commit.
_COMMIT_UNCERTAIN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


class PostgresDatabase:
    """One database on a server; made by `open`, to be ended with `close`."""

    is_shared = True

    def __init__(self, engine: AsyncEngine, dsn: str) -> None:
        self._engine = engine
        self._dsn = dsn
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writing = asyncio.Semaphore(_WRITERS)
        self._reading = asyncio.Semaphore(_READERS)
        self._last_begun = 0.0
        self._open = True

    @classmethod
    async def open(cls, dsn: str) -> "PostgresDatabase":
        """Connects to a server, which must be up now; later it may come and go."""
        engine = _engine(
            dsn,
            _COMMAND_SECONDS,
            pool_size=_WRITERS + _READERS,
            max_overflow=_SNAPSHOTS,
            pool_timeout=_CONNECT_SECONDS,
            pool_reset_on_return=None,
            pool_recycle=_RECYCLE_SECONDS,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        database = cls(engine, dsn)
        with as_storage_errors(dsn):
            async with engine.connect():
                return database

    async def read(self, work: BoundWork[Result]) -> Result:
        """See SqliteDatabase.read."""

        async def attempt(deadline: float) -> Result:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._reading)
                begun = self._begun(_BEGIN_SNAPSHOT, deadline)
                connection = await stack.enter_async_context(begun)
                result = await connection.run_sync(lambda sync: work(Transaction(sync)))
                # Nobody waits for the answer to its end, which may be on its way for long.
                self._start(stack.pop_all().aclose())
                return result

        return await self._with_retries(attempt, self._deadline())

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Read]:
        """See SqliteDatabase.snapshot."""
        async with AsyncExitStack() as stack:
            with as_storage_errors(self._dsn):
                begun = self._begun(_BEGIN_SNAPSHOT, self._deadline())
                connection = await stack.enter_async_context(begun)

            async def read(work: BoundWork[Any]) -> Any:
                with as_storage_errors(self._dsn):
                    return await connection.run_sync(lambda sync: work(Transaction(sync)))

            yield read

    async def write(self, work: BoundWork[Result]) -> Result:
        """See SqliteDatabase.write."""
        begun = asyncio.Event()

        async def attempt(deadline: float) -> Result:
            async with self._writing, self._begun(_BEGIN, deadline) as connection:
                begun.set()
                try:
                    return await _carried_out(connection, work)
                finally:
                    begun.clear()

        task = self._start(self._with_retries(attempt, self._deadline()))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not begun.is_set():
                task.cancel()
            raise

    def require_files(self) -> None:
        """Does nothing: the server looks after its files."""

    async def close(self) -> None:
        """See SqliteDatabase.close."""
        self._open = False
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._engine.dispose()

    @asynccontextmanager
    async def _begun(self, begin: str, deadline: float) -> AsyncIterator[AsyncConnection]:
        """Yields a connection in a transaction, which is rolled back unless it is committed.

        Who waited past the deadline for a turn fails at once if none was begun meanwhile, as in
        an outage.
        """
        loop = asyncio.get_running_loop()
        if loop.time() >= deadline and self._last_begun < deadline - _RETRY_FOR_SECONDS:
            raise TimeoutError
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(max(deadline, loop.time() + _LAST_TRY_SECONDS)):
                connection = await stack.enter_async_context(self._engine.connect())
                driver = await _driver_of(connection)
                try:
                    await driver.execute(begin, timeout=_BEGIN_SECONDS)
                except BaseException:
                    await connection.invalidate()
                    raise
            self._last_begun = loop.time()
            try:
                yield connection
            finally:
                await _ended(connection, driver)

    def _start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Starts what is to be over before the database is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _deadline(self) -> float:
        """Returns until when it is tried."""
        if not self._open:
            raise Unavailable("The database is closed.")
        return asyncio.get_running_loop().time() + _RETRY_FOR_SECONDS

    async def _with_retries(
        self, attempt: Callable[[float], Awaitable[Result]], deadline: float
    ) -> Result:
        """Retries, until a time of the loop, what certainly did not take effect and may pass."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            failures += 1
            pause = _PAUSES.pause(failures)
            try:
                return await attempt(deadline)
            except DRIVER_ERRORS as error:
                meaning = storage_error(error, self._dsn)
                if meaning is error:
                    raise without_values(error) from None
                passing = isinstance(meaning, Unavailable) and self._open
                if not passing or loop.time() + pause > deadline:
                    raise meaning from error
            await asyncio.sleep(pause)


async def _carried_out(connection: AsyncConnection, work: BoundWork[Result]) -> Result:
    """Runs a function in a transaction that has begun, and commits it."""
    transaction = Transaction(await connection.run_sync(lambda sync: sync))
    result = await connection.run_sync(lambda _: work(transaction))
    try:
        if transaction.noted:
            await asyncio.to_thread(write_notes, [transaction])
            await connection.run_sync(lambda _: transaction.count_deeds())
    except BaseException:
        await asyncio.to_thread(take_back_notes, [transaction])
        raise
    try:
        await _commit(await _driver_of(connection))
    except DRIVER_ERRORS as error:
        if isinstance(error, asyncpg.PostgresError) and not isinstance(error, _COMMIT_UNCERTAIN):
            await asyncio.to_thread(take_back_notes, [transaction])
            raise
        # Not tried again, as it may have taken effect.
        raise Unavailable(
            "The connection was lost just as this was being saved: look whether it was done."
        ) from error
    return result


async def _commit(driver: Any) -> None:
    """Commits; the server warns where it did, and no longer waits until its standby has too."""
    warnings: list[object] = []

    def note(_: object, said: Any) -> None:
        if said.severity_en == "WARNING":
            warnings.append(said)

    driver.add_log_listener(note)
    try:
        await driver.execute("COMMIT")
    finally:
        driver.remove_log_listener(note)
    if warnings:
        raise ConnectionError("The standby may not have it")


async def _driver_of(connection: AsyncConnection) -> Any:
    """Returns asyncpg's connection."""
    return (await connection.get_raw_connection()).driver_connection


async def _ended(connection: AsyncConnection, driver: Any) -> None:
    """Rolls back what was not committed; a connection that cannot leaves the pool."""
    try:
        if not driver.is_closed() and driver.is_in_transaction():
            await driver.execute("ROLLBACK", timeout=_END_SECONDS)
    except BaseException as error:
        await connection.invalidate()
        if not isinstance(error, DRIVER_ERRORS):
            raise


def _refuse_closed(connection: Any, *_: object) -> None:
    """Refuses a connection of the pool that was lost while nobody used it."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _engine(dsn: str, command_seconds: float | None, **of_pool: Any) -> AsyncEngine:
    """Returns an engine that leaves to others what begins and ends a transaction."""
    connect = partial(
        _connect,
        dsn,
        command_timeout=command_seconds,
        server_settings={"application_name": "petition-bot"},
    )
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        **of_pool,
    )


async def _connect(dsn: str, **options: Any) -> Any:
    """Connects to the server of an address, which has to be PostgreSQL."""
    connection = await _connect_to_any(dsn, **options)
    try:
        version = str(await connection.fetchval("SELECT version()", timeout=_CONNECT_SECONDS))
        found = _POSTGRES.match(version)
        if found is None or int(found[1]) < _OLDEST:
            raise NeedsAPerson(
                "The server of {place} is {product}, and the bot needs PostgreSQL {oldest} or "
                "newer: with anything else it could lose what people asked for. Set "
                "PETITION_DATABASE_URL to such a server.",
                place=without_password(PostgresAddress(dsn)),
                product=re.split(r" on | \(|,", version)[0],
                oldest=_OLDEST,
            )
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _connect_to_any(dsn: str, **options: Any) -> Any:
    """Connects to the server of an address; of several to the first one that takes writes.

    Each gets a part of the time: the machine of one may be gone, and swallow what is sent to it.
    """
    hosts = hosts_of(dsn)
    if len(hosts) == 1:
        return await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, **options)
    one = partial(
        asyncpg.connect,
        dsn,
        timeout=_CONNECT_SECONDS / (2 * len(hosts) - 1),
        target_session_attrs="read-write",
        **options,
    )
    failures: list[Exception] = []
    for host, port in hosts:
        try:
            return await one(host=host, port=port)
        except (*LOST, asyncpg.CannotConnectNowError) as error:
            failures.append(error)
    # That a standby answers says more than that another server does not.
    raise next((each for each in failures if isinstance(each, READS_ONLY)), failures[-1])


@asynccontextmanager
async def connected_core(dsn: str) -> AsyncIterator[AsyncConnection]:
    """Yields SQLAlchemy's connection, of which the same holds as of `connected`."""
    with as_storage_errors(dsn):
        async with _engine(dsn, None, poolclass=NullPool).connect() as connection:
            yield connection


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """Yields a separate connection of the driver, with no limit on how long a statement takes.

    What it raises in the block leaves it as the StorageError that it means.
    """
    async with connected_core(dsn) as core:
        yield await _driver_of(core)
