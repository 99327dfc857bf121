"""The lease by which one worker alone sends, however many processes there are."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.clocks import Clocks
from storage import Storage
from storage.deliveries import release_lease, renew_lease, take_lease

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
        """Takes the lease if it is free, expired, or a dead process's; tells whether it did."""
        return await self._hold(take_lease, is_only=self.is_only())

    async def renew(self) -> bool:
        """Extends the lease; False when it is lost.

        A free lease is lost too: another may have held it meanwhile, and sent what was claimed.
        """
        return await self._hold(renew_lease)

    async def release(self) -> None:
        """Releases the lease, so that others can take it at once."""
        self._since = None
        await self.storage.write(release_lease, self.name, self.holder)

    async def _hold(self, work: Callable[..., bool], **more: bool) -> bool:
        # From before it is asked for, as the answer of a slow database takes its time.
        since = self.clocks.monotonic(), self.clocks.now()
        now, seconds = since[1], self.seconds
        is_ours = await self.storage.write(
            work, self.name, self.holder, seconds=seconds, now=now, **more
        )
        self._since = since if is_ours else None
        return self.holds()
