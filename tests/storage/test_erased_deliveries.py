"""Tests that a broadcast keeps no row of people who withdrew, and counts each of them once."""

import asyncio

import pytest

from storage.broadcast_types import Outcome, Tally
from storage.broadcasts import count_audience, tally_of_broadcast
from storage.database import Database
from tests.support.broadcasts import claim, record, started, started_to, tell
from tests.support.raw_sql import read_sql
from tests.support.supporters import Supporters, later


async def nobodys_rows(database: Database) -> int:
    """How many deliveries there are whose signature is gone."""
    sql = "SELECT COUNT(*) AS rows FROM deliveries WHERE signature_id IS NULL"
    return int((await read_sql(database, sql))[0]["rows"])


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (Outcome.DELIVERED, "delivered"),
        (Outcome.UNREACHABLE, "unreachable"),
        (Outcome.REJECTED, "rejected"),
        (Outcome.UNCONFIRMED, "unconfirmed"),
        (Outcome.UNSENT, "withdrawn"),
        (Outcome.IN_DOUBT, "withdrawn"),
    ],
)
async def test_what_is_being_sent_is_counted_when_its_outcome_is_known_and_once(
    people: Supporters, database: Database, outcome: Outcome, counted: str
) -> None:
    broadcast = await started_to(people, [1, 2])
    batch = await claim(people, broadcast)
    await people.withdraw(1)
    assert await people.read(tally_of_broadcast, broadcast.id) == Tally(total=2, sending=2)
    # Twice, since a commit whose answer was lost is done again.
    for _ in range(2):
        await record(people, broadcast, batch[:1], outcome)
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(
            total=2, sending=1, **{counted: 1}
        )
    assert await nobodys_rows(database) == 0
    assert await people.states(broadcast.id) == ["sending"]


async def test_racing_withdrawals_and_results_are_each_counted_once(
    people: Supporters, database: Database
) -> None:
    broadcast = await started_to(people, range(1, 41))
    batch = await claim(people, broadcast, limit=30)

    async def record_all() -> None:
        for each in batch:
            await record(people, broadcast, [each], Outcome.DELIVERED)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(record_all())
        for number in range(1, 41):
            tasks.create_task(people.withdraw(number))
    assert await people.read(tally_of_broadcast, broadcast.id) == Tally(
        total=40, delivered=30, withdrawn=10
    )
    assert await people.deliveries(broadcast.id) == []


class TestSigningAgain:
    async def test_the_next_closing_update_does(self, people: Supporters) -> None:
        await people.sign([1, 2])
        await tell(people, await started(people))
        await people.withdraw(1)
        await people.sign([3])
        assert await people.read(count_audience) == {"es": 1}
        again = await started(people, at=later(60))
        assert [each.position for each in await claim(people, again)] == [3]
