import asyncio
import uuid
from dataclasses import replace

import pytest

from storage import Storage
from storage.broadcast_transitions import change_broadcast, finish_broadcast, interrupt_broadcast
from storage.broadcast_types import BroadcastAction, Delivery, Outcome, StopReason, Tally
from storage.broadcasts import tally_of_broadcast
from storage.deliveries import record_results, recover_deliveries, settle_deliveries
from storage.errors import BrokenData
from storage.times import to_millis
from tests.support.broadcasts import ME, OTHER, claim, results, started
from tests.support.raw_sql import read_sql
from tests.support.supporters import ADMIN, NOON, Supporters, later


class TestClaim:
    async def test_goes_through_everyone_in_order_and_once(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 8))
        broadcast = await started(storage)
        seen, after = [], 0
        while batch := await claim(storage, broadcast, limit=3, after=after):
            after = batch[-1].position
            seen += [(each.position, each.chat_id) for each in batch]
        assert seen == [(n, 1000 + n) for n in range(1, 8)]
        rows = await people.deliveries(broadcast.id)
        assert [row["attempts"] for row in rows] == [1] * 7
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=7, sending=7)

    async def test_asked_again_with_its_token_it_gives_the_same_rows(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 8))
        broadcast = await started(storage)
        token = uuid.uuid4().bytes
        once = await claim(storage, broadcast, claim=token, limit=3)
        again = await claim(storage, broadcast, claim=token, limit=3)
        assert again == once
        assert (await storage.read(tally_of_broadcast, broadcast.id)).pending == 4
        told = results(once[:1], Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, told, later(2))
        assert await claim(storage, broadcast, claim=token, limit=3) == once[1:]

    async def test_passes_over_who_withdrew_or_cannot_be_reached(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 6))
        broadcast = await started(storage)
        await people.withdraw(1)
        await people.lose(3)
        deliveries = await claim(storage, broadcast)
        assert [each.position for each in deliveries] == [2, 4, 5]
        assert await people.states(broadcast.id) == [
            "sending",
            "unreachable",
            "sending",
            "sending",
        ]
        assert (await storage.read(tally_of_broadcast, broadcast.id)).withdrawn == 1

    async def test_when_nobody_is_left_to_send_to_the_rest_is_settled(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        for number in (1, 2, 3):
            await people.lose(number)
        assert await claim(storage, broadcast, limit=1) == []
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
            total=3, unreachable=3
        )

    @pytest.mark.parametrize("limit", [1, 5])
    async def test_gives_nothing_to_whoever_does_not_hold_the_lease(
        self, storage: Storage, people: Supporters, limit: int
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.lose(1)
        assert await claim(storage, broadcast, holder=OTHER, limit=limit) == []
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=2, pending=2)

    async def test_many_at_once_never_get_the_same_row(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 101))
        broadcast = await started(storage)
        batches = await asyncio.gather(*[claim(storage, broadcast, limit=7) for _ in range(20)])
        positions = [each.position for batch in batches for each in batch]
        assert len(positions) == len(set(positions))
        assert sorted(positions) == list(range(1, len(positions) + 1))

    async def test_racing_withdrawals_are_claimed_or_withdrawn_and_never_both(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 41))
        broadcast = await started(storage)

        async def claim_all() -> list[Delivery]:
            found: list[Delivery] = []
            while batch := await claim(storage, broadcast, limit=3):
                found += batch
            return found

        async with asyncio.TaskGroup() as tasks:
            claiming = tasks.create_task(claim_all())
            for number in range(2, 41, 2):
                tasks.create_task(people.withdraw(number))
        positions = {each.position for each in claiming.result()}
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
            total=40, sending=len(positions), withdrawn=40 - len(positions)
        )
        rows = await people.deliveries(broadcast.id)
        assert {row["position"] for row in rows} == positions

    async def test_a_chat_id_that_cannot_be_read_harms_nobody_else(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        await people.damage(2)
        assert [each.position for each in await claim(storage, broadcast)] == [1, 3]
        assert await people.states(broadcast.id) == ["sending", "rejected", "sending"]

    async def test_what_went_back_has_its_turn_behind_those_who_come_next(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        (one,) = await claim(storage, broadcast, limit=1)
        back = results([one], Outcome.UNSENT)
        await storage.write(record_results, broadcast.id, back, later(2))
        batch = await claim(storage, broadcast, after=one.position)
        assert [each.position for each in batch] == [2]
        assert await people.states(broadcast.id) == ["pending", "sending"]

    async def test_who_withdrew_since_is_not_in_the_answer_to_the_same_claim_and_is_counted_so(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await claim(storage, broadcast, claim=b"lost on its way.")
        await people.withdraw(1)
        again = await claim(storage, broadcast, claim=b"lost on its way.")
        assert [each.position for each in again] == [2]
        tally = await storage.read(tally_of_broadcast, broadcast.id)
        assert tally == Tally(total=2, withdrawn=1, sending=1)

    async def test_the_last_one_alone_who_cannot_be_read_is_refused_and_stops_nobody(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.damage(2)
        told = results(await claim(storage, broadcast, limit=1), Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, told, later(2))
        # Whoever was told could be read, so it is neither the key nor the disk.
        assert await claim(storage, broadcast, limit=1) == []
        assert await people.states(broadcast.id) == ["delivered", "rejected"]
        await storage.write(finish_broadcast, broadcast.id, later(3))

    async def test_nor_while_others_who_could_be_read_are_being_told(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.damage(2)
        await claim(storage, broadcast, limit=1)
        assert await claim(storage, broadcast, limit=1, after=1) == []
        assert await people.states(broadcast.id) == ["sending", "rejected"]

    async def test_nor_does_one_when_all_who_were_told_have_withdrawn_since(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.damage(2)
        told = results(await claim(storage, broadcast, limit=1), Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, told, later(2))
        await people.withdraw(1)
        assert await claim(storage, broadcast, limit=1) == []
        assert await people.states(broadcast.id) == ["rejected"]
        await storage.write(finish_broadcast, broadcast.id, later(3))

    async def test_who_withdrew_untold_shows_nothing_about_the_key(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await people.damage(2)
        await people.withdraw(1)
        with pytest.raises(BrokenData, match="Not one chat id"):
            await claim(storage, broadcast, limit=1)

    async def test_when_not_one_can_be_read_they_go_back_and_it_is_told(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        for number in (1, 2):
            await people.damage(number)
        with pytest.raises(BrokenData, match="Not one chat id"):
            await claim(storage, broadcast)
        rows = await people.deliveries(broadcast.id)
        assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 0)] * 2


class TestRecord:
    async def test_results_of_many_claims_find_their_rows_in_one_go(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        batch = [each for _ in range(3) for each in await claim(storage, broadcast, limit=1)]
        assert len({each.claim for each in batch}) == 3
        arrived = results(batch, Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, arrived, later(2))
        assert await people.states(broadcast.id) == ["delivered"] * 3

    async def test_what_arrived_keeps_the_ids_by_which_it_can_be_recalled(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        album, unknown = results(await claim(storage, broadcast), Outcome.DELIVERED)
        told = [replace(album, messages=(71, 72)), unknown]
        await storage.write(record_results, broadcast.id, told, later(2))
        sql = "SELECT message_ids FROM deliveries ORDER BY position"
        rows = await read_sql(people.database, sql)
        assert [row["message_ids"] for row in rows] == ["[71, 72]", None]

    async def test_who_was_lost_before_stays_lost_from_then_on(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        batch = await claim(storage, broadcast)
        await people.lose(1)
        lost = results(batch, Outcome.UNREACHABLE)
        await storage.write(record_results, broadcast.id, lost, later(2))
        (row,) = await read_sql(people.database, "SELECT unreachable_at FROM signatures")
        assert row["unreachable_at"] == to_millis(NOON)

    @pytest.mark.parametrize(
        "late", [Outcome.UNSENT, Outcome.IN_DOUBT, Outcome.REJECTED, Outcome.UNCONFIRMED]
    )
    async def test_what_is_known_to_have_arrived_is_not_put_in_doubt_by_what_comes_later(
        self, storage: Storage, people: Supporters, late: Outcome
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        batch = await claim(storage, broadcast)
        for outcome in (Outcome.DELIVERED, late):
            await storage.write(record_results, broadcast.id, results(batch, outcome), later(2))
        assert await people.states(broadcast.id) == ["delivered"]

    async def test_many_results_of_every_kind_in_one_go(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 231))
        broadcast = await started(storage)
        batch = await claim(storage, broadcast, limit=230)
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
        await storage.write(record_results, broadcast.id, told, later(2))
        await storage.write(record_results, broadcast.id, told, later(2))
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(
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

    async def test_of_nothing_is_nothing(self, storage: Storage, people: Supporters) -> None:
        await storage.write(record_results, b"none", [], NOON)

    async def test_what_may_have_arrived_is_repeated_once_and_then_unknown(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        for state in ("pending", "unconfirmed"):
            batch = await claim(storage, broadcast)
            await storage.write(
                record_results, broadcast.id, results(batch, Outcome.IN_DOUBT), later(2)
            )
            assert await people.states(broadcast.id) == [state]
        assert await claim(storage, broadcast) == []

    async def test_what_was_surely_not_sent_can_be_tried_for_ever(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        for _ in range(5):
            batch = await claim(storage, broadcast)
            assert [row["attempts"] for row in await people.deliveries(broadcast.id)] == [1]
            unsent = results(batch, Outcome.UNSENT)
            await storage.write(record_results, broadcast.id, unsent, later(2))

    async def test_someone_who_withdrew_while_it_was_sent_is_not_sent_to_again(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        batch = await claim(storage, broadcast)
        await people.withdraw(1)
        await storage.write(record_results, broadcast.id, results(batch, Outcome.UNSENT), later(2))
        assert await claim(storage, broadcast) == []
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=1, withdrawn=1)


class TestRecover:
    async def test_what_a_dead_holder_was_sending_goes_back_however_often_holders_die(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        for _ in range(4):
            await claim(storage, broadcast, limit=2)
            assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 2
        rows = await people.deliveries(broadcast.id)
        assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 0)] * 3

    async def test_tells_how_far_the_dead_holder_had_come(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 10))
        broadcast = await started(storage)
        batch = await claim(storage, broadcast, limit=6)
        await storage.write(
            record_results, broadcast.id, results(batch[3:4], Outcome.DELIVERED), later(2)
        )
        assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 6
        assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 4
        assert (await claim(storage, broadcast, after=6))[0].position == 7

    @pytest.mark.parametrize(
        "outcome", [Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.UNCONFIRMED]
    )
    async def test_whatever_was_settled_counts_as_how_far_it_had_come(
        self, storage: Storage, people: Supporters, outcome: Outcome
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        settled = results(await claim(storage, broadcast, limit=2), outcome)
        await storage.write(record_results, broadcast.id, settled, later(2))
        assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 2

    async def test_in_a_later_round_it_goes_on_behind_the_newest_claim_and_not_the_furthest(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 10))
        broadcast = await started(storage)
        first = await claim(storage, broadcast, limit=9)
        given_back = results(first[:8], Outcome.UNSENT)
        delivered = results(first[8:], Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, given_back + delivered, later(2))
        await claim(storage, broadcast, after=6, at=later(3))
        await claim(storage, broadcast, limit=2, at=later(4))
        assert await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9)) == 2

    async def test_only_the_holder_of_the_lease_recovers(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        await claim(storage, broadcast)
        await storage.write(recover_deliveries, broadcast, holder=OTHER, at=later(9))
        assert await people.states(broadcast.id) == ["sending"]

    async def test_what_one_given_up_for_dead_delivered_still_counts(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        batch = await claim(storage, broadcast)
        await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9))
        late = results(batch[:1], Outcome.DELIVERED) + results(batch[1:], Outcome.UNSENT)
        await storage.write(record_results, broadcast.id, late, later(10))
        assert await people.states(broadcast.id) == ["delivered", "pending"]

    async def test_it_cannot_overwrite_what_its_successor_does(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(storage)
        old = await claim(storage, broadcast)
        await storage.write(recover_deliveries, broadcast, holder=ME, at=later(9))
        await claim(storage, broadcast)
        for outcome in Outcome:
            await storage.write(record_results, broadcast.id, results(old, outcome), later(10))
        assert await people.states(broadcast.id) == ["sending"]

    async def test_what_a_stopped_broadcast_was_still_sending_is_unknown(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(storage)
        await claim(storage, broadcast, limit=1)
        await storage.write(interrupt_broadcast, broadcast.id, StopReason.CONTENT, later(5))
        second = await started(storage, at=later(3))
        await storage.write(recover_deliveries, second, holder=ME, at=later(9))
        assert await people.states(broadcast.id) == ["unconfirmed", "pending"]
        assert second.total == 1


async def test_what_is_settled_is_of_its_own_petition(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(storage)
    await claim(storage, broadcast)
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(2))
    await Storage(people.database, people.keyring, "another").write(settle_deliveries, later(3))
    assert await people.states(broadcast.id) == ["sending"]
    await storage.write(settle_deliveries, later(4))
    assert await people.states(broadcast.id) == ["unconfirmed"]
