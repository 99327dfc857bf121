"""The lease by which one worker alone sends, however many processes there are."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.clocks import Clocks
from storage import Storage
from storage.deliveries import find_lease, release_lease, renew_lease, take_lease
from storage.transaction import Row

# For how long a lease lasts that is not renewed, which it is after a third of this.
LEASE_SECONDS = 10.0

# How far two clocks of one machine may drift apart before one of them must have jumped.
_JUMP_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class LeaseHolder:
    """Takes, renews and releases a lease for one process.

    It counts the lease as held for less time than others do, and by two clocks: the monotonic one
    stands still while a machine sleeps, and the time of day can be set. When they disagree, the
    lease counts as not held until the database has been asked again.

    Attributes:
        seconds: how long it lasts when it is not renewed.
        is_only: tells whether no other process can be alive now, so that any other holder is dead.
        holder: the name of this process in it.
    """

    storage: Storage
    name: str
    seconds: float
    is_only: Callable[[], bool]
    clocks: Clocks
    holder: str = field(default_factory=lambda: secrets.token_hex(8), init=False)
    _since: tuple[float, datetime] | None = field(default=None, init=False)
    _seen: tuple[Row, float] | None = field(default=None, init=False)

    def holds(self) -> bool:
        """Tells whether the lease is ours for certain."""
        if self._since is None:
            return False
        by_monotonic = self.clocks.monotonic() - self._since[0]
        by_time_of_day = (self.clocks.now() - self._since[1]).total_seconds()
        if abs(by_monotonic - by_time_of_day) > _JUMP_SECONDS:
            return False
        return by_monotonic < self.seconds and by_time_of_day < self.seconds

    def has_expired(self) -> bool:
        """Tells whether the lease has run out by the monotonic clock."""
        return self._since is None or self.clocks.monotonic() - self._since[0] >= self.seconds

    async def take(self) -> bool:
        """Takes the lease if it is free, expired, or no longer renewed; tells whether it did."""
        return await self._hold(take_lease, stale=await self._find_stale())

    async def renew(self) -> bool:
        """Extends the lease; False when it is lost.

        A free lease is lost too: another may have held it meanwhile, and sent what was claimed.
        """
        return await self._hold(renew_lease)

    async def release(self) -> None:
        """Releases the lease, so that others can take it at once."""
        self._since = None
        await self.storage.write(release_lease, self.name, self.holder)

    async def _hold(self, work: Callable[..., Row | bool | None], **more: Row | None) -> bool:
        # From before it is asked for, as the answer of a slow database takes its time.
        since = self.clocks.monotonic(), self.clocks.now()
        now, seconds = since[1], self.seconds
        lease = await self.storage.write(
            work, self.name, self.holder, seconds=seconds, now=now, **more
        )
        self._since = since if lease else None
        return self.holds()

    async def _find_stale(self) -> Row | None:
        """Returns the present lease if its holder renews it no more."""
        lease, now = await self.storage.read(find_lease, self.name), self.clocks.monotonic()
        if lease is None:
            return None
        if self.is_only():
            return lease
        if self._seen is None or self._seen[0] != lease:
            self._seen = lease, now
        # Unchanged for longer than it lasts: its expiry was written by a clock that was wrong.
        return lease if now - self._seen[1] > self.seconds else None
