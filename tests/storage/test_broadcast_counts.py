"""Tests that the timeline of a broadcast leaves nothing out and counts nothing twice."""

from storage import BroadcastAction, Broadcasts, Kind
from storage.broadcast_types import Outcome
from tests.support.broadcasts import claim, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, later


async def test_each_part_tells_what_was_delivered_in_it(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 11))
    broadcast = await started(broadcasts)
    moments = {0: 3, 50: 2, 119: 4}
    for second, number in moments.items():
        batch = await claim(broadcasts, broadcast, limit=number)
        done = results(batch, Outcome.DELIVERED)
        await broadcasts.deliveries.record(broadcast.id, done, later(second))
    lost = results(await claim(broadcasts, broadcast), Outcome.UNREACHABLE)
    await broadcasts.deliveries.record(broadcast.id, lost, later(120))
    assert await broadcasts.timeline(broadcast.id) == [], "it has not ended"
    await broadcasts.finish(broadcast.id, later(120))
    timeline = await broadcasts.timeline(broadcast.id, parts=3)
    assert [(each.delivered, each.unreachable) for each in timeline] == [(3, 0), (2, 0), (4, 1)]
    assert [each.at for each in timeline] == [NOON, later(40.001), later(80.002)]
    # Who returns later is no part of it.
    sql = "UPDATE deliveries SET updated_at = updated_at + 1 WHERE state = 'unreachable'"
    await write_sql(people.database, sql)
    assert (await broadcasts.timeline(broadcast.id, parts=3))[-1].unreachable == 0


async def test_a_short_one_has_parts_of_a_second(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    done = results(await claim(broadcasts, broadcast), Outcome.DELIVERED)
    await broadcasts.deliveries.record(broadcast.id, done, later(2))
    await broadcasts.finish(broadcast.id, later(2))
    timeline = await broadcasts.timeline(broadcast.id)
    assert [each.delivered for each in timeline] == [0, 0, 1]


async def test_what_has_not_begun_has_none(broadcasts: Broadcasts, people: Supporters) -> None:
    planned = await start(broadcasts, starts_at=later(60))
    assert await broadcasts.timeline(planned.id) == []
    assert await broadcasts.timeline(b"none") == []


async def test_not_told_is_who_had_signed_and_is_not_known_to_have_it(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 6), updates=9)
    about_something_else = await started(broadcasts, kind=Kind.UPDATE)
    await tell(broadcasts, about_something_else)
    first = await started(broadcasts)
    one, two, three = await claim(broadcasts, first, limit=3)
    await broadcasts.deliveries.record(
        first.id,
        [
            *results([one], Outcome.DELIVERED),
            *results([two], Outcome.UNCONFIRMED),
            *results([three], Outcome.UNREACHABLE),
        ],
        later(6),
    )
    await people.sign([6])
    assert await broadcasts.not_told(first.id) == 4
    await broadcasts.change(BroadcastAction.CANCEL, first.id, ADMIN, later(7))
    second = await started(broadcasts, at=later(8))
    assert await broadcasts.not_told(second.id) == 5
    await tell(broadcasts, second)
    assert await broadcasts.not_told(second.id) == 2  # the second and the third
    planned = await start(broadcasts, starts_at=later(99))
    assert await broadcasts.not_told(planned.id) == 0
