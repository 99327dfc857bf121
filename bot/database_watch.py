"""Checks every second that the database is still the one that the bot was started on."""

import asyncio
from contextlib import suppress

import structlog

from bot.high_water_mark import HighWaterMark
from bot.shutdown import MARK_SECONDS, at_most
from storage import Storage
from storage.durability import durability_of
from storage.errors import DatabaseReplaced, StorageError, Unavailable
from storage.petitions import reached_so_far

_log = structlog.stdlib.get_logger()

# Also how often the mark is written at most, and how long people may still be thanked for a
# signature after the files are gone.
LOOK_SECONDS = 1.0


class DatabaseWatch:
    """Notices a database that was removed, replaced or overwritten; writes the mark until then."""

    def __init__(self, storage: Storage, mark: HighWaterMark) -> None:
        self._storage = storage
        self._mark = mark
        self._is_marked = True
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Checks again and again until something is wrong.

        Raises:
            DatabaseReplaced: its files are gone, or were replaced.
            DatabaseBehind: an older content was written into them.
            BrokenData: they are so damaged that the petition itself cannot be read.
        """
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Checks once; raises what `run` does."""
        async with self._looking:  # two at once could write the lower number last
            try:
                self._storage.database.require_files()
                reached = await self._storage.read(reached_so_far)
            except DatabaseReplaced:
                raise
            except Unavailable:
                return  # the next write gets the error
            try:
                await asyncio.to_thread(self._mark.raise_to, reached)
            except OSError as error:
                # A read-only folder is a good place for the key, and must not keep the bot from
                # running; it is logged once, and again only after it has worked in between.
                if self._is_marked:
                    _log.warning("high_water_mark_not_saved", kind=type(error).__name__)
                self._is_marked = False
            else:
                self._is_marked = True

    async def look_last(self) -> None:
        """Marks what people did in the last second."""
        async with at_most(MARK_SECONDS, "high_water_mark_not_saved"):
            with suppress(StorageError):  # which ended the bot
                await self.look()


class StandbyWatch:
    """Logs what PostgreSQL waits for when it saves, whenever that changes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._logged = ""

    async def look(self) -> bool | None:
        """Looks once; before the first that may wait for a standby as well.

        Returns:
            Whether what is saved is without the standby that it is to have; None while that
            changes, as in a fail-over, where nobody can tell, and where there is to be none.
        """
        try:
            found = await durability_of(self._url)
        except StorageError:  # which the next to connect says
            return None
        if found is None:
            return None
        event = "synchronous_standby" if found.waits_for_standby else "no_synchronous_standby"
        if found.is_stuck:
            event = "standby_not_in_step"
        if event == self._logged:
            is_known = found.is_alone or event == "synchronous_standby"
            return found.is_alone if is_known else None
        if not found.is_on_disk:
            _log.warning("power_cut_loses_commits")
        was_there = self._logged and not found.waits_for_standby
        log = _log.warning if was_there or found.is_alone or found.is_stuck else _log.info
        log(event, total=found.standbys if found.is_stuck else found.in_step)
        self._logged = event
        return None
