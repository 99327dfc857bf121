"""The process lock: only one process at a time does something.

On SQLite it is a lock on a file beside the database, which the operating system releases the
moment its process dies: the next start need not wait. The holder is told to stop when the file is
removed or replaced, since the next process would lock another file.

On PostgreSQL, where processes may run on several machines, it is a lease by the server's clock.
Whoever holds it renews it, and it ends by itself when its process dies, hangs, or no longer
reaches the database. The holder counts it by its own clock from before it asked, and so ends
before the next one begins.

A command that needs the petition to be at rest keeps every bot away meanwhile.

Either way the name of the holder stands in a table, and what only the holder may do looks for it
there.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address
from storage.errors import (
    BotsKeptAwayNoLonger,
    HeldElsewhere,
    LeaseLost,
    SchemaMissing,
    Unavailable,
)
from storage.migrate import migrate
from storage.private_files import identity, locked_file, reason_and_command
from storage.tables import LEASES
from storage.transaction import Transaction

# Seconds to wait for who only looks whether the file is locked.
_LOOK_PAUSES = (0.02, 0.05)
# How long two processes can hold the lock at most, if its file is removed while another starts.
_LOOK_SECONDS = 1.0

_LEASE_SECONDS = 7.0
_RENEW_SECONDS = 2.0
# How much earlier its holder takes it for ended.
_MARGIN_SECONDS = 1.0
# Between two tries to take or renew a lease.
_PAUSE_SECONDS = 0.5
_GOODBYE_SECONDS = 0.5
# How long a command waits for a server that is busy with what it does there.
_BUSY_SECONDS = 10.0

_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
# A command that keeps bots away has it alone, and so has a bot of version 0.1.0.
_MAY_TAKE = "SELECT pg_try_advisory_xact_lock_shared($1)"
_KEEP_AWAY = "SELECT pg_try_advisory_xact_lock($1)"
_TAKE = f"""
INSERT INTO leases (name, holder, expires_at)
SELECT $1, $2, {_NOW} + $3 WHERE pg_try_advisory_xact_lock_shared($4)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.holder = excluded.holder OR leases.expires_at < {_NOW}
RETURNING true
"""
# Not once it is over: another may have had it meanwhile, and given it up.
_RENEW = f"""
UPDATE leases SET expires_at = {_NOW} + $3
WHERE name = $1 AND holder = $2 AND expires_at >= {_NOW} RETURNING true
"""  # noqa: S608 - as above
_RELEASE = "DELETE FROM leases WHERE name = $1 AND holder = $2"
_IS_THERE = "SELECT to_regclass('leases') IS NOT NULL"
_IS_HELD = f"SELECT expires_at > {_NOW} FROM leases WHERE name = $1"  # noqa: S608 - as above


def _seconds() -> float:
    """Returns the time by a clock that goes on while the machine or the process sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ProcessLock:
    """A lock of this process; ask `is_ours` before everything that needs it.

    Attributes:
        name: what it is for.
        holder: this process, for as long as it asks for the lock.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder = secrets.token_hex(8)
        self._until = -inf
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._why: Exception = HeldElsewhere()

    @property
    def was_taken(self) -> bool:
        """Whether this process has held the lock since it began to ask for it."""
        return self._settled.is_set()

    def is_ours(self) -> bool:
        """Returns whether nobody else can hold the lock at this moment."""
        return _seconds() < self._until

    async def until_lost(self) -> None:
        """Waits for as long as this process holds the lock.

        Raises:
            HeldElsewhere: the file is another one.
            LeaseLost: it could not be renewed in time, so another process may hold it.
        """
        while not self._over.is_set():
            left = self._until - _seconds()
            if left <= 0:
                raise LeaseLost
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _RENEW_SECONDS)):
                    await self._over.wait()
        raise self._why

    async def until_taken(self) -> None:
        """Waits until it is taken; raises what keeps it from being taken."""
        await self._settled.wait()
        if self._over.is_set():
            raise self._why

    def mark_taken(self, until: float = inf) -> None:
        """Notes that this process holds the lock, until a time of `_seconds`."""
        self._until = until
        self._settled.set()

    def release(self) -> None:
        """Notes that this process no longer holds the lock."""
        self._until = -inf

    def mark_lost(self, why: Exception) -> None:
        """Notes that this process will not hold the lock again; `why` is what waiters get."""
        self._until, self._why = -inf, why
        self._settled.set()
        self._over.set()


@asynccontextmanager
async def acquire_process_lock(
    url: str, name: str, on_standby: Callable[[], None] | None = None
) -> AsyncIterator[ProcessLock]:
    """Holds `name` in this database until the block ends.

    Args:
        url: the URL of the database.
        name: any text, for what two processes must not do at once.
        on_standby: called when another process holds a lease, which is then waited for. With None,
            and for a file, that is an error; then no lease is taken, and every bot kept away.

    Raises:
        HeldElsewhere: another process that is alive holds it.
        BotsKeptAwayNoLonger: bots were kept away from PostgreSQL, and one may run by now; the
            block was cancelled, and what it was writing is finished.
        Unavailable: the database cannot be reached.
    """
    address, lock = parse_address(url), ProcessLock(name)
    if isinstance(address, SqliteAddress):
        holding = _file_lock(lock, address.path)
    else:
        postgres_adapter()  # raises at once if its driver is missing
        holding = (
            _bots_kept_away(lock, address.dsn)
            if on_standby is None
            else _kept(lock, partial(_keep_lease, lock, url, address.dsn, on_standby))
        )
    async with holding:
        try:
            yield lock
        finally:
            lock.release()


def lock_name(petition: str) -> str:
    """Returns the name of the lock of the process that answers for a petition."""
    return f"intake/{petition}"


def _number_of(name: str) -> int:
    digest = hashlib.sha256(f"petition-bot {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


async def is_held(url: str, name: str) -> bool:
    """Tells whether a process holds `name` in this database."""
    address = parse_address(url)
    if not isinstance(address, SqliteAddress):
        async with postgres_adapter().connected(address.dsn) as connection:
            return bool(await connection.fetchval(_IS_HELD, name))
    path = _lock_path(address.path, name)
    if not path.exists():  # nor is one made, as it might be another user's
        return False
    with suppress(BlockingIOError), locked_file(path, waits=False, shared=True):
        return False
    return True


def take_over(tx: Transaction, holder: str, at: datetime) -> None:
    """Notes which process answers for the petition, so that the one before can send no more."""
    tx.put(LEASES, name=lock_name(tx.slug), holder=holder, expires_at=at)


def is_holder(tx: Transaction, holder: str) -> bool:
    """Tells whether this process is the one that answers for the petition."""
    return tx.find(LEASES, lock_name(tx.slug), LEASES.c.holder == holder) is not None


async def _look_after(lock: ProcessLock, watch: Callable[[], Awaitable[None]]) -> None:
    """Carries out what looks after the lock, which is lost with the error that ends it."""
    try:
        await watch()
    except Exception as error:
        lock.mark_lost(error)


@asynccontextmanager
async def _file_lock(lock: ProcessLock, database: Path) -> AsyncIterator[None]:
    path = _lock_path(database, lock.name)
    with ExitStack() as stack:
        try:
            handle = await _locked(stack, path)
        except OSError as error:
            raise Unavailable(
                "The file {path} cannot be made: {reason}",
                path=path,
                reason=reason_and_command(path, error),
            ) from error
        lock.mark_taken()
        watching = partial(_watch, path, identity(handle))
        looking = asyncio.create_task(_look_after(lock, watching))
        try:
            yield
        finally:
            looking.cancel()


async def _locked(stack: ExitStack, path: Path) -> int:
    """Locks the file until the stack ends; who only looks at it is waited for."""
    for pause in _LOOK_PAUSES:
        with suppress(BlockingIOError):
            return stack.enter_context(locked_file(path, waits=False))
        await asyncio.sleep(pause)
    try:
        return stack.enter_context(locked_file(path, waits=False))
    except BlockingIOError as error:
        raise HeldElsewhere from error


def _lock_path(database: Path, name: str) -> Path:
    """Returns the path of the file to lock, the same one for all links to one database."""
    file = database.resolve()
    return file.with_name(f"{file.name}-{quote(name, safe='')}.lock")


async def _watch(path: Path, held: tuple[int, int] | None) -> None:
    while identity(path) == held:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(_LOOK_SECONDS)
    raise HeldElsewhere(
        "The file {path} was removed or replaced, so another petition-bot may be running on "
        "this database. This one has stopped; see that there is no other, and start it.",
        path=path,
    )


@asynccontextmanager
async def _kept(lock: ProcessLock, keep: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Has a task take and keep the lock until the block ends."""
    keeping = asyncio.create_task(_look_after(lock, keep))
    try:
        await lock.until_taken()
        yield
    finally:
        # Once to give it up and close the connection, and once where the server does not answer.
        for _ in range(2):
            keeping.cancel()
            await asyncio.wait({keeping}, timeout=_GOODBYE_SECONDS)


@asynccontextmanager
async def _bots_kept_away(lock: ProcessLock, dsn: str) -> AsyncIterator[None]:
    """Has a task keep every bot away until the block ends, and cancels that when it cannot."""
    try:
        async with asyncio.timeout(None) as block:
            async with _kept(lock, partial(_keep_bots_away, lock, dsn, block)):
                yield
    except TimeoutError as error:
        if block.expired():
            raise BotsKeptAwayNoLonger from error
        raise


async def _keep_bots_away(lock: ProcessLock, dsn: str, block: asyncio.Timeout) -> None:
    """Keeps a transaction open, also on a database without tables, in which no bot starts."""
    adapter, is_over = postgres_adapter(), asyncio.Event()
    async with adapter.connected(dsn) as connection:
        await connection.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
        if not await connection.fetchval(_KEEP_AWAY, _number_of(lock.name)):
            raise HeldElsewhere
        if await connection.fetchval(_IS_THERE) and await connection.fetchval(_IS_HELD, lock.name):
            raise HeldElsewhere
        connection.add_termination_listener(lambda _: is_over.set())
        lock.mark_taken()
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), _RENEW_SECONDS)
                await connection.execute("SELECT 1", timeout=_BUSY_SECONDS)
        except adapter.DRIVER_ERRORS:
            block.reschedule(0)  # at once
            raise


async def _keep_lease(
    lock: ProcessLock, url: str, dsn: str, on_standby: Callable[[], None]
) -> None:
    """Waits for the lease and renews it, on another connection whenever one breaks."""
    waits = False

    def stand_by() -> None:
        nonlocal waits
        if not waits:
            waits = True
            on_standby()

    while True:
        try:
            async with postgres_adapter().connected(dsn) as connection:
                await _renew(lock, connection, stand_by)
        except SchemaMissing:
            if await _has_migrated(lock, url, dsn):
                continue
            stand_by()
        except Unavailable as error:
            if lock.was_taken and not lock.is_ours():
                raise LeaseLost from error
            if not lock.was_taken and not waits:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


async def _has_migrated(lock: ProcessLock, url: str, dsn: str) -> bool:
    """Makes the tables, unless a command keeps bots away; tells whether it did."""
    async with postgres_adapter().connected(dsn) as connection:
        await connection.execute("BEGIN")
        if not await connection.fetchval(_MAY_TAKE, _number_of(lock.name)):
            return False
        await migrate(url)
        return True


async def _renew(lock: ProcessLock, connection: Any, stand_by: Callable[[], None]) -> None:
    """Renews the lease once it is free, while the connection lasts; cancelled, gives it up."""
    values = lock.name, lock.holder, round(1000 * _LEASE_SECONDS)
    try:
        while True:
            asked = _seconds()
            if lock.was_taken:
                is_ours = await connection.fetchval(_RENEW, *values, timeout=_RENEW_SECONDS)
                if not is_ours:
                    raise LeaseLost
            else:
                number = _number_of(lock.name)
                is_ours = await connection.fetchval(_TAKE, *values, number, timeout=_RENEW_SECONDS)
            if is_ours:
                lock.mark_taken(asked + _LEASE_SECONDS - _MARGIN_SECONDS)
            else:
                stand_by()
            await asyncio.sleep(_RENEW_SECONDS if is_ours else _PAUSE_SECONDS)
    except asyncio.CancelledError:
        # Only at its end: while a connection breaks, this process still counts on the lease.
        with suppress(*postgres_adapter().DRIVER_ERRORS):
            await connection.execute(_RELEASE, *values[:2], timeout=_GOODBYE_SECONDS)
        raise
    except BaseException:
        connection.terminate()  # its orderly end would be waited for
        raise
