"""What a PostgreSQL server waits for before it says that something is saved."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage.database import SqliteAddress, names_standby, parse_address, postgres_adapter

_ANSWER_SECONDS = 5.0

# Who may not read all statistics sees of a standby only whether it is there.
_QUERY = text("""
SELECT current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
  current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
  (SELECT CASE WHEN count(*) = 0 OR pg_has_role('pg_read_all_stats', 'USAGE')
     THEN count(*) FILTER (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) END
   FROM pg_stat_replication)
""")
# As in FIRST 2 (a, b, c); a bare list is of standbys of which one is enough.
_SEVERAL = re.compile(r"\s*(?:first|any)?\s*(\d+)\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Durability:
    """What has to be before the server confirms a commit.

    Attributes:
        is_on_disk: whether it is on the server's disk, and survives a power cut.
        waits_for_standby: whether `standbys` have it on theirs; False where the setting
            synchronous_commit says that the own disk is enough.
        standbys: how many the settings name for it; 0 without one.
        in_step: how many are there now and keep up; None where some are there, and the user may
            not know more.
        is_named: whether the bot's address says that there is a standby.
    """

    is_on_disk: bool
    waits_for_standby: bool
    standbys: int
    in_step: int | None
    is_named: bool

    @property
    def is_stuck(self) -> bool:
        """Whether nothing can be saved now, as a standby is missing that has to have it."""
        missing = self.in_step is not None and self.in_step < self.standbys
        return self.waits_for_standby and missing

    @property
    def is_alone(self) -> bool:
        """Whether what is saved is lost with the server, though a standby is to have it."""
        return not self.waits_for_standby and (self.is_named or self.standbys > 0)


async def durability_of(url: str) -> Durability | None:
    """Asks the server of a database, which need have no tables; None for SQLite.

    Raises:
        StorageError: it cannot be reached, or is no PostgreSQL.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        return None
    async with postgres_adapter().connected_core(address.dsn) as core:
        async with asyncio.timeout(_ANSWER_SECONDS):
            row: Any = (await core.execute(_QUERY)).one()
    fsync, full_pages, commit, names, in_step = row
    several = _SEVERAL.match(names)
    return Durability(
        is_on_disk=fsync and full_pages and commit != "off",
        waits_for_standby=bool(names.strip()) and commit not in ("off", "local"),
        standbys=int(several[1]) if several else int(bool(names.strip())),
        in_step=in_step,
        is_named=names_standby(address.dsn),
    )
