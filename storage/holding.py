"""Being the only process that does something, for as long as the process lives.

Unlike a lease in a table, a hold ends in the very moment its process dies, however it dies: the
next start need not wait for anything to expire. On SQLite it is a lock on a file beside the
database, which the operating system gives back; on PostgreSQL an advisory lock of a connection of
its own, which the server gives back.
"""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.address import SqliteAddress, parse_address
from storage.errors import HeldElsewhere, Unavailable
from storage.opening import postgres_adapter


@asynccontextmanager
async def hold(url: str, name: str) -> AsyncIterator[None]:
    """Holds `name` in this database until the block ends.

    Raises:
        HeldElsewhere: another process that is alive holds it.
        Unavailable: the database cannot be reached.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        lock = _locked_file(address.path.with_name(f"{address.path.name}-{name}.lock"))
        try:
            yield
        finally:
            os.close(lock)
        return
    postgres = postgres_adapter()
    async with postgres.connected(address.dsn) as connection:
        try:
            held = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _number(name))
        except Exception as error:
            raise postgres.sorted_error(error) from error
        if not held:
            raise HeldElsewhere
        yield


def _locked_file(path: Path) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"The file {path} cannot be made: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise HeldElsewhere from error
    return lock


def _number(name: str) -> int:
    digest = hashlib.sha256(f"petition-bot {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
