"""Tests that recipients' rows are written in portions, each once and by one worker."""

import asyncio

from storage.broadcasts import Broadcasts
from tests.support.broadcasts import ME, OTHER, queued, start
from tests.support.supporters import Supporters, later


async def test_portions_that_are_written_at_once_are_each_written_once(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await start(broadcasts)
    writing = [
        broadcasts.deliveries.enqueue(broadcast, holder=ME, portion=2, at=later(1))
        for _ in range(6)
    ]
    # Three portions, then their number, and twice there is nothing left.
    assert sorted(await asyncio.gather(*writing)) == [False] * 4 + [True] * 2
    rows = await people.deliveries(broadcast.id)
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5]
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    assert (found.enqueued_at, found.total) == (later(1), 5)


async def test_who_does_not_hold_the_lease_writes_nothing(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await start(broadcasts)
    for _ in range(3):
        assert not await broadcasts.deliveries.enqueue(
            broadcast, holder=OTHER, portion=9, at=later(1)
        )
    assert await people.deliveries(broadcast.id) == []
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    assert found.enqueued_at is None


async def test_who_signs_after_it_began_is_not_among_its_recipients(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await start(broadcasts)
    await people.sign([4, 5])
    await queued(broadcasts, broadcast)
    rows = await people.deliveries(broadcast.id)
    assert [row["position"] for row in rows] == [1, 2, 3]
