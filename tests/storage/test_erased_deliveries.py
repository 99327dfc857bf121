"""Tests that a broadcast keeps no row of people who withdrew, and counts each of them once."""

import asyncio

import pytest

from storage import Storage
from storage.broadcast_transitions import (
    change_broadcast,
    end_recall,
    finish_broadcast,
    next_to_recall,
    record_recalled,
)
from storage.broadcast_types import BroadcastAction, Outcome, Recalled, Result, Tally
from storage.broadcasts import active_broadcast, broadcast_with, count_audience, tally_of_broadcast
from storage.database import Database
from storage.deliveries import (
    enqueue_deliveries,
    record_results,
    recover_deliveries,
    settle_deliveries,
)
from tests.support.broadcasts import ME, claim, of_recall, queued, results, start, started, tell
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
    storage: Storage, people: Supporters, database: Database, outcome: Outcome
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    batch = await claim(storage, broadcast)
    await storage.write(record_results, broadcast.id, results(batch, outcome), later(2))
    before = await storage.read(tally_of_broadcast, broadcast.id)
    await people.withdraw(1)
    await people.withdraw(3)
    assert await storage.read(tally_of_broadcast, broadcast.id) == before
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [2]
    assert await people.states(broadcast.id) == [outcome.value]


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_who_has_no_row_yet_counts_as_withdrawn_where_they_would_have_got_one(
    storage: Storage, people: Supporters, is_cancelled: bool
) -> None:
    await people.sign(range(1, 6))
    await people.sign([6], "en")
    await people.mute(4)
    broadcast = await start(storage, expected=4, language="es")
    await storage.write(enqueue_deliveries, broadcast, holder=ME, portion=2, at=later(1))
    if is_cancelled:
        action = BroadcastAction.CANCEL
        await storage.write(change_broadcast, action, broadcast.id, ADMIN, later(2))
    await people.sign([7])
    for number in (3, 4, 6, 7):
        await people.withdraw(number)
    tally = await storage.read(tally_of_broadcast, broadcast.id)
    assert tally == Tally(total=3, pending=2, withdrawn=1)
    assert broadcast.counted(tally) == Tally(total=4, pending=3, withdrawn=1)


async def test_who_was_still_waiting_counts_as_withdrawn(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    await people.withdraw(2)
    await people.withdraw(2)
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=3, pending=2, withdrawn=1
    )
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
    storage: Storage, people: Supporters, database: Database, outcome: Outcome, counted: str
) -> None:
    await people.sign([1, 2])
    broadcast = await started(storage)
    batch = await claim(storage, broadcast)
    await people.withdraw(1)
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=2, sending=2)
    # Twice, since a commit whose answer was lost is done again.
    for _ in range(2):
        await storage.write(record_results, broadcast.id, results(batch[:1], outcome), later(2))
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
            total=2, sending=1, **{counted: 1}
        )
    assert await nobodys_rows(database) == 0
    assert await people.states(broadcast.id) == ["sending"]


async def test_what_a_dead_holder_was_sending_to_them_is_counted_as_withdrawn(
    storage: Storage, people: Supporters, database: Database
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    await claim(storage, broadcast)
    await people.withdraw(3)
    assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 3
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=3, pending=2, withdrawn=1
    )
    assert await nobodys_rows(database) == 0


async def test_what_was_being_sent_to_them_when_it_was_cancelled_is_unknown(
    storage: Storage, people: Supporters, database: Database
) -> None:
    await people.sign([1, 2])
    broadcast = await started(storage)
    await claim(storage, broadcast)
    await people.withdraw(1)
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(3))
    await storage.write(settle_deliveries, later(4))
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=2, unconfirmed=2)
    assert await nobodys_rows(database) == 0


async def test_it_ends_when_the_last_one_withdraws(storage: Storage, people: Supporters) -> None:
    await people.sign([1, 2])
    broadcast = await started(storage)
    first = await claim(storage, broadcast, limit=1)
    await storage.write(record_results, broadcast.id, results(first, Outcome.DELIVERED), later(2))
    await storage.write(finish_broadcast, broadcast.id, later(3))
    assert await storage.read(active_broadcast) == broadcast
    await people.withdraw(2)
    await storage.write(finish_broadcast, broadcast.id, later(4))
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=2, delivered=1, withdrawn=1
    )


async def test_who_withdraws_while_the_list_is_written_is_among_its_recipients(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4])
    await tell(storage, await started(storage, topic="before"))
    await people.withdraw(4)
    broadcast = await start(storage, topic="now")
    await storage.write(enqueue_deliveries, broadcast, holder=ME, portion=2, at=later(1))
    await people.withdraw(1)
    assert (await queued(storage, broadcast)).total == 3


async def test_each_broadcast_counts_its_own(storage: Storage, people: Supporters) -> None:
    await people.sign([1, 2])
    first = await started(storage, topic="one")
    await tell(storage, first)
    second = await started(storage, topic="two")
    await people.withdraw(1)
    assert await storage.read(tally_of_broadcast, first.id) == Tally(total=2, delivered=2)
    assert await storage.read(tally_of_broadcast, second.id) == Tally(
        total=2, pending=1, withdrawn=1
    )


async def test_racing_withdrawals_and_results_are_each_counted_once(
    storage: Storage, people: Supporters, database: Database
) -> None:
    await people.sign(range(1, 41))
    broadcast = await started(storage)
    batch = await claim(storage, broadcast, limit=30)

    async def record_all() -> None:
        for each in batch:
            result = results([each], Outcome.DELIVERED)
            await storage.write(record_results, broadcast.id, result, later(2))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(record_all())
        for number in range(1, 41):
            tasks.create_task(people.withdraw(number))
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=40, delivered=30, withdrawn=10
    )
    assert await people.deliveries(broadcast.id) == []


async def test_several_at_once_are_added_to_those_before(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 7))
    broadcast = await started(storage)
    batch = await claim(storage, broadcast)
    for number in (1, 2, 3, 4, 5):
        await people.withdraw(number)
    for some in (batch[:2], batch[2:5]):
        await storage.write(
            record_results, broadcast.id, results(some, Outcome.DELIVERED), later(2)
        )
    assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
        total=6, delivered=5, sending=1
    )


class TestRecalling:
    async def test_what_they_were_sent_stays_and_is_accounted_for(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3, 4, 5])
        broadcast = await started(storage)
        await people.withdraw(5)  # told nothing, so there is nothing to take back
        batch = await claim(storage, broadcast)
        sent = [Result(each.position, each.claim, Outcome.DELIVERED, (71,)) for each in batch]
        await storage.write(record_results, broadcast.id, sent, later(2))
        await storage.write(finish_broadcast, broadcast.id, later(3))
        await people.withdraw(1)
        await storage.write(
            change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9)
        )
        assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (0, 1, 3)
        await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [2])
        await storage.write(record_recalled, broadcast.id, Recalled.FAILED, [3])
        for number in (2, 3, 4):
            await people.withdraw(number)
        assert (
            await storage.read(next_to_recall, broadcast.id, after=0, limit=9, at=later(9)) == []
        )
        await storage.write(
            record_recalled, broadcast.id, Recalled.DELETED, [4]
        )  # deleted, and gone meanwhile
        assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (1, 3, 0)
        await storage.write(end_recall, broadcast.id, later(10))
        ended = await storage.read(broadcast_with, broadcast.id)
        assert ended is not None
        assert ended.recall_ended_at == later(10)
        assert (await storage.read(tally_of_broadcast, broadcast.id)).delivered == 4


class TestSigningAgain:
    async def test_what_began_before_does_not_go_to_a_signature_of_today(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.withdraw(1)
        await people.sign([3])
        assert [each.position for each in await claim(storage, broadcast)] == [2]

    async def test_the_next_closing_update_does(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await tell(storage, await started(storage))
        await people.withdraw(1)
        await people.sign([3])
        assert await storage.read(count_audience) == {"es": 1}
        again = await started(storage, at=later(60))
        assert [each.position for each in await claim(storage, again)] == [3]
