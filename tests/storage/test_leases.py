import asyncio
from datetime import UTC, datetime, timedelta

from storage import Storage
from storage.deliveries import find_lease, release_lease, renew_lease, take_lease

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def test_whoever_takes_it_is_told_until_when(storage: Storage) -> None:
    assert await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    assert await storage.read(find_lease, "work") == ("work", "ana", later(10))


async def test_nobody_else_can_take_it_before_it_expires(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    assert not await storage.write(take_lease, "work", "jordi", seconds=10, now=later(9.999))
    assert await storage.write(take_lease, "work", "jordi", seconds=10, now=later(10))
    assert await storage.read(find_lease, "work") == ("work", "jordi", later(20))


async def test_leases_of_other_names_are_apart(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    assert await storage.write(take_lease, "rest", "jordi", seconds=10, now=NOON)


async def test_renewing_makes_it_last_longer(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    assert await storage.write(renew_lease, "work", "ana", seconds=10, now=later(5))
    assert await storage.read(find_lease, "work") == ("work", "ana", later(15))
    assert not await storage.write(take_lease, "work", "jordi", seconds=10, now=later(14))


async def test_what_was_lost_is_not_renewed(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    await storage.write(take_lease, "work", "jordi", seconds=10, now=later(11))
    for take_or_renew in (take_lease, renew_lease):
        assert not await storage.write(take_or_renew, "work", "ana", seconds=10, now=later(12))
    assert await storage.read(find_lease, "work") == ("work", "jordi", later(21))


async def test_released_it_is_free_at_once(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    await storage.write(release_lease, "work", "ana")
    assert await storage.read(find_lease, "work") is None
    assert await storage.write(take_lease, "work", "jordi", seconds=10, now=NOON)


async def test_nobody_releases_what_another_holds(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=NOON)
    await storage.write(release_lease, "work", "jordi")
    assert await storage.read(find_lease, "work") == ("work", "ana", later(10))


async def test_the_only_process_takes_it_whatever_its_expiry(storage: Storage) -> None:
    await storage.write(take_lease, "work", "ana", seconds=10, now=later(3600))
    assert await storage.write(take_lease, "work", "jordi", seconds=10, now=NOON, is_only=True)
    assert await storage.read(find_lease, "work") == ("work", "jordi", later(10))


async def test_of_many_who_try_at_once_one_gets_it(storage: Storage) -> None:
    for moment in (0, 20):  # when there is none, and when there is an expired one
        tries = [
            storage.write(take_lease, "work", f"{moment}-{i}", seconds=10, now=later(moment))
            for i in range(30)
        ]
        taken = [i for i, is_taken in enumerate(await asyncio.gather(*tries)) if is_taken]
        assert len(taken) == 1
        lease = await storage.read(find_lease, "work")
        assert lease == ("work", f"{moment}-{taken[0]}", later(moment + 10))


async def test_what_is_done_with_one_of_ones_leases_is_not_done_with_the_others(
    storage: Storage,
) -> None:
    for name in ("rest", "work", "write"):
        await storage.write(take_lease, name, "ana", seconds=10, now=NOON)
    await storage.write(renew_lease, "work", "ana", seconds=10, now=later(5))
    await storage.write(release_lease, "write", "ana")
    assert await storage.read(find_lease, "rest") == ("rest", "ana", later(10))
    assert await storage.read(find_lease, "work") == ("work", "ana", later(15))
    assert await storage.read(find_lease, "write") is None
    assert await storage.read(find_lease, "a name before all") is None
