"""Leases: which process alone may do a piece of work, until when. New queries about them go here.

A process may die at any moment, so a lease ends by itself. Its times come from the callers' own
clocks, which can jump or differ: a holder whose lease was taken too early notices it at the next
renewal, and the work itself is fenced (see `deliveries.py`). In case a clock was set back, one who
waits may take a lease that it has seen unchanged for long enough.
"""

from datetime import datetime, timedelta

from storage.tables import LEASES
from storage.transaction import Row, Transaction


def take_lease(
    tx: Transaction,
    name: str,
    holder: str,
    *,
    seconds: float,
    now: datetime,
    stale: Row | None = None,
) -> Row | None:
    """Takes a lease that nobody holds, that has expired, or that is the caller's already.

    Args:
        name: the work it is for.
        holder: who takes it; unique to one run of one process.
        seconds: how long it lasts.
        now: the time by the caller's clock.
        stale: a lease that the caller has seen unchanged for longer than it lasts; it is
            taken whatever its expiry, if it is still the same.

    Returns:
        The row of the lease as it now is, or None while somebody else holds it.
    """
    expires_at = now + timedelta(seconds=seconds)
    if tx.add_new(LEASES, name=name, holder=holder, expires_at=expires_at):
        return find_lease(tx, name)
    held = find_lease(tx, name, lock=True)
    if held is None:  # given up meanwhile, and another may be taking it
        return None
    if held.holder != holder and held.expires_at > now and held != stale:
        return None
    tx.set(LEASES, LEASES.c.name == name, holder=holder, expires_at=expires_at)
    return find_lease(tx, name)


def renew_lease(
    tx: Transaction, name: str, holder: str, *, seconds: float, now: datetime
) -> Row | None:
    """Extends a lease to `seconds` from `now`; None if `holder` no longer holds it."""
    its = (LEASES.c.name == name, LEASES.c.holder == holder)
    is_held = tx.set(LEASES, *its, expires_at=now + timedelta(seconds=seconds))
    return find_lease(tx, name) if is_held else None


def release_lease(tx: Transaction, name: str, holder: str) -> None:
    """Gives a lease up, so that the next holder need not wait; harmless if it was lost."""
    tx.delete(LEASES, LEASES.c.name == name, LEASES.c.holder == holder)


def find_lease(tx: Transaction, name: str, *, lock: bool = False) -> Row | None:
    """Returns the row of a lease, expired or not: its `name`, its `holder` and `expires_at`.

    None if nobody holds it.
    """
    return tx.find(LEASES, LEASES.c.name == name, lock=lock)
