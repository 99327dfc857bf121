"""The process lock on SQLite: a lock on a file beside the database.

The operating system releases it the moment its process dies: the next start need not wait. The
holder is told to stop when the file is removed or replaced, since the next process would lock
another file.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from storage.errors import HeldElsewhere, Unavailable
from storage.private_files import identity, locked_file, reason_and_command

if TYPE_CHECKING:
    from storage.process_lock import ProcessLock

# Seconds to wait for who only looks whether the file is locked.
_LOOK_PAUSES = (0.02, 0.05)
# How long two processes can hold the lock at most, if its file is removed while another starts.
_LOOK_SECONDS = 1.0


@asynccontextmanager
async def file_lock(lock: "ProcessLock", database: Path) -> AsyncIterator[None]:
    """Holds the lock until the block ends; raises HeldElsewhere or Unavailable."""
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
        looking = asyncio.create_task(lock.look_after(watching))
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


def is_locked(database: Path, name: str) -> bool:
    """Tells whether a process holds the lock of this name."""
    path = _lock_path(database, name)
    if not path.exists():  # nor is one made, as it might be another user's
        return False
    with suppress(BlockingIOError), locked_file(path, waits=False, shared=True):
        return False
    return True
