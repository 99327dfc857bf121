"""Leases: which process alone may do a piece of work, until when. New queries about them go here.

A process may die at any moment, so a lease ends by itself. Its times come from the callers' own
clocks, which can jump or differ: a holder whose lease was taken too early notices it at the next
renewal, and the work itself is fenced (see `deliveries.py`). In case a clock was set back, one who
waits may take a lease that it has seen unchanged for long enough.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.database import Database, Row, Statement, Value
from storage.times import from_millis, to_millis

_TAKE = """
INSERT INTO leases (name, holder, expires_at)
VALUES (:name, :holder, :expires_at)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.holder = excluded.holder
   OR leases.expires_at <= :now
   OR (leases.holder = :stale_holder AND leases.expires_at = :stale_expires_at)
RETURNING name, holder, expires_at
"""

_RENEW = """
UPDATE leases SET expires_at = :expires_at
WHERE name = :name AND holder = :holder
RETURNING name, holder, expires_at
"""

_RELEASE = "DELETE FROM leases WHERE name = :name AND holder = :holder"

_LOOK = "SELECT name, holder, expires_at FROM leases WHERE name = :name"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease: who holds it, and from when on others may take it."""

    name: str
    holder: str
    expires_at: datetime


class Leases:
    """The leases of one database, keyed by name."""

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
        """Takes a lease that nobody holds, that has expired, or that is the caller's already.

        Args:
            name: the work it is for.
            holder: who takes it; unique to one run of one process.
            seconds: how long it lasts.
            now: the time by the caller's clock.
            stale: a lease that the caller has seen unchanged for longer than it lasts; it is
                taken whatever its expiry, if it is still the same.

        Returns:
            The lease as it now is, or None while somebody else holds it.
        """
        return await self._changed(
            _TAKE,
            name=name,
            holder=holder,
            expires_at=to_millis(now + timedelta(seconds=seconds)),
            now=to_millis(now),
            stale_holder=stale.holder if stale else None,
            stale_expires_at=to_millis(stale.expires_at) if stale else None,
        )

    async def renew(
        self, name: str, holder: str, *, seconds: float, now: datetime
    ) -> Lease | None:
        """Extends a lease to `seconds` from `now`; None if `holder` no longer holds it."""
        expires_at = to_millis(now + timedelta(seconds=seconds))
        return await self._changed(_RENEW, name=name, holder=holder, expires_at=expires_at)

    async def release(self, name: str, holder: str) -> None:
        """Gives a lease up, so that the next holder need not wait; harmless if it was lost."""
        await self._database.write(Statement(_RELEASE, {"name": name, "holder": holder}))

    async def look(self, name: str) -> Lease | None:
        """Returns the lease as it now is, expired or not; None if nobody holds it."""
        return _first(await self._database.read(Statement(_LOOK, {"name": name})))

    async def _changed(self, sql: str, **values: Value) -> Lease | None:
        (rows,) = await self._database.write(Statement(sql, values))
        return _first(rows)


def _first(rows: list[Row]) -> Lease | None:
    for row in rows:
        return Lease(row["name"], row["holder"], from_millis(row["expires_at"]))
    return None
