"""Tests that the timeline of a broadcast leaves nothing out and counts nothing twice."""

from storage import Broadcasts
from storage.broadcast_types import Outcome
from tests.support.broadcasts import claim, results, start, started
from tests.support.supporters import NOON, Supporters, later


async def test_each_part_tells_what_was_delivered_in_it(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 11))
    broadcast = await started(broadcasts)
    moments = {0: 3, 40: 2, 119: 4}
    for second, number in moments.items():
        batch = await claim(broadcasts, broadcast, limit=number)
        done = results(batch, Outcome.DELIVERED)
        await broadcasts.deliveries.record(broadcast.id, done, later(second))
    lost = results(await claim(broadcasts, broadcast), Outcome.UNREACHABLE)
    await broadcasts.deliveries.record(broadcast.id, lost, later(119))
    assert await broadcasts.finish(broadcast.id, later(119))
    timeline = await broadcasts.timeline(broadcast.id, parts=3)
    assert [(each.delivered, each.unreachable) for each in timeline] == [(3, 0), (2, 0), (4, 1)]
    assert timeline[0].at == NOON


async def test_a_short_one_has_parts_of_a_second(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    done = results(await claim(broadcasts, broadcast), Outcome.DELIVERED)
    await broadcasts.deliveries.record(broadcast.id, done, later(2))
    assert await broadcasts.finish(broadcast.id, later(2))
    timeline = await broadcasts.timeline(broadcast.id)
    assert [each.delivered for each in timeline] == [0, 0, 1]


async def test_what_has_not_begun_has_none(broadcasts: Broadcasts, people: Supporters) -> None:
    planned = await start(broadcasts, starts_at=later(60))
    assert await broadcasts.timeline(planned.id) == []
    assert await broadcasts.timeline(b"none") == []
