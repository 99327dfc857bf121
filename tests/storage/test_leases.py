import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from storage import Database, Keyring, Lease, Leases
from tests.support.supporters import SLUG

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def leases(database: Database, keyring: Keyring) -> Leases:
    return Leases(database, SLUG, keyring)


async def test_whoever_takes_it_is_told_until_when(leases: Leases) -> None:
    assert await leases.take("work", "ana", seconds=10, now=NOON) == Lease(
        "work", "ana", later(10)
    )
    assert await leases.look("work") == Lease("work", "ana", later(10))


async def test_nobody_else_can_take_it_before_it_expires(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    assert await leases.take("work", "jordi", seconds=10, now=later(9.999)) is None
    taken = await leases.take("work", "jordi", seconds=10, now=later(10))
    assert taken == Lease("work", "jordi", later(20))


async def test_leases_of_other_names_are_apart(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    assert await leases.take("rest", "jordi", seconds=10, now=NOON) is not None


async def test_ones_own_can_be_taken_again(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    again = await leases.take("work", "ana", seconds=10, now=later(4))
    assert again == Lease("work", "ana", later(14))


async def test_renewing_makes_it_last_longer(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    renewed = await leases.renew("work", "ana", seconds=10, now=later(5))
    assert renewed == Lease("work", "ana", later(15))
    assert await leases.take("work", "jordi", seconds=10, now=later(14)) is None


async def test_what_was_lost_is_not_renewed(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    await leases.take("work", "jordi", seconds=10, now=later(11))
    assert await leases.renew("work", "ana", seconds=10, now=later(12)) is None
    assert await leases.look("work") == Lease("work", "jordi", later(21))


async def test_released_it_is_free_at_once(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    await leases.release("work", "ana")
    assert await leases.look("work") is None
    assert await leases.take("work", "jordi", seconds=10, now=NOON) is not None


async def test_nobody_releases_what_another_holds(leases: Leases) -> None:
    await leases.take("work", "ana", seconds=10, now=NOON)
    await leases.release("work", "jordi")
    assert await leases.look("work") == Lease("work", "ana", later(10))


async def test_one_seen_unchanged_too_long_is_taken_whatever_its_expiry(leases: Leases) -> None:
    # The holder's clock was an hour ahead; then it died, and the expiry is far away.
    stale = await leases.take("work", "ana", seconds=10, now=later(3600))
    taken = await leases.take("work", "jordi", seconds=10, now=NOON, stale=stale)
    assert taken == Lease("work", "jordi", later(10))


async def test_one_renewed_since_it_was_seen_is_not_stale(leases: Leases) -> None:
    seen = await leases.take("work", "ana", seconds=10, now=later(3600))
    await leases.renew("work", "ana", seconds=10, now=later(3605))
    assert await leases.take("work", "jordi", seconds=10, now=NOON, stale=seen) is None
    other = Lease("work", "luz", later(3615))
    assert await leases.take("work", "jordi", seconds=10, now=NOON, stale=other) is None


async def test_of_many_who_try_at_once_one_gets_it(leases: Leases) -> None:
    for moment in (0, 20):  # when there is none, and when there is an expired one
        tries = [
            leases.take("work", f"{moment}-{i}", seconds=10, now=later(moment)) for i in range(30)
        ]
        taken = [lease for lease in await asyncio.gather(*tries) if lease is not None]
        assert len(taken) == 1
        assert await leases.look("work") == taken[0]


async def test_what_is_done_with_one_of_ones_leases_is_not_done_with_the_others(
    leases: Leases,
) -> None:
    for name in ("rest", "work", "write"):
        await leases.take(name, "ana", seconds=10, now=NOON)
    await leases.renew("work", "ana", seconds=10, now=later(5))
    await leases.release("write", "ana")
    assert await leases.look("rest") == Lease("rest", "ana", later(10))
    assert await leases.look("work") == Lease("work", "ana", later(15))
    assert await leases.look("write") is None
    assert await leases.look("a name before all") is None
