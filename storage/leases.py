"""Leases: who alone may do a piece of work, until when. New queries about them go here.

A lease is for processes that may die at any moment, so it ends by itself. Its moments are told by
the callers' own clocks, which can jump or differ: a lease taken too early by someone else is
noticed at the next renewal, and the work itself is fenced (see `deliveries.py`). For a clock that
was set back, whoever waits may name a lease that it has seen unchanged for long enough.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.database import Database, Row, Statement
from storage.times import from_millis, to_millis

_TAKE: Final = """
INSERT INTO leases (name, holder, expires_at)
VALUES (:name, :holder, :expires_at)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.holder = excluded.holder
   OR leases.expires_at <= :now
   OR (leases.holder = :stale_holder AND leases.expires_at = :stale_expires_at)
RETURNING name, holder, expires_at
"""

_RENEW: Final = """
UPDATE leases SET expires_at = :expires_at
WHERE name = :name AND holder = :holder
RETURNING name, holder, expires_at
"""

_RELEASE: Final = "DELETE FROM leases WHERE name = :name AND holder = :holder"

_LOOK: Final = "SELECT name, holder, expires_at FROM leases WHERE name = :name"


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds it, and the moment from which others may take it."""

    name: str
    holder: str
    expires_at: datetime


class Leases:
    """The leases of one database, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self,
        name: str,
        holder: str,
        *,
        seconds: float,
        now: datetime,
        stale: Lease | None = None,
    ) -> Lease | None:
        """Take a lease that nobody holds, that has expired, or that is one's own already.

        Args:
            name: the work it is for.
            holder: unique to one run of one process.
            seconds: how long it lasts.
            now: by the caller's clock.
            stale: a lease that the caller has watched for longer than it lasts without its being
                renewed; taken whatever its expiry says, if it is still that one.

        Returns:
            The lease as it now stands, or None while someone else holds it.
        """
        statement = Statement(
            _TAKE,
            {
                "name": name,
                "holder": holder,
                "expires_at": to_millis(now + timedelta(seconds=seconds)),
                "now": to_millis(now),
                "stale_holder": stale.holder if stale else None,
                "stale_expires_at": to_millis(stale.expires_at) if stale else None,
            },
        )
        return _first((await self._database.write(statement))[0])

    async def renew(
        self, name: str, holder: str, *, seconds: float, now: datetime
    ) -> Lease | None:
        """Make one's lease last `seconds` from `now`, or None when it is no longer one's own."""
        statement = Statement(
            _RENEW,
            {
                "name": name,
                "holder": holder,
                "expires_at": to_millis(now + timedelta(seconds=seconds)),
            },
        )
        return _first((await self._database.write(statement))[0])

    async def release(self, name: str, holder: str) -> None:
        """Give one's lease up, so that the next holder need not wait; harmless when lost."""
        await self._database.write(Statement(_RELEASE, {"name": name, "holder": holder}))

    async def look(self, name: str) -> Lease | None:
        """The lease as it stands, expired or not."""
        return _first(await self._database.read(Statement(_LOOK, {"name": name})))


def _first(rows: list[Row]) -> Lease | None:
    if not rows:
        return None
    row = rows[0]
    return Lease(row["name"], row["holder"], from_millis(row["expires_at"]))
