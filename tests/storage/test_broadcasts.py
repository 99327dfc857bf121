import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from storage.audit import Audit
from storage.broadcasts import Broadcasts
from storage.crypto import Keyring
from storage.database import Database
from storage.deliveries import Delivery, Outcome, Result, Tally
from storage.leases import Leases
from storage.starting import AlreadyRunning, AudienceChanged, PetitionOpen
from storage.unsealing import Broadcast
from tests.broadcast.petitioners import ADMIN, NOON, SLUG, Petitioners, later

CONTENT = {"es": "<b>Gracias</b>", "en": "<b>Thank you</b>"}
ME, OTHER = "me", "other"


@pytest.fixture
def broadcasts(database: Database, keyring: Keyring) -> Broadcasts:
    return Broadcasts(database, SLUG, keyring)


@pytest.fixture
async def people(database: Database, keyring: Keyring) -> Petitioners:
    people = Petitioners(database, keyring)
    await people.open_petition()
    await Leases(database).take(f"broadcast/{SLUG}", ME, seconds=60, now=NOON)
    return people


async def start(broadcasts: Broadcasts, key: bytes | None = None, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "kind": "closing",
        "content": CONTENT,
        "content_sha256": b"c" * 32,
        "languages": ("es", "en"),
        "source_language": "es",
        "actor": ADMIN,
        "at": NOON,
        "expected": None,
    }
    return await broadcasts.start(key or uuid.uuid4().bytes, **asked | changes)


async def started(broadcasts: Broadcasts, **changes: Any) -> Broadcast:
    broadcast = await start(broadcasts, **changes)
    assert isinstance(broadcast, Broadcast)
    return broadcast


async def claim(broadcasts: Broadcasts, broadcast: Broadcast, **changes: Any) -> list[Delivery]:
    asked: dict[str, Any] = {
        "claim": uuid.uuid4().bytes,
        "holder": ME,
        "limit": 10,
        "after": 0,
        "at": later(1),
    }
    return await broadcasts.claim(broadcast, **asked | changes)


def results(deliveries: Sequence[Delivery], outcome: Outcome) -> list[Result]:
    return [Result(each.position, each.claim, outcome) for each in deliveries]


async def tell(broadcasts: Broadcasts, broadcast: Broadcast) -> None:
    deliveries = await claim(broadcasts, broadcast, limit=1000)
    await broadcasts.record(broadcast.id, results(deliveries, Outcome.DELIVERED), later(2))
    assert await broadcasts.finish(broadcast.id)


class TestAudience:
    async def test_counts_by_the_language_each_reads_now(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3, 4], "es")
        await people.sign([5], "en")
        await people.speak(1, "en")
        await people.speak(2, None)
        assert await broadcasts.audience() == {"es": 3, "en": 2}

    async def test_leaves_out_who_cannot_be_reached_and_tells_how_many(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        await people.lose(2)
        assert await broadcasts.audience() == {"es": 2}
        assert await broadcasts.unreachable() == 1

    async def test_of_nobody_is_empty(self, broadcasts: Broadcasts, people: Petitioners) -> None:
        assert await broadcasts.audience() == {}
        assert await broadcasts.unreachable() == 0

    async def test_other_petitions_are_apart(
        self, broadcasts: Broadcasts, people: Petitioners, database: Database, keyring: Keyring
    ) -> None:
        elsewhere = Petitioners(database, keyring, "other")
        await elsewhere.open_petition()
        await elsewhere.sign([1, 2])
        await people.sign([1])
        assert await broadcasts.audience() == {"es": 1}
        assert (await started(broadcasts)).total == 1

    async def test_only_new_signers_are_told_after_a_reopening(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2])
        await tell(broadcasts, await started(broadcasts))
        await people.sign([3])
        assert await broadcasts.audience() == {"es": 1}
        second = await started(broadcasts, at=later(9))
        assert [each.chat_id for each in await claim(broadcasts, second)] == [1003]

    async def test_what_is_unconfirmed_counts_as_told_and_what_was_refused_does_not(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3, 4, 5])
        broadcast = await started(broadcasts)
        first, second, third, _fourth = await claim(broadcasts, broadcast, limit=4)
        await broadcasts.record(
            broadcast.id,
            [
                *results([first], Outcome.DELIVERED),
                *results([second], Outcome.UNKNOWN),
                *results([third], Outcome.REJECTED),
            ],
            later(2),
        )
        assert await broadcasts.audience() == {"es": 1}  # five still waits for its turn
        await broadcasts.stop(broadcast.id, "can't parse entities")
        # Three was refused and five had not been tried; four may have arrived.
        assert await broadcasts.audience() == {"es": 2}

    async def test_whom_it_was_refused_for_comes_last_the_next_time(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts)
        refused = await claim(broadcasts, broadcast, limit=1)
        await broadcasts.record(broadcast.id, results(refused, Outcome.REJECTED), later(2))
        await broadcasts.stop(broadcast.id, "no")
        again = await claim(broadcasts, await started(broadcasts, at=later(4)))
        assert [each.chat_id for each in again] == [1002, 1003, 1001]


class TestStart:
    async def test_freezes_the_content_and_the_recipients(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts, expected=3)
        await people.sign([4])
        assert broadcast.is_running
        assert broadcast.content == CONTENT
        assert broadcast.total == 3
        assert broadcast.started_by == ADMIN
        assert broadcast.created_at == NOON
        assert await broadcasts.tally(broadcast.id) == Tally(total=3, pending=3)
        assert await broadcasts.running() == broadcast
        assert await broadcasts.latest() == broadcast

    async def test_a_language_the_content_lacks_becomes_the_source(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1], "en")
        await people.sign([2], "ca")
        deliveries = await claim(broadcasts, await started(broadcasts))
        assert [each.language for each in deliveries] == ["en", "es"]

    async def test_is_refused_while_the_petition_is_open(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        await people.set_closed(False)
        assert await start(broadcasts) == PetitionOpen()
        assert await broadcasts.latest() is None

    async def test_is_refused_while_another_is_running(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        running = await started(broadcasts)
        assert await start(broadcasts) == AlreadyRunning(running.id)

    async def test_is_refused_when_the_audience_is_not_what_was_confirmed(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2])
        await people.withdraw(2)
        assert await start(broadcasts, expected=2) == AudienceChanged(2, 1)
        assert await broadcasts.running() is None

    async def test_the_same_one_again_starts_nothing_new(
        self,
        broadcasts: Broadcasts,
        people: Petitioners,
        database: Database,
        keyring: Keyring,
    ) -> None:
        await people.sign([1, 2])
        key = uuid.uuid4().bytes
        broadcast = await start(broadcasts, key, expected=2)
        await tell(broadcasts, broadcast)
        await people.sign([3])
        again = await start(broadcasts, key, expected=2, at=later(60))
        assert (again.id, again.state, again.total) == (key, "finished", 2)
        assert len(await people.deliveries(key)) == 2
        entries = await Audit(database, SLUG, keyring).entries(10)
        assert [(each.action, each.actor) for each in entries] == [("broadcast", ADMIN)]

    async def test_of_many_at_once_one_starts(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 30))
        answers = await asyncio.gather(*[start(broadcasts) for _ in range(10)])
        running = [each for each in answers if isinstance(each, Broadcast)]
        assert len(running) == 1
        assert answers.count(AlreadyRunning(running[0].id)) == 9
        assert running[0].total == 29

    async def test_with_nobody_to_tell_it_can_finish_at_once(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        broadcast = await started(broadcasts, expected=0)
        assert await broadcasts.tally(broadcast.id) == Tally(total=0)
        assert await broadcasts.finish(broadcast.id)

    async def test_two_thousand_are_enqueued_at_once(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 2001))
        assert (await started(broadcasts, expected=2000)).total == 2000


class TestClaim:
    async def test_goes_through_everyone_in_order_and_once(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 8))
        broadcast = await started(broadcasts)
        seen, after = [], 0
        while batch := await claim(broadcasts, broadcast, limit=3, after=after):
            after = batch[-1].position
            seen += [(each.position, each.chat_id, each.attempts) for each in batch]
        assert seen == [(n, 1000 + n, 1) for n in range(1, 8)]
        assert await broadcasts.tally(broadcast.id) == Tally(total=7, sending=7)

    async def test_asked_again_with_its_token_it_gives_the_same_rows(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 8))
        broadcast = await started(broadcasts)
        token = uuid.uuid4().bytes
        once = await claim(broadcasts, broadcast, claim=token, limit=3)
        again = await claim(broadcasts, broadcast, claim=token, limit=3)
        assert again == once
        assert (await broadcasts.tally(broadcast.id)).pending == 4

    async def test_passes_over_who_withdrew_or_cannot_be_reached(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 6))
        broadcast = await started(broadcasts)
        await people.withdraw(1)
        await people.lose(3)
        deliveries = await claim(broadcasts, broadcast)
        assert [each.position for each in deliveries] == [2, 4, 5]
        assert await people.states(broadcast.id) == [
            "withdrawn",
            "sending",
            "unreachable",
            "sending",
            "sending",
        ]

    async def test_when_nobody_is_left_to_send_to_the_rest_is_settled(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts)
        for number in (1, 2, 3):
            await people.lose(number)
        assert await claim(broadcasts, broadcast, limit=1) == []
        assert await broadcasts.tally(broadcast.id) == Tally(total=3, unreachable=3)

    @pytest.mark.parametrize("limit", [1, 5])
    async def test_gives_nothing_to_whoever_does_not_hold_the_lease(
        self, broadcasts: Broadcasts, people: Petitioners, limit: int
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(broadcasts)
        await people.lose(1)
        assert await claim(broadcasts, broadcast, holder=OTHER, limit=limit) == []
        assert await broadcasts.tally(broadcast.id) == Tally(total=2, pending=2)

    async def test_gives_nothing_of_a_broadcast_that_was_stopped(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        assert await broadcasts.stop(broadcast.id, "the text is wrong")
        assert await claim(broadcasts, broadcast) == []
        ended = await broadcasts.get(broadcast.id)
        assert ended is not None
        assert (ended.state, ended.stop_reason) == ("stopped", "the text is wrong")

    async def test_many_at_once_never_get_the_same_row(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 101))
        broadcast = await started(broadcasts)
        batches = await asyncio.gather(*[claim(broadcasts, broadcast, limit=7) for _ in range(20)])
        positions = [each.position for batch in batches for each in batch]
        assert len(positions) == len(set(positions))
        assert sorted(positions) == list(range(1, len(positions) + 1))

    async def test_racing_withdrawals_are_claimed_or_withdrawn_and_never_both(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 41))
        broadcast = await started(broadcasts)

        async def claim_all() -> list[Delivery]:
            found: list[Delivery] = []
            while batch := await claim(broadcasts, broadcast, limit=3):
                found += batch
            return found

        async with asyncio.TaskGroup() as tasks:
            claiming = tasks.create_task(claim_all())
            for number in range(2, 41, 2):
                tasks.create_task(people.withdraw(number))
        states = await people.states(broadcast.id)
        positions = {each.position for each in claiming.result()}
        assert {i for i, state in enumerate(states, 1) if state == "withdrawn"} == (
            set(range(1, 41)) - positions
        )

    async def test_a_chat_id_that_cannot_be_read_harms_nobody_else(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts)
        await people.damage(2)
        assert [each.position for each in await claim(broadcasts, broadcast)] == [1, 3]
        assert await people.states(broadcast.id) == ["sending", "rejected", "sending"]


class TestRecord:
    async def test_many_results_of_every_kind_in_one_go(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 231))
        broadcast = await started(broadcasts)
        batch = await claim(broadcasts, broadcast, limit=230)
        told = [
            *results(batch[:205], Outcome.DELIVERED),
            *results(batch[205:216], Outcome.UNREACHABLE),
            *results(batch[216:217], Outcome.REJECTED),
            *results(batch[217:220], Outcome.UNSENT),
            *results(batch[220:225], Outcome.PERHAPS),
            *results(batch[225:230], Outcome.UNKNOWN),
        ]
        # Twice, since a commit whose answer was lost is done again.
        await broadcasts.record(broadcast.id, told, later(2))
        await broadcasts.record(broadcast.id, told, later(2))
        assert await broadcasts.tally(broadcast.id) == Tally(
            total=230, delivered=205, unreachable=11, rejected=1, unknown=5, pending=8
        )
        assert await people.unreachable() == list(range(206, 217))
        rows = await people.deliveries(broadcast.id)
        assert [row["attempts"] for row in rows[217:225]] == [0] * 3 + [1] * 5

    async def test_of_nothing_is_nothing(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await broadcasts.record(b"none", [], NOON)

    async def test_what_may_have_arrived_is_repeated_once_and_then_unknown(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        for state in ("pending", "unknown"):
            batch = await claim(broadcasts, broadcast)
            await broadcasts.record(broadcast.id, results(batch, Outcome.PERHAPS), later(2))
            assert await people.states(broadcast.id) == [state]
        assert await claim(broadcasts, broadcast) == []

    async def test_what_was_surely_not_sent_can_be_tried_for_ever(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        for _ in range(5):
            (delivery,) = await claim(broadcasts, broadcast)
            assert delivery.attempts == 1
            unsent = results([delivery], Outcome.UNSENT)
            await broadcasts.record(broadcast.id, unsent, later(2))

    async def test_someone_who_withdrew_while_it_was_sent_is_not_sent_to_again(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        batch = await claim(broadcasts, broadcast)
        await people.withdraw(1)
        await broadcasts.record(broadcast.id, results(batch, Outcome.UNSENT), later(2))
        assert await claim(broadcasts, broadcast) == []
        assert await people.states(broadcast.id) == ["withdrawn"]


class TestRecover:
    async def test_what_a_dead_holder_was_sending_goes_back_however_often_holders_die(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts)
        for _ in range(4):
            await claim(broadcasts, broadcast, limit=2)
            assert await broadcasts.recover(broadcast, holder=ME, at=later(9)) == 2
        rows = await people.deliveries(broadcast.id)
        assert [(row["state"], row["attempts"]) for row in rows] == [("pending", 0)] * 3

    async def test_tells_how_far_the_dead_holder_had_come(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign(range(1, 10))
        broadcast = await started(broadcasts)
        batch = await claim(broadcasts, broadcast, limit=6)
        await broadcasts.record(broadcast.id, results(batch[3:4], Outcome.DELIVERED), later(2))
        assert await broadcasts.recover(broadcast, holder=ME, at=later(9)) == 6
        assert await broadcasts.recover(broadcast, holder=ME, at=later(9)) == 4
        assert (await claim(broadcasts, broadcast, after=6))[0].position == 7

    async def test_only_the_holder_of_the_lease_recovers(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        await claim(broadcasts, broadcast)
        await broadcasts.recover(broadcast, holder=OTHER, at=later(9))
        assert await people.states(broadcast.id) == ["sending"]

    async def test_what_one_given_up_for_dead_delivered_still_counts(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(broadcasts)
        batch = await claim(broadcasts, broadcast)
        await broadcasts.recover(broadcast, holder=ME, at=later(9))
        late = results(batch[:1], Outcome.DELIVERED) + results(batch[1:], Outcome.UNSENT)
        await broadcasts.record(broadcast.id, late, later(10))
        assert await people.states(broadcast.id) == ["delivered", "pending"]

    async def test_it_cannot_overwrite_what_its_successor_does(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        old = await claim(broadcasts, broadcast)
        await broadcasts.recover(broadcast, holder=ME, at=later(9))
        await claim(broadcasts, broadcast)
        for outcome in Outcome:
            await broadcasts.record(broadcast.id, results(old, outcome), later(10))
        assert await people.states(broadcast.id) == ["sending"]

    async def test_what_a_stopped_broadcast_was_still_sending_is_unknown(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1, 2])
        broadcast = await started(broadcasts)
        await claim(broadcasts, broadcast, limit=1)
        await broadcasts.stop(broadcast.id, "enough")
        second = await started(broadcasts, at=later(3))
        await broadcasts.recover(second, holder=ME, at=later(9))
        assert await people.states(broadcast.id) == ["unknown", "pending"]
        assert second.total == 1


class TestEnding:
    async def test_it_does_not_finish_while_anything_is_left(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        assert not await broadcasts.finish(broadcast.id)
        batch = await claim(broadcasts, broadcast)
        assert not await broadcasts.finish(broadcast.id)
        await broadcasts.record(broadcast.id, results(batch, Outcome.DELIVERED), later(3))
        assert await broadcasts.finish(broadcast.id)
        assert await broadcasts.running() is None
        ended = await broadcasts.latest()
        assert ended is not None
        assert ended.state == "finished"

    async def test_what_has_ended_stays_as_it_ended(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        broadcast = await started(broadcasts)
        await broadcasts.finish(broadcast.id)
        assert await broadcasts.stop(broadcast.id, "late")
        ended = await broadcasts.get(broadcast.id)
        assert ended is not None
        assert ended.state == "finished"

    async def test_a_worker_is_needed_until_the_end_was_reported(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        assert await broadcasts.due() is None
        broadcast = await started(broadcasts)
        assert await broadcasts.due() == broadcast
        await broadcasts.reported(broadcast.id, later(1))  # too early: it is still running
        await broadcasts.finish(broadcast.id)
        due = await broadcasts.due()
        assert due is not None
        assert (due.id, due.state, due.finished_at) == (broadcast.id, "finished", None)
        await broadcasts.reported(broadcast.id, later(2))
        await broadcasts.reported(broadcast.id, later(3))
        assert await broadcasts.due() is None
        ended = await broadcasts.latest()
        assert ended is not None
        assert ended.finished_at == later(2)

    async def test_the_progress_message_is_remembered(
        self, broadcasts: Broadcasts, people: Petitioners
    ) -> None:
        broadcast = await started(broadcasts)
        assert (broadcast.progress_chat, broadcast.progress_message_id) == (None, None)
        await broadcasts.set_progress(broadcast.id, 900, 41)
        found = await broadcasts.running()
        assert found is not None
        assert (found.progress_chat, found.progress_message_id) == (900, 41)

    async def test_what_nobody_started_is_not_there(self, broadcasts: Broadcasts) -> None:
        assert await broadcasts.get(b"none") is None
        assert not await broadcasts.finish(b"none")
