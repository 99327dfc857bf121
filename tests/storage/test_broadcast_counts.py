"""Tests that the timeline of a broadcast leaves nothing out and counts nothing twice."""

from storage import Storage
from storage.broadcast_transitions import change_broadcast, finish_broadcast
from storage.broadcast_types import BroadcastAction, Kind, Outcome
from storage.broadcasts import count_not_told, timeline_of_broadcast
from storage.deliveries import record_results
from tests.support.broadcasts import claim, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, later


async def test_each_part_tells_what_was_delivered_in_it(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 11))
    broadcast = await started(storage)
    moments = {0: 3, 50: 2, 119: 4}
    for second, number in moments.items():
        batch = await claim(storage, broadcast, limit=number)
        done = results(batch, Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, done, later(second))
    lost = results(await claim(storage, broadcast), Outcome.UNREACHABLE)
    await storage.write(record_results, broadcast.id, lost, later(120))
    assert await storage.read(timeline_of_broadcast, broadcast.id) == [], "it has not ended"
    await storage.write(finish_broadcast, broadcast.id, later(120))
    timeline = await storage.read(timeline_of_broadcast, broadcast.id, parts=3)
    assert [(each.delivered, each.unreachable) for each in timeline] == [(3, 0), (2, 0), (4, 1)]
    assert [each.at for each in timeline] == [NOON, later(40.001), later(80.002)]
    # Who returns later is no part of it.
    sql = "UPDATE deliveries SET updated_at = updated_at + 1 WHERE state = 'unreachable'"
    await write_sql(people.database, sql)
    assert (await storage.read(timeline_of_broadcast, broadcast.id, parts=3))[-1].unreachable == 0


async def test_a_short_one_has_parts_of_a_second(storage: Storage, people: Supporters) -> None:
    await people.sign([1])
    broadcast = await started(storage)
    done = results(await claim(storage, broadcast), Outcome.DELIVERED)
    await storage.write(record_results, broadcast.id, done, later(2))
    await storage.write(finish_broadcast, broadcast.id, later(2))
    timeline = await storage.read(timeline_of_broadcast, broadcast.id)
    assert [each.delivered for each in timeline] == [0, 0, 1]


async def test_what_has_not_begun_has_none(storage: Storage, people: Supporters) -> None:
    planned = await start(storage, starts_at=later(60))
    assert await storage.read(timeline_of_broadcast, planned.id) == []
    assert await storage.read(timeline_of_broadcast, b"none") == []


async def test_not_told_is_who_had_signed_and_is_not_known_to_have_it(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 6), updates=9)
    about_something_else = await started(storage, kind=Kind.UPDATE)
    await tell(storage, about_something_else)
    first = await started(storage)
    one, two, three = await claim(storage, first, limit=3)
    await storage.write(
        record_results,
        first.id,
        [
            *results([one], Outcome.DELIVERED),
            *results([two], Outcome.UNCONFIRMED),
            *results([three], Outcome.UNREACHABLE),
        ],
        later(6),
    )
    await people.sign([6])
    assert await storage.read(count_not_told, first.id) == 4
    await storage.write(change_broadcast, BroadcastAction.CANCEL, first.id, ADMIN, later(7))
    second = await started(storage, at=later(8))
    assert await storage.read(count_not_told, second.id) == 5
    await tell(storage, second)
    assert await storage.read(count_not_told, second.id) == 2  # the second and the third
    planned = await start(storage, starts_at=later(99))
    assert await storage.read(count_not_told, planned.id) == 0
