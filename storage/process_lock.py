"""The process lock: only one process does something, for as long as it lives.

Unlike a lease in a table, the lock ends the moment its process dies, however it dies: the next
start need not wait for anything to expire. On SQLite it is a lock on a file beside the database,
which the operating system releases; on PostgreSQL an advisory lock of a separate connection,
which the server releases. That connection can break while the process lives on: the lock is then
free, is taken again if possible, and if not, its holder is told to stop. The holder is also told
to stop when the file is removed or replaced, since the next process would lock another file.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address
from storage.errors import HeldElsewhere, Unavailable
from storage.private_files import identity, locked_file, reason_and_command

# How long to try to take it again: by then a server that restarts is back, and has noticed which
# connections are dead.
_PATIENCE_SECONDS = 8.0
_PAUSE_SECONDS = 0.2
# How often to query the connection: it may have broken silently, and must not be closed as idle.
_BEAT_SECONDS = 5.0
_GOODBYE_SECONDS = 0.5
# How long two processes can hold the lock at most, if its file is removed while another starts.
_LOOK_SECONDS = 1.0


class ProcessLock:
    """A lock of this process; ask `is_ours` before everything that needs it."""

    def __init__(self) -> None:
        self._ours = False
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._why: Exception = HeldElsewhere()

    def is_ours(self) -> bool:
        """Returns whether nobody else can hold the lock at this moment."""
        return self._ours

    async def until_lost(self) -> None:
        """Waits for as long as this process holds the lock, or may get it back.

        Raises:
            HeldElsewhere: another process holds it now.
            Unavailable: the database did not come back in time, so another may hold it.
        """
        await self._over.wait()
        raise self._why

    async def until_taken(self) -> None:
        """Waits for the first attempt; if it failed, raises what `until_lost` does."""
        await self._settled.wait()
        if self._over.is_set():
            raise self._why

    def mark_taken(self) -> None:
        """Notes that this process holds the lock."""
        self._ours = True
        self._settled.set()

    def release(self) -> None:
        """Notes that this process does not hold the lock, but may take it again."""
        self._ours = False

    def mark_lost(self, why: Exception) -> None:
        """Notes that this process will not hold the lock again; `why` is what waiters get."""
        self._ours, self._why = False, why
        self._settled.set()
        self._over.set()


@asynccontextmanager
async def acquire_process_lock(url: str, name: str) -> AsyncIterator[ProcessLock]:
    """Holds `name` in this database until the block ends.

    Args:
        url: the URL of the database.
        name: any text, for what two processes must not do at once.

    Raises:
        HeldElsewhere: another process that is alive holds it.
        Unavailable: the database cannot be reached.
    """
    address, lock = parse_address(url), ProcessLock()
    if isinstance(address, SqliteAddress):
        holding = _file_lock(lock, address.path, name)
    else:
        postgres_adapter()  # raises at once if its driver is missing
        holding = _advisory_lock(lock, address.dsn, name)
    async with holding:
        try:
            yield lock
        finally:
            lock.release()


async def _look_after(lock: ProcessLock, watch: Callable[[], Awaitable[None]]) -> None:
    """Carries out what looks after the lock, which is lost with the error that ends it."""
    try:
        await watch()
    except Exception as error:
        lock.mark_lost(error)


@asynccontextmanager
async def _file_lock(lock: ProcessLock, database: Path, name: str) -> AsyncIterator[None]:
    path = _lock_path(database, name)
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(locked_file(path, waits=False))
        except BlockingIOError as error:
            raise HeldElsewhere from error
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
async def _advisory_lock(lock: ProcessLock, dsn: str, name: str) -> AsyncIterator[None]:
    digest = hashlib.sha256(f"petition-bot {name}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    taking = partial(_keep_advisory_lock, lock, dsn, number)
    keeping = asyncio.create_task(_look_after(lock, taking))
    try:
        await lock.until_taken()
        yield
    finally:
        # Once to close the connection, and once where the server does not answer to that.
        for _ in range(2):
            keeping.cancel()
            await asyncio.wait({keeping}, timeout=_GOODBYE_SECONDS)


async def _keep_advisory_lock(lock: ProcessLock, dsn: str, number: int) -> None:
    """Takes the lock, and takes it again whenever its connection breaks."""
    postgres, loop = postgres_adapter(), asyncio.get_running_loop()
    deadline = loop.time()  # the first attempt is not repeated
    while True:
        try:
            async with postgres.connected(dsn) as connection:
                if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", number):
                    raise HeldElsewhere
                lock.mark_taken()
                await _until_broken(lock, connection)
            deadline = loop.time() + _PATIENCE_SECONDS
        except (HeldElsewhere, Unavailable):
            # Both may pass: the server may not yet know our connection as broken.
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


async def _until_broken(lock: ProcessLock, connection: Any) -> None:
    broken = asyncio.Event()

    def note(_: object) -> None:
        lock.release()
        broken.set()

    try:
        connection.add_termination_listener(note)
        while not broken.is_set() and not connection.is_closed():
            try:
                async with asyncio.timeout(_BEAT_SECONDS):
                    await broken.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=_BEAT_SECONDS)
    except postgres_adapter().DRIVER_ERRORS:  # the lock cannot be relied on
        connection.terminate()
    finally:
        lock.release()
