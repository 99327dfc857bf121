"""Tests that recipients' rows are written in portions, each once and by one worker."""

import asyncio

import pytest

from storage import Storage
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Outcome, StopReason
from storage.broadcasts import broadcast_with
from storage.deliveries import enqueue_deliveries, record_results
from tests.support.broadcasts import ME, OTHER, claim, queued, results, start, started
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
    # Three portions, of which the last ends the list, and then there is nothing left.
    assert sorted(await asyncio.gather(*writing)) == [False] * 2 + [True] * 4
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


@pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
async def test_whom_it_was_refused_for_waits_until_everybody_else_has_a_row(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 4))
    refused = await claim(storage, before := await started(storage), limit=1)
    await storage.write(record_results, before.id, results(refused, Outcome.REJECTED), later(2))
    await storage.write(interrupt_broadcast, before.id, StopReason.CONTENT, later(3))
    broadcast, told = await start(storage, at=later(4)), []
    for _ in range(3):
        await storage.write(enqueue_deliveries, broadcast, holder=ME, portion=1, at=later(5))
        told.append([each.chat_id for each in await claim(storage, broadcast)])
    assert told == [[], [1002], [1003, 1001]]
