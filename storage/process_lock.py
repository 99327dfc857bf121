"""The process lock: only one process at a time does something.

On SQLite it is a lock on a file beside the database, which the operating system releases the
moment its process dies: the next start need not wait. On PostgreSQL, where processes may run on
several machines, it is a lease by the server's clock (`leases.py`). A command that needs the
petition to be at rest keeps every bot away meanwhile.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from math import inf
from pathlib import Path
from urllib.parse import quote

from storage import leases
from storage.database import SqliteAddress, parse_address, postgres_adapter
from storage.errors import HeldElsewhere, LeaseLost, Unavailable
from storage.leases import Peers, replicas_of
from storage.private_files import identity, locked_file, said_of
from storage.times import boot_seconds

_LOOK_SECONDS = 2.0  # between two looks whether it has ended
_GOODBYE_SECONDS = 0.5
_PAUSE_SECONDS = 0.5  # before a lease that was lost is asked for again

# Seconds to wait for who only looks whether the file is locked.
_LOOK_PAUSES = (0.02, 0.05)
# How long two processes can both take the lock for theirs, at most, if its file is removed.
_FILE_LOOK_SECONDS = 1.0


class ProcessLock:
    """A lock of this process; ask `is_ours` before everything that needs it.

    Attributes:
        row: the name of its lease; a replica has one of its own, which nobody else asks for.
        holder: this process, for as long as it asks for the lock.
        peers: the other replicas.
    """

    def __init__(self, name: str, *, is_replica: bool = False) -> None:
        self.name = name
        self.is_replica = is_replica
        self.row = replicas_of(name) + secrets.token_hex(8) if is_replica else name
        self.peers = Peers()
        self.holder = secrets.token_hex(8)
        self.has_looked = False
        self._until = -inf
        self._known = asyncio.Event()
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._why: Exception = HeldElsewhere()

    @property
    def was_taken(self) -> bool:
        """Whether this process has held the lock since it began to ask for it."""
        return self._settled.is_set()

    def is_ours(self) -> bool:
        """Returns whether nobody else can hold the lock at this moment."""
        return boot_seconds() < self._until

    async def until_lost(self) -> None:
        """Waits for as long as this process holds the lock.

        Raises:
            HeldElsewhere: the file is another one.
            LeaseLost: it could not be renewed in time, so another process may hold it.
        """
        while not self._over.is_set():
            left = self._until - boot_seconds()
            if left <= 0:
                raise LeaseLost
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), min(left, _LOOK_SECONDS))
        raise self._why

    async def until_taken(self) -> None:
        """Waits until it is taken; raises what keeps it from being taken."""
        await self._settled.wait()
        if self._over.is_set():
            raise self._why

    async def until_known(self) -> None:
        """Waits until the other replicas, if there are any, have looked again and know of it."""
        if self.is_replica:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._known.wait(), 2 * _LOOK_SECONDS)

    def note_others(self) -> None:
        """Notes a look at the others, who have looked too since the one before."""
        if self.has_looked or not self.peers.others:
            self._known.set()
        self.has_looked = True

    def mark_taken(self, until: float = inf) -> None:
        """Notes that this process holds the lock, until a time of `boot_seconds`."""
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

    async def look_after(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Carries out what takes and keeps the lock, which is lost with the error that ends it."""
        try:
            await keep()
        except Exception as error:
            self.mark_lost(error)


class PetitionLease:
    """Whether this process has the petition's lease; ask `is_ours` before what needs it.

    Args:
        process: the lock of this process, which has the lease with it unless it is a replica.
        url: of the database that a replica asks for the lease.
        taken: called each time a replica has taken it.
    """

    def __init__(
        self, process: ProcessLock, url: str = "", taken: Callable[[], object] = lambda: None
    ) -> None:
        self._process = process
        self._held = None if process.is_replica else process
        self._url = url
        self._taken = taken

    @property
    def is_replica(self) -> bool:
        """Whether others may answer people beside this process."""
        return self._process.is_replica

    @property
    def holder(self) -> str:
        """What the lease's row names this process by; empty while it has none."""
        return "" if self._held is None else self._held.holder

    def is_ours(self) -> bool:
        """Returns whether nobody else can have the lease at this moment."""
        return self._held is not None and self._held.is_ours()

    async def keep(self) -> None:
        """Asks for the lease whenever this process has none, until cancelled."""
        if not self.is_replica:
            await asyncio.Event().wait()
        while True:
            try:
                asked = acquire_process_lock(self._url, self._process.name, lambda: None)
                async with asked as self._held:
                    self._taken()
                    await self._held.until_lost()
            except (LeaseLost, Unavailable):
                await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                self._held = None


@asynccontextmanager
async def acquire_process_lock(
    url: str, name: str, on_standby: Callable[[], None] | None = None, *, is_replica: bool = False
) -> AsyncIterator[ProcessLock]:
    """Holds `name` in this database until the block ends.

    Args:
        name: any text, for what two processes must not do at once.
        on_standby: called when another process holds a lease, which is then waited for. With None,
            and for a file, that is an error; then no lease is taken, and every bot kept away.
        is_replica: whether others may be alive beside it, on PostgreSQL: then it waits only for
            who keeps every bot away.

    Raises:
        HeldElsewhere: another process that is alive holds it.
        Unavailable: the database cannot be reached; or bots were kept away from PostgreSQL, and
            one may run by now: the block was cancelled, and what it was writing is finished.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        lock = ProcessLock(name)
        holding = _kept(lock, partial(_keep_file, lock, _lock_path(address.path, name)))
    else:
        postgres_adapter()  # raises at once if its driver is missing
        lock = ProcessLock(name, is_replica=is_replica)
        holding = (
            _bots_kept_away(lock, address.dsn)
            if on_standby is None
            else _kept(lock, partial(leases.keep_lease, lock, url, address.dsn, on_standby))
        )
    async with holding:
        yield lock


async def is_held(url: str, name: str) -> bool:
    """Tells whether a process holds `name` in this database."""
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        path = _lock_path(address.path, name)
        if not path.exists():  # nor is one made, as it might be another user's
            return False
        with suppress(BlockingIOError), locked_file(path, waits=False, shared=True):
            return False
        return True
    async with postgres_adapter().connected(address.dsn) as connection:
        return await leases.is_held(connection, name)


@asynccontextmanager
async def _kept(lock: ProcessLock, keep: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Has a task take and keep the lock until the block ends."""
    keeping = asyncio.create_task(lock.look_after(keep))
    try:
        await lock.until_taken()
        yield
    finally:
        lock.release()
        # Once to give it up and close the connection, and once where the server does not answer.
        for _ in range(2):
            keeping.cancel()
            await asyncio.wait({keeping}, timeout=_GOODBYE_SECONDS)


@asynccontextmanager
async def _bots_kept_away(lock: ProcessLock, dsn: str) -> AsyncIterator[None]:
    """Has a task keep every bot away until the block ends, and cancels that when it cannot."""
    try:
        async with asyncio.timeout(None) as block:
            async with _kept(lock, partial(leases.keep_bots_away, lock, dsn, block)):
                yield
    except TimeoutError as error:
        if block.expired():
            raise Unavailable(
                "The connection that kept every bot away from this database broke, so this has "
                "stopped. See that no bot runs, and run it again."
            ) from error
        raise


async def _keep_file(lock: ProcessLock, path: Path) -> None:
    """Locks the file until cancelled, also once it is lost: this process still has to end.

    It is lost when the file is removed or replaced, since the next process would lock another one.

    Raises:
        HeldElsewhere: another process has locked it.
    """
    with ExitStack() as stack:
        with said_of("The file {path} cannot be made: {reason}", path, Unavailable):
            try:
                held = identity(await _locked(stack, path))
            except BlockingIOError as error:
                raise HeldElsewhere from error
        lock.mark_taken()
        while identity(path) == held:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(_FILE_LOOK_SECONDS)
        replaced = HeldElsewhere(
            "The file {path} was removed or replaced, so another petition-bot may be running on "
            "this database. This one has stopped; see that there is no other, and start it.",
            path=path,
        )
        lock.mark_lost(replaced)
        await asyncio.Event().wait()


async def _locked(stack: ExitStack, path: Path) -> int:
    """Locks the file until the stack ends; who only looks at it is waited for."""
    for pause in _LOOK_PAUSES:
        with suppress(BlockingIOError):
            return stack.enter_context(locked_file(path, waits=False))
        await asyncio.sleep(pause)
    return stack.enter_context(locked_file(path, waits=False))


def _lock_path(database: Path, name: str) -> Path:
    """Returns the path of the file to lock, the same one for all links to one database."""
    file = database.resolve()
    return file.with_name(f"{file.name}-{quote(name, safe='')}.lock")
