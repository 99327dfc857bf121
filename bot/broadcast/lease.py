"""The lease by which one worker alone sends, however many processes there are."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime

from bot.clocks import utc_now
from storage import Storage
from storage.deliveries import find_lease, release_lease, renew_lease, take_lease
from storage.transaction import Row

LEASE_SECONDS = 10.0  # it is renewed after a third of this
# How far two clocks of one machine may drift apart before one of them must have jumped.
_JUMP_SECONDS = 1.0


class LeaseHolder:
    """Takes, renews and releases a lease for one process.

    It counts the lease as held for less time than others do, and by two clocks: the monotonic one
    stands still while a machine sleeps, and the time of day can be set. When they disagree, the
    lease counts as not held until the database has been asked again.

    Args:
        seconds: how long it lasts when it is not renewed.
        is_only: tells whether no other process can be alive now, so that any other holder is dead.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        *,
        seconds: float = LEASE_SECONDS,
        is_only: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._storage = storage
        self._name = name
        self.seconds = seconds
        self._clock = clock
        self._now = now
        self._is_only = is_only
        self.holder = secrets.token_hex(8)
        self._since: tuple[float, datetime] | None = None
        self._seen: tuple[Row, float] | None = None

    def holds(self) -> bool:
        """Tells whether the lease is ours for certain."""
        if self._since is None:
            return False
        by_monotonic = self._clock() - self._since[0]
        by_time_of_day = (self._now() - self._since[1]).total_seconds()
        if abs(by_monotonic - by_time_of_day) > _JUMP_SECONDS:
            return False
        return by_monotonic < self.seconds and by_time_of_day < self.seconds

    def has_expired(self) -> bool:
        """Tells whether the lease has run out by the monotonic clock."""
        return self._since is None or self._clock() - self._since[0] >= self.seconds

    async def take(self) -> bool:
        """Takes the lease if it is free, expired, or no longer renewed; tells whether it did."""
        asked = self._clock(), self._now()
        stale = await self._find_stale(asked[0])
        lease = await self._storage.write(
            take_lease, self._name, self.holder, seconds=self.seconds, now=asked[1], stale=stale
        )
        self._since = asked if lease else None
        return self.holds()

    async def renew(self) -> bool:
        """Extends the lease; False when it is lost."""
        asked = self._clock(), self._now()
        lease = await self._storage.write(
            renew_lease, self._name, self.holder, seconds=self.seconds, now=asked[1]
        )
        self._since = asked if lease else None
        return self.holds()

    async def release(self) -> None:
        """Releases the lease, so that others can take it at once."""
        self._since = None
        await self._storage.write(release_lease, self._name, self.holder)

    async def _find_stale(self, now: float) -> Row | None:
        """Returns the present lease if its holder renews it no more."""
        lease = await self._storage.read(find_lease, self._name)
        if lease is None:
            return None
        if self._is_only():
            return lease
        if self._seen is None or self._seen[0] != lease:
            self._seen = lease, now
        # Unchanged for longer than it lasts: its expiry was written by a clock that was wrong.
        return lease if now - self._seen[1] > self.seconds else None
