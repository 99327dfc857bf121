"""Tests that a broadcast keeps no row of people who withdrew, and counts each of them once."""

import asyncio

import pytest

from storage import BroadcastAction, Broadcasts, Database, Recalled, Recalls, RecallTally
from storage.broadcast_types import Outcome, Result, Tally
from tests.support.broadcasts import ME, claim, queued, results, start, started, tell
from tests.support.raw_sql import read_sql
from tests.support.supporters import ADMIN, Supporters, later


async def nobodys_rows(database: Database) -> int:
    """How many deliveries there are whose signature is gone."""
    sql = "SELECT COUNT(*) AS rows FROM deliveries WHERE signature_id IS NULL"
    return int((await read_sql(database, sql))[0]["rows"])


@pytest.mark.parametrize(
    "outcome", [Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.REJECTED, Outcome.UNCONFIRMED]
)
async def test_what_had_become_of_it_stays_in_the_count(
    broadcasts: Broadcasts, people: Supporters, database: Database, outcome: Outcome
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    batch = await claim(broadcasts, broadcast)
    await broadcasts.deliveries.record(broadcast.id, results(batch, outcome), later(2))
    before = await broadcasts.tally(broadcast.id)
    await people.withdraw(1)
    await people.withdraw(3)
    assert await broadcasts.tally(broadcast.id) == before
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [2]
    assert await people.states(broadcast.id) == [outcome.value]


async def test_who_was_still_waiting_counts_as_withdrawn(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    await people.withdraw(2)
    await people.withdraw(2)
    assert await broadcasts.tally(broadcast.id) == Tally(total=3, pending=2, withdrawn=1)
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [1, 3]


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
    broadcasts: Broadcasts,
    people: Supporters,
    database: Database,
    outcome: Outcome,
    counted: str,
) -> None:
    await people.sign([1, 2])
    broadcast = await started(broadcasts)
    batch = await claim(broadcasts, broadcast)
    await people.withdraw(1)
    assert await broadcasts.tally(broadcast.id) == Tally(total=2, sending=2)
    # Twice, since a commit whose answer was lost is done again.
    for _ in range(2):
        await broadcasts.deliveries.record(broadcast.id, results(batch[:1], outcome), later(2))
        assert await broadcasts.tally(broadcast.id) == Tally(total=2, sending=1, **{counted: 1})
    assert await nobodys_rows(database) == 0
    assert await people.states(broadcast.id) == ["sending"]


async def test_what_a_dead_holder_was_sending_to_them_is_counted_as_withdrawn(
    broadcasts: Broadcasts, people: Supporters, database: Database
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    await claim(broadcasts, broadcast)
    await people.withdraw(3)
    assert await broadcasts.deliveries.recover(broadcast, holder=ME, at=later(9)) == 3
    assert await broadcasts.tally(broadcast.id) == Tally(total=3, pending=2, withdrawn=1)
    assert await nobodys_rows(database) == 0


async def test_what_was_being_sent_to_them_when_it_was_cancelled_is_unknown(
    broadcasts: Broadcasts, people: Supporters, database: Database
) -> None:
    await people.sign([1, 2])
    broadcast = await started(broadcasts)
    await claim(broadcasts, broadcast)
    await people.withdraw(1)
    await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(3))
    await broadcasts.deliveries.settle(later(4))
    assert await broadcasts.tally(broadcast.id) == Tally(total=2, unconfirmed=2)
    assert await nobodys_rows(database) == 0


async def test_it_ends_when_the_last_one_withdraws(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2])
    broadcast = await started(broadcasts)
    first = await claim(broadcasts, broadcast, limit=1)
    await broadcasts.deliveries.record(broadcast.id, results(first, Outcome.DELIVERED), later(2))
    await broadcasts.finish(broadcast.id, later(3))
    assert await broadcasts.active() == broadcast
    await people.withdraw(2)
    await broadcasts.finish(broadcast.id, later(4))
    assert await broadcasts.tally(broadcast.id) == Tally(total=2, delivered=1, withdrawn=1)


async def test_who_withdraws_while_the_list_is_written_is_among_its_recipients(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4])
    await tell(broadcasts, await started(broadcasts, topic="before"))
    await people.withdraw(4)
    broadcast = await start(broadcasts, topic="now")
    await broadcasts.deliveries.enqueue(broadcast, holder=ME, portion=2, at=later(1))
    await people.withdraw(1)
    assert (await queued(broadcasts, broadcast)).total == 3


async def test_each_broadcast_counts_its_own(broadcasts: Broadcasts, people: Supporters) -> None:
    await people.sign([1, 2])
    first = await started(broadcasts, topic="one")
    await tell(broadcasts, first)
    second = await started(broadcasts, topic="two")
    await people.withdraw(1)
    assert await broadcasts.tally(first.id) == Tally(total=2, delivered=2)
    assert await broadcasts.tally(second.id) == Tally(total=2, pending=1, withdrawn=1)


async def test_racing_withdrawals_and_results_are_each_counted_once(
    broadcasts: Broadcasts, people: Supporters, database: Database
) -> None:
    await people.sign(range(1, 41))
    broadcast = await started(broadcasts)
    batch = await claim(broadcasts, broadcast, limit=30)

    async def record_all() -> None:
        for each in batch:
            result = results([each], Outcome.DELIVERED)
            await broadcasts.deliveries.record(broadcast.id, result, later(2))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(record_all())
        for number in range(1, 41):
            tasks.create_task(people.withdraw(number))
    assert await broadcasts.tally(broadcast.id) == Tally(total=40, delivered=30, withdrawn=10)
    assert await people.deliveries(broadcast.id) == []


async def test_several_at_once_are_added_to_those_before(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 7))
    broadcast = await started(broadcasts)
    batch = await claim(broadcasts, broadcast)
    for number in (1, 2, 3, 4, 5):
        await people.withdraw(number)
    for some in (batch[:2], batch[2:5]):
        await broadcasts.deliveries.record(
            broadcast.id, results(some, Outcome.DELIVERED), later(2)
        )
    assert await broadcasts.tally(broadcast.id) == Tally(total=6, delivered=5, sending=1)


class TestRecalling:
    async def test_what_they_were_sent_stays_and_is_accounted_for(
        self, broadcasts: Broadcasts, people: Supporters, recalls: Recalls
    ) -> None:
        await people.sign([1, 2, 3, 4, 5])
        broadcast = await started(broadcasts)
        await people.withdraw(5)  # told nothing, so there is nothing to take back
        batch = await claim(broadcasts, broadcast)
        sent = [Result(each.position, each.claim, Outcome.DELIVERED, (71,)) for each in batch]
        await broadcasts.deliveries.record(broadcast.id, sent, later(2))
        await broadcasts.finish(broadcast.id, later(3))
        await people.withdraw(1)
        await broadcasts.change(BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
        assert await recalls.tally(broadcast.id) == RecallTally(total=4, failed=1, open=3)
        await recalls.record(broadcast.id, Recalled.DELETED, [2])
        await recalls.record(broadcast.id, Recalled.FAILED, [3])
        for number in (2, 3, 4):
            await people.withdraw(number)
        assert await recalls.next(broadcast.id, after=0, limit=9, at=later(9)) == []
        await recalls.record(broadcast.id, Recalled.DELETED, [4])  # deleted, and gone meanwhile
        assert await recalls.tally(broadcast.id) == RecallTally(total=4, deleted=1, failed=3)
        await recalls.end(broadcast.id, later(10))
        ended = await broadcasts.get(broadcast.id)
        assert ended is not None
        assert ended.recall_ended_at == later(10)
        assert (await broadcasts.tally(broadcast.id)).delivered == 4


class TestSigningAgain:
    async def test_what_began_before_does_not_go_to_a_signature_of_today(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(broadcasts)
        await people.withdraw(1)
        await people.sign([3])
        assert [each.position for each in await claim(broadcasts, broadcast)] == [2]

    async def test_the_next_closing_update_does(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await tell(broadcasts, await started(broadcasts))
        await people.withdraw(1)
        await people.sign([3])
        assert await broadcasts.audience() == {"es": 1}
        again = await started(broadcasts, at=later(60))
        assert [each.position for each in await claim(broadcasts, again)] == [3]
