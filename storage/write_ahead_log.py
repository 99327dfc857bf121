"""Truncates the write-ahead log of a SQLite database some seconds after a write.

SQLite leaves in this file every page as earlier transactions wrote it, until it happens to
overwrite it: a name that was erased from its table stays there, encrypted, until the bot is
stopped. So the log is copied into the database and truncated soon after every write, whether or
not that write erased anything.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import aiosqlite

from storage.errors import DatabaseReplaced
from storage.sqlite_connection import PRAGMAS, is_locked

PAUSE_SECONDS = 4.0
"""From a write to the truncation, and from one truncation to the next."""

RETRY_SECONDS = 0.5
"""Between two tries while somebody still reads from the log."""

# The first copies nearly all of the log while others write; the second blocks them, but has little
# left to copy before it truncates the log.
_TRUNCATE = ("PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)")

_SETTINGS = "".join(f"PRAGMA {each};" for each in (*PRAGMAS, "synchronous=FULL"))

# When SQLite moves rows between pages, a copy of a row can stay in the unused part of the old
# page. A small database is therefore rewritten now and then, which leaves no copies and blocks
# other writes for a tenth of a second.
_REWRITE_SECONDS = 86_400.0
_REWRITE_AGAIN_SECONDS = 3_600.0
_REWRITE_UP_TO_BYTES = 16_000_000
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


class WriteAheadLog:
    """Truncates the log of a database after writes, and does nothing while nobody writes.

    Attributes:
        rewrite_at: when it next rewrites the database, if it is small, by the monotonic clock.
    """

    def __init__(self, path: Path, require_files: Callable[[], None]) -> None:
        self._path = path
        self._require_files = require_files
        self.rewrite_at = 0.0
        self._is_closed = False
        self._is_written = False
        self._emptying: asyncio.Task[None] | None = None
        self._truncating = asyncio.Lock()

    def written(self) -> None:
        """Notes that something was written to the log."""
        self._is_written = True
        if self._emptying is None and not self._is_closed:
            self._emptying = asyncio.create_task(self._empty())

    async def close(self) -> None:
        """Stops, and leaves the log: the last connection to close merges it into the database."""
        self._is_closed = True
        # One that has begun ends first: nobody else would close its connection.
        async with self._truncating:
            if self._emptying is not None:
                self._emptying.cancel()
        if self._emptying is not None:
            await asyncio.wait({self._emptying})

    async def _empty(self) -> None:
        try:
            while self._is_written:
                await asyncio.sleep(PAUSE_SECONDS)
                # What is written from here on may miss this truncation, so it gets another one.
                self._is_written = False
                while not await self.truncate():  # noqa: ASYNC110 - nothing tells of a reader
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._emptying = None

    async def truncate(self) -> bool:
        """Tries to; returns False if a reader, a writer, the disk or another file prevents it."""
        async with self._truncating:
            try:
                # Another file in its place may be the only copy of what was signed.
                self._require_files()
                async with aiosqlite.connect(
                    f"file:{quote(str(self._path))}?mode=rw",
                    uri=True,
                    timeout=0,  # or the writer would wait for as long as somebody reads
                    isolation_level=None,
                ) as connection:
                    await connection.executescript(_SETTINGS)
                    is_truncated = await _is_truncated(connection)
                    if is_truncated and await self._is_rewritten(connection):
                        is_truncated = await _is_truncated(connection)
                    return is_truncated
            except (sqlite3.Error, DatabaseReplaced):
                return False  # also a fault of the disk; every transaction will report it

    async def _is_rewritten(self, connection: aiosqlite.Connection) -> bool:
        """Rewrites a small database when that is due; returns whether it did."""
        if time.monotonic() < self.rewrite_at:
            return False
        ((size,),) = await connection.execute_fetchall(_SIZE)
        is_small = bool(size <= _REWRITE_UP_TO_BYTES)
        pause = _REWRITE_SECONDS
        try:
            if is_small:
                await connection.execute_fetchall("VACUUM")
        except sqlite3.Error as error:
            if is_locked(error):
                raise
            # A disk with room for writes may have none for a whole copy.
            is_small, pause = False, _REWRITE_AGAIN_SECONDS
        self.rewrite_at = time.monotonic() + pause
        return is_small


async def _is_truncated(connection: aiosqlite.Connection) -> bool:
    for pragma in _TRUNCATE:
        ((is_busy, *_),) = await connection.execute_fetchall(pragma)
    return not is_busy
