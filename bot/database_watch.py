"""Looks now and then whether the database is still the one that the bot was started on."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from storage import DatabaseReplaced, HighWaterMark, Unavailable

_log = structlog.stdlib.get_logger()

# The mark is written as often at most, and nobody is thanked for longer once the files are gone.
LOOK_SECONDS = 1.0


class Numbered(Protocol):
    """The storage of a petition, as far as it is looked at."""

    def require_files(self) -> None:
        """See Database.require_files."""

    async def last_number(self) -> int:
        """The highest number that a signature was given."""
        ...


class DatabaseWatch:
    """Ends when the database was removed, replaced or written over; keeps the mark until then.

    Args:
        storage: of the petition.
        mark: how far the petition has got; None where none is kept.
    """

    def __init__(self, storage: Numbered, mark: HighWaterMark | None) -> None:
        self._storage = storage
        self._mark = mark
        self._is_marked = True
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Looks until something is wrong.

        Raises:
            DatabaseReplaced: its files are gone, or others stand in their places.
            DatabaseBehind: another content was written into them.
            BrokenData: they are so damaged that the petition itself cannot be read.
        """
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Looks once; raises what `run` does."""
        async with self._looking:  # two at once could write the lower number last
            await self._look()

    async def mark_first(self) -> None:
        """Writes the mark at once where it tells of no signature yet; raises what `run` does.

        Called before somebody is thanked: without a first signature in the mark, a database that
        lost them all looks like a new one.
        """
        mark = self._mark
        if mark is not None and self._is_marked and not mark.tells_of_a_signature:
            await self.look()

    async def _look(self) -> None:
        try:
            self._storage.require_files()
            number = await self._storage.last_number()
        except DatabaseReplaced:
            raise
        except Unavailable:
            return  # those who have something to write are told
        if self._mark is not None:
            await self._raise(self._mark, number)

    async def _raise(self, mark: HighWaterMark, number: int) -> None:
        try:
            await asyncio.to_thread(mark.raise_to, number)
        except OSError as error:
            # A folder that nobody can write keeps the key well, and must not keep the bot from
            # running; it is said once, and again when it had worked in between.
            if self._is_marked:
                _log.warning("mark_not_kept", kind=type(error).__name__)
            self._is_marked = False
        else:
            self._is_marked = True
