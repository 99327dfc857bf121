import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage.broadcast_transitions import (
    finish_broadcast,
    interrupt_broadcast,
    set_on_broadcast,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Delivery,
    Outcome,
    StopReason,
    Tally,
)
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import enqueue_deliveries, record_results, recover_deliveries
from storage.errors import BrokenData
from storage.recalls import RECALLABLE_FOR, next_to_recall
from storage.times import to_millis
from tests.support.broadcasts import (
    ME,
    OTHER,
    claim,
    order,
    record,
    results,
    start,
    started,
    started_to,
)
from tests.support.existing import existing
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON, Supporters, later


class TestClaim:
    async def test_asked_again_with_its_token_it_gives_the_same_rows(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, range(1, 8))
        token = uuid.uuid4().bytes
        once = await claim(people, broadcast, claim=token, limit=3)
        again = await claim(people, broadcast, claim=token, limit=3)
        assert again == once
        assert (await people.read(tally_of_broadcast, broadcast.id)).pending == 4
        await record(people, broadcast, once[:1], Outcome.DELIVERED)
        assert await claim(people, broadcast, claim=token, limit=3) == once[1:]

    async def test_passes_over_who_withdrew_or_cannot_be_reached(self, people: Supporters) -> None:
        broadcast = await started_to(people, range(1, 6))
        await people.withdraw(1)
        await people.lose(3)
        deliveries = await claim(people, broadcast)
        assert [each.position for each in deliveries] == [2, 4, 5]
        assert await people.states(broadcast.id) == [
            "sending",
            "unreachable",
            "sending",
            "sending",
        ]
        assert (await people.read(tally_of_broadcast, broadcast.id)).withdrawn == 1

    @pytest.mark.parametrize("limit", [1, 5])
    async def test_gives_nothing_to_whoever_is_not_the_holder(
        self, people: Supporters, limit: int
    ) -> None:
        broadcast = await started_to(people, [1, 2])
        await people.lose(1)
        assert await claim(people, broadcast, holder=OTHER, limit=limit) == []
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(total=2, pending=2)

    async def test_many_at_once_never_get_the_same_row(self, people: Supporters) -> None:
        broadcast = await started_to(people, range(1, 101))
        batches = await asyncio.gather(*[claim(people, broadcast, limit=7) for _ in range(20)])
        positions = [each.position for batch in batches for each in batch]
        assert len(positions) == len(set(positions))
        assert sorted(positions) == list(range(1, len(positions) + 1))

    async def test_racing_withdrawals_are_claimed_or_withdrawn_and_never_both(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, range(1, 41))

        async def claim_all() -> list[Delivery]:
            found: list[Delivery] = []
            while batch := await claim(people, broadcast, limit=3):
                found += batch
            return found

        async with asyncio.TaskGroup() as tasks:
            claiming = tasks.create_task(claim_all())
            for number in range(2, 41, 2):
                tasks.create_task(people.withdraw(number))
        positions = {each.position for each in claiming.result()}
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(
            total=40, sending=len(positions), withdrawn=40 - len(positions)
        )
        rows = await people.deliveries(broadcast.id)
        assert {row["position"] for row in rows} == positions

    async def test_what_went_back_has_its_turn_behind_those_who_come_next(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1, 2])
        (one,) = await claim(people, broadcast, limit=1)
        await record(people, broadcast, [one], Outcome.UNSENT)
        batch = await claim(people, broadcast, after=one.position)
        assert [each.position for each in batch] == [2]
        assert await people.states(broadcast.id) == ["pending", "sending"]

    @pytest.mark.parametrize(
        ("is_told", "withdraws", "states"),
        [
            (True, False, ["delivered", "rejected"]),
            (True, True, ["rejected"]),
            (False, True, None),
        ],
        ids=["told", "told and withdrawn since", "withdrawn untold"],
    )
    async def test_one_alone_who_cannot_be_read_stops_nobody_if_another_was_told(
        self, people: Supporters, is_told: bool, withdraws: bool, states: list[str] | None
    ) -> None:
        """Who was told could be read, so it is neither the key nor the disk."""
        broadcast = await started_to(people, [1, 2])
        await people.damage(2)
        if is_told:
            batch = await claim(people, broadcast, limit=1)
            await record(people, broadcast, batch, Outcome.DELIVERED)
        if withdraws:
            await people.withdraw(1)
        if states is None:
            with pytest.raises(BrokenData, match="Not one chat id"):
                await claim(people, broadcast, limit=1)
            return
        assert await claim(people, broadcast, limit=1) == []
        assert await people.states(broadcast.id) == states
        await people.write(finish_broadcast, broadcast.id, later(3))

    async def test_when_not_one_can_be_read_they_go_back_and_it_is_told(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1, 2])
        for number in (1, 2):
            await people.damage(number)
        with pytest.raises(BrokenData, match="Not one chat id"):
            await claim(people, broadcast)
        rows = await people.deliveries(broadcast.id)
        assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 0)] * 2


class TestRecord:
    async def test_what_arrived_keeps_the_ids_by_which_it_can_be_recalled(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1, 2])
        album, unknown = results(await claim(people, broadcast), Outcome.DELIVERED)
        told = [replace(album, messages=(71, 72)), unknown]
        await people.write(record_results, broadcast.id, told, later(2))
        sql = "SELECT message_ids FROM deliveries ORDER BY position"
        rows = await read_sql(people.database, sql)
        assert [row["message_ids"] for row in rows] == ["[71, 72]", None]

    async def test_who_was_lost_before_stays_lost_from_then_on(self, people: Supporters) -> None:
        broadcast = await started_to(people, [1])
        batch = await claim(people, broadcast)
        await people.lose(1)
        await record(people, broadcast, batch, Outcome.UNREACHABLE)
        (row,) = await read_sql(people.database, "SELECT unreachable_at FROM signatures")
        assert row["unreachable_at"] == to_millis(NOON)

    async def test_what_is_known_to_have_arrived_is_not_put_in_doubt_by_what_comes_later(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1])
        batch = await claim(people, broadcast)
        for outcome in (Outcome.DELIVERED, *sorted({*Outcome} - {Outcome.UNREACHABLE})):
            await record(people, broadcast, batch, outcome)
            assert await people.states(broadcast.id) == ["delivered"], outcome

    async def test_many_results_of_every_kind_in_one_go(self, people: Supporters) -> None:
        broadcast = await started_to(people, range(1, 231))
        batch = await claim(people, broadcast, limit=230)
        told = [
            *results(batch[:205], Outcome.DELIVERED),
            *results(batch[205:216], Outcome.UNREACHABLE),
            *results(batch[216:217], Outcome.REJECTED),
            *results(batch[225:226], Outcome.FORBIDDEN),
            *results(batch[217:220], Outcome.UNSENT),
            *results(batch[220:225], Outcome.IN_DOUBT),
            *results(batch[226:230], Outcome.UNCONFIRMED),
        ]
        # Twice, since a commit whose answer was lost is done again.
        await people.write(record_results, broadcast.id, told, later(2))
        await people.write(record_results, broadcast.id, told, later(2))
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(
            total=230,
            delivered=205,
            unreachable=11,
            rejected=1,
            forbidden=1,
            unconfirmed=4,
            pending=8,
        )
        assert await people.unreachable() == list(range(206, 217))
        rows = await people.deliveries(broadcast.id)
        assert [row["attempts"] for row in rows[217:225]] == [0] * 3 + [1] * 5
        assert [row["claim_token"] is None for row in rows[217:225]] == [True] * 3 + [False] * 5


async def take_over_from_the_dead(people: Supporters, broadcast: Broadcast, **by: Any) -> int:
    asked = {"holder": ME, "takes_back": True, "at": later(9), **by}
    return await people.write(recover_deliveries, broadcast, **asked)


class TestRecover:
    async def test_tells_how_far_the_dead_holder_had_come(self, people: Supporters) -> None:
        broadcast = await started_to(people, range(1, 10))
        batch = await claim(people, broadcast, limit=6)
        await record(people, broadcast, batch[3:4], Outcome.DELIVERED)
        assert await take_over_from_the_dead(people, broadcast) == 6
        assert await take_over_from_the_dead(people, broadcast) == 4
        assert (await claim(people, broadcast, after=6))[0].position == 7

    async def test_in_a_later_round_it_goes_on_behind_the_newest_claim_and_not_the_furthest(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, range(1, 10))
        first = await claim(people, broadcast, limit=9)
        given_back = results(first[:8], Outcome.UNSENT)
        delivered = results(first[8:], Outcome.DELIVERED)
        await people.write(record_results, broadcast.id, given_back + delivered, later(2))
        await claim(people, broadcast, after=6, at=later(3))
        await claim(people, broadcast, limit=2, at=later(4))
        assert await take_over_from_the_dead(people, broadcast) == 2

    async def test_what_one_given_up_for_dead_delivered_still_counts(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1, 2, 3])
        batch = await claim(people, broadcast)
        await take_over_from_the_dead(people, broadcast, holder=OTHER)
        assert await people.states(broadcast.id) == ["sending"] * 3, "it was replaced"
        await take_over_from_the_dead(people, broadcast)
        late = results(batch[:1], Outcome.DELIVERED) + results(batch[1:2], Outcome.UNSENT)
        late += results(batch[2:], Outcome.UNREACHABLE)
        await people.write(record_results, broadcast.id, late, later(10))
        assert await people.states(broadcast.id) == ["delivered", "pending", "unreachable"]

    async def test_what_was_claimed_waits_for_who_may_yet_say_what_it_sent(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, [1, 2, 3, 4])
        await claim(people, broadcast, limit=3)
        await people.withdraw(3)
        assert await take_over_from_the_dead(people, broadcast, takes_back=False) == 3
        assert await people.states(broadcast.id) == ["sending", "sending", "sending", "pending"]
        assert await take_over_from_the_dead(people, broadcast) == 3
        tally = await people.read(tally_of_broadcast, broadcast.id)
        assert tally == Tally(total=4, pending=3, withdrawn=1)

    async def test_it_cannot_overwrite_what_its_successor_does(self, people: Supporters) -> None:
        broadcast = await started_to(people, [1])
        old = await claim(people, broadcast)
        await take_over_from_the_dead(people, broadcast)
        await claim(people, broadcast)
        for outcome in Outcome:
            await record(people, broadcast, old, outcome, at=later(10))
        assert await people.states(broadcast.id) == ["sending"]


async def test_who_is_not_the_holder_writes_nothing(people: Supporters) -> None:
    await people.sign(range(1, 6))
    broadcast = await start(people)
    for _ in range(3):
        assert not await people.write(
            enqueue_deliveries, broadcast, holder=OTHER, portion=9, at=later(1)
        )
    assert await people.deliveries(broadcast.id) == []
    found = existing(await people.read(broadcast_with, broadcast.id))
    assert found.enqueued_at is None


async def test_whom_it_was_refused_for_waits_until_everybody_else_has_a_row(
    people: Supporters,
) -> None:
    await people.sign(range(1, 4))
    refused = await claim(people, before := await started(people), limit=1)
    await record(people, before, refused, Outcome.REJECTED)
    await people.write(interrupt_broadcast, before.id, StopReason.CONTENT, later(3))
    broadcast, told = await start(people, at=later(4)), []
    for _ in range(3):
        await people.write(enqueue_deliveries, broadcast, holder=ME, portion=1, at=later(5))
        told.append([each.chat_id for each in await claim(people, broadcast)])
    assert told == [[], [1002], [1003, 1001]]


class TestWhoWithdraws:
    """A broadcast keeps no row of theirs, and counts each of them once."""

    async def test_while_it_is_being_sent_is_counted_when_its_outcome_is_known_and_once(
        self, people: Supporters
    ) -> None:
        broadcast = await started_to(people, range(1, 8))
        batch = await claim(people, broadcast)
        for each in batch[:6]:
            await people.withdraw(each.position)
        known = {"total": 7, "sending": 7, "withdrawn": 0}
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(**known)
        for each, outcome, counted in zip(
            batch,
            (
                *(Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.REJECTED),
                *(Outcome.UNCONFIRMED, Outcome.UNSENT, Outcome.IN_DOUBT),
            ),
            ("delivered", "unreachable", "rejected", "unconfirmed", "withdrawn", "withdrawn"),
            strict=False,
        ):
            known |= {"sending": known["sending"] - 1, counted: known.get(counted, 0) + 1}
            for _ in range(2):  # since a commit whose answer was lost is done again
                await record(people, broadcast, [each], outcome)
                assert await people.read(tally_of_broadcast, broadcast.id) == Tally(**known)
        rows = "SELECT signature_id FROM deliveries"
        assert [row["signature_id"] is None for row in await read_sql(people.database, rows)] == [
            False
        ]
        assert await people.states(broadcast.id) == ["sending"]

    async def test_in_a_race_with_results_is_counted_once(self, people: Supporters) -> None:
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


async def test_a_recall_deletes_neither_what_is_too_old_nor_what_left_no_message_ids(
    people: Supporters,
) -> None:
    """One got a message, two an album, three could not be reached, and of four no id is known."""
    broadcast, sent_at = await started_to(people, [1, 2, 3, 4]), later(2)
    one, two, three, four = results(await claim(people, broadcast), Outcome.DELIVERED)
    told = [replace(one, messages=(71,)), replace(two, messages=(81, 82, 83)), four]
    told.append(replace(three, outcome=Outcome.UNREACHABLE))
    await people.write(record_results, broadcast.id, told, sent_at)
    await people.write(finish_broadcast, broadcast.id, later(3))
    await people.write(set_on_broadcast, broadcast.id, reported_at=later(3))
    end = sent_at + RECALLABLE_FOR
    at = end - timedelta(seconds=1)
    accepted = existing(await order(people, BroadcastAction.RECALL, broadcast, at))
    assert accepted.is_recalling
    found = await people.read(next_to_recall, broadcast.id, after=0, limit=10, at=at)
    assert [(each.chat_id, each.messages) for each in found] == [
        *((1001, (71,)), (1002, (81, 82, 83))),
        (None, ()),
    ]
    found = await people.read(next_to_recall, broadcast.id, after=0, limit=10, at=end)
    assert [each.chat_id for each in found] == [None, None, None]
