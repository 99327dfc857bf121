"""Tests that recipients' rows are written in portions, each once and by one worker."""

import asyncio

from storage import Storage
from storage.broadcast_rows import broadcast_with
from storage.deliveries import enqueue_deliveries
from tests.support.broadcasts import ME, OTHER, queued, start
from tests.support.supporters import Supporters, later


async def test_portions_that_are_written_at_once_are_each_written_once(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await start(storage)
    writing = [
        storage.write(enqueue_deliveries, broadcast, holder=ME, portion=2, at=later(1))
        for _ in range(6)
    ]
    # Three portions, then their number, and twice there is nothing left.
    assert sorted(await asyncio.gather(*writing)) == [False] * 4 + [True] * 2
    rows = await people.deliveries(broadcast.id)
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5]
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert (found.enqueued_at, found.total) == (later(1), 5)


async def test_who_does_not_hold_the_lease_writes_nothing(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await start(storage)
    for _ in range(3):
        assert not await storage.write(
            enqueue_deliveries, broadcast, holder=OTHER, portion=9, at=later(1)
        )
    assert await people.deliveries(broadcast.id) == []
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.enqueued_at is None


async def test_who_signs_after_it_began_is_not_among_its_recipients(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await start(storage)
    await people.sign([4, 5])
    await queued(storage, broadcast)
    rows = await people.deliveries(broadcast.id)
    assert [row["position"] for row in rows] == [1, 2, 3]
