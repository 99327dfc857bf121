"""Tests that supporters who return within thirty days of the closing get the closing update."""

from datetime import timedelta

import pytest

from storage import Storage
from storage.broadcast_transitions import (
    change_broadcast,
    end_recall,
    finish_broadcast,
    record_recalled,
    set_on_broadcast,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Correction,
    Kind,
    Outcome,
    Recalled,
    Result,
)
from storage.broadcasts import broadcast_with, due_broadcasts
from storage.deliveries import enqueue_deliveries, record_results
from storage.personal_data import everything_held
from storage.returning_supporters import mark_reachable
from storage.signatures import mark_unreachable, mute_supporter
from tests.storage.test_eligibility import approved
from tests.support.broadcasts import ME, claim, queued, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, later

MONTH = timedelta(days=30)


async def blocked_on_the_way(storage: Storage, people: Supporters) -> Broadcast:
    """One and two are told, three has blocked the bot by then."""
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    first, second, third = await claim(storage, broadcast)
    sent = results([first, second], Outcome.DELIVERED)
    lost = results([third], Outcome.UNREACHABLE)
    await storage.write(record_results, broadcast.id, [*sent, *lost], later(2))
    await storage.write(finish_broadcast, broadcast.id, later(3))
    await storage.write(set_on_broadcast, broadcast.id, reported_at=later(3))
    return broadcast


async def test_who_had_blocked_the_bot_gets_it_on_coming_back(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await blocked_on_the_way(storage, people)
    assert await storage.read(due_broadcasts, later(9)) == []
    assert await storage.write(mark_reachable, people.supporter(3), later(99))
    due = await storage.read(due_broadcasts, later(99))
    assert [each.id for each in due] == [broadcast.id]
    waiting = (await people.deliveries(broadcast.id))[2]
    assert (waiting["attempts"], waiting["claim_token"]) == (0, None)
    (back,) = await claim(storage, due[0])
    assert back.chat_id == 1003
    rows = await people.deliveries(broadcast.id)
    assert [row["attempts"] for row in rows if row["position"] == back.position] == [1]


async def test_coming_back_twice_is_coming_back_once(storage: Storage, people: Supporters) -> None:
    broadcast = await blocked_on_the_way(storage, people)
    await storage.write(mark_reachable, people.supporter(3), later(99))
    await tell(storage, broadcast)
    assert not await storage.write(mark_reachable, people.supporter(3), later(120))
    await storage.write(mark_unreachable, people.supporter(3), later(130))
    assert not await storage.write(mark_reachable, people.supporter(3), later(140))
    assert await claim(storage, broadcast) == []


async def test_after_thirty_days_it_would_come_out_of_the_blue(
    storage: Storage, people: Supporters
) -> None:
    await blocked_on_the_way(storage, people)
    assert not await storage.write(mark_reachable, people.supporter(3), NOON + MONTH)
    assert await people.unreachable() == []
    up_to_then = NOON + MONTH - timedelta(seconds=1)
    assert await storage.write(mark_reachable, people.supporter(3), up_to_then)


async def test_a_petition_that_is_open_again_owes_nobody_its_end(
    storage: Storage, people: Supporters
) -> None:
    await blocked_on_the_way(storage, people)
    await people.set_closed(False)
    assert not await storage.write(mark_reachable, people.supporter(3), later(99))


async def test_a_message_that_is_not_the_closing_update_is_not_owed(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    await tell(storage, await started(storage, kind=Kind.UPDATE))
    assert not await storage.write(mark_reachable, people.supporter(2), later(99))


async def test_who_never_left_is_owed_nothing(storage: Storage, people: Supporters) -> None:
    await blocked_on_the_way(storage, people)
    assert not await storage.write(mark_reachable, people.supporter(1), later(99))
    assert not await storage.write(mark_reachable, b"nobody", later(99))


async def test_who_comes_back_reads_it_in_a_language_that_it_has(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    await people.sign([2], "fr")
    await people.sign([3])
    await people.speak(3, "en")
    for number in (2, 3):
        await people.lose(number)
    broadcast = await started(storage)
    await tell(storage, broadcast)
    for number in (2, 3):
        assert await storage.write(mark_reachable, people.supporter(number), later(99))
    assert [each.language for each in await claim(storage, broadcast)] == ["es", "en"]


async def test_who_was_not_meant_is_owed_nothing_on_coming_back(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    await people.sign([2], "en")
    await people.sign([3], "es")
    await people.lose(2)
    await people.lose(3)
    await tell(storage, await started(storage, language="es"))
    assert not await storage.write(mark_reachable, people.supporter(2), later(99))
    assert await storage.write(mark_reachable, people.supporter(3), later(99))


async def test_what_was_recalled_is_sent_to_nobody_who_comes_back(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4])
    await people.lose(4)
    broadcast = await started(storage)
    first, *others = await claim(storage, broadcast)
    sent = Result(first.position, first.claim, Outcome.DELIVERED, (17,))
    lost = results(others, Outcome.UNREACHABLE)
    await storage.write(record_results, broadcast.id, [sent, *lost], later(2))
    await storage.write(finish_broadcast, broadcast.id, later(3))
    assert await storage.write(mark_reachable, people.supporter(2), later(4))
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(5))
    assert await claim(storage, broadcast) == []
    assert not await storage.write(mark_reachable, people.supporter(3), later(6))
    assert not await storage.write(mark_reachable, people.supporter(4), later(6))
    await storage.write(set_on_broadcast, broadcast.id, reported_at=later(7))
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [first.position])
    await storage.write(end_recall, broadcast.id, later(8))
    assert await storage.read(due_broadcasts, later(9)) == []


async def test_what_was_missed_of_an_earlier_one_is_owed_and_only_once(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], "es")
    await people.sign([3], "en")
    await people.lose(2)
    spanish = await started(storage, language="es")
    await tell(storage, spanish)
    await tell(storage, await started(storage, language="en", at=later(9)))
    assert await storage.write(mark_reachable, people.supporter(2), later(99))
    assert [each.chat_id for each in await claim(storage, spanish)] == [1002]


async def test_of_two_that_were_missed_the_newer_one_is_owed(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    older = await started(storage)
    await tell(storage, older)
    await people.sign([3])
    newer = await started(storage, at=later(9))
    await tell(storage, newer)
    for again in (99, 100):
        assert await storage.write(mark_reachable, people.supporter(2), later(again))
    assert await claim(storage, older) == []
    assert [each.chat_id for each in await claim(storage, newer)] == [1002]


@pytest.mark.parametrize("otherwise", ["muted_at = 1", "invalidation_id = id"])
async def test_who_asked_for_silence_or_is_not_counted_is_owed_nothing(
    storage: Storage, people: Supporters, otherwise: str
) -> None:
    await blocked_on_the_way(storage, people)
    await write_sql(people.database, f"UPDATE signatures SET {otherwise}")  # noqa: S608 - a constant
    assert not await storage.write(mark_reachable, people.supporter(3), later(99))


async def test_the_end_before_the_petition_was_opened_again_is_not_owed(
    storage: Storage, people: Supporters
) -> None:
    await blocked_on_the_way(storage, people)
    await people.set_closed_at(later(90))
    assert not await storage.write(mark_reachable, people.supporter(3), later(99))


async def test_what_was_cancelled_before_it_came_to_them_is_not_owed(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await started(storage)
    assert await storage.write(
        change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(2)
    )
    assert not await storage.write(mark_reachable, people.supporter(2), later(99))


async def test_a_correction_of_another_message_leaves_the_closing_update_as_it_is(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    update = await started(storage, kind=Kind.UPDATE)
    await tell(storage, update)
    await tell(storage, await started(storage))
    correction = {"kind": Kind.CORRECTION, "topic": Correction.of(update).topic}
    await tell(storage, await started(storage, at=later(9), **correction))
    assert await storage.write(mark_reachable, people.supporter(2), later(99))


async def test_who_was_not_counted_is_owed_nothing(storage: Storage, people: Supporters) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    await tell(storage, await started(storage, last_signature_number=1))
    assert not await storage.write(mark_reachable, people.supporter(2), later(99))


async def test_who_is_back_before_the_list_is_written_stands_in_it_like_everybody(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await start(storage)
    assert not await storage.write(mark_reachable, people.supporter(2), later(1))
    await queued(storage, broadcast)
    assert [each["position"] for each in await people.deliveries(broadcast.id)] == [1, 2]


async def test_who_may_have_been_told_already_is_not_told_again(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    first = await started(storage)
    doubted = results(await claim(storage, first), Outcome.UNCONFIRMED)
    await storage.write(record_results, first.id, doubted, later(2))
    await storage.write(finish_broadcast, first.id, later(3))
    await people.lose(1)
    await people.sign([2])
    await tell(storage, await started(storage, at=later(9)))
    assert not await storage.write(mark_reachable, people.supporter(1), later(99))


async def queue_portion(storage: Storage, broadcast: Broadcast, portion: int) -> bool:
    """Write the rows of some."""
    return await storage.write(
        enqueue_deliveries, broadcast, holder=ME, portion=portion, at=later(1)
    )


async def test_who_is_back_after_the_list_came_to_them_is_put_on_it(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4])
    await people.lose(2)
    await people.lose(3)
    broadcast = await start(storage)
    assert not await queue_portion(storage, broadcast, 2)
    assert await storage.write(mark_reachable, people.supporter(2), later(1))
    assert not await storage.write(mark_reachable, people.supporter(3), later(1))
    await queued(storage, broadcast)
    claimed = await claim(storage, broadcast)
    assert [each.chat_id for each in claimed] == [1001, 1002, 1003, 1004]
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.total == 4


async def test_who_comes_back_gets_each_notice_of_a_breach_however_late_and_in_silence(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    notices = []
    for number in range(4):
        notice = await approved(storage, later(10 * number))
        notices.append(notice)
        taken = await claim(storage, notice)
        told = Result(taken[0].position, taken[0].claim, Outcome.DELIVERED, (7,))
        lost = results(taken[1:], Outcome.UNREACHABLE)
        await storage.write(record_results, notice.id, [told, *lost], later(10 * number + 2))
        if number < 3:
            await storage.write(finish_broadcast, notice.id, later(10 * number + 3))
    await people.mute(2)
    await storage.write(change_broadcast, BroadcastAction.RECALL, notices[2].id, ADMIN, later(33))
    await storage.write(change_broadcast, BroadcastAction.PAUSE, notices[3].id, ADMIN, later(34))
    await people.sign([3])
    assert not await storage.write(mark_reachable, people.supporter(3), later(35))
    assert await storage.write(mark_reachable, people.supporter(2), NOON + 40 * MONTH)
    states = [await people.states(each.id) for each in notices]
    again = ["delivered", "pending"]
    assert states == [again, again, ["delivered"], again]


class TestUnderWay:
    """Who ended the silence while a message that is not the closing update goes out."""

    async def silent_on_the_way(self, storage: Storage, people: Supporters) -> Broadcast:
        """One was told, two was passed over in silence, three was told too, four was away."""
        await people.sign([1, 2, 3, 4], updates=9)
        await people.lose(4)
        broadcast = await started(storage, kind=Kind.UPDATE)
        await people.mute(2)
        told = results(await claim(storage, broadcast), Outcome.DELIVERED)
        await storage.write(record_results, broadcast.id, told, later(2))
        assert await people.states(broadcast.id) == ["delivered", "withdrawn", "delivered"]
        return broadcast

    async def test_is_told_with_everybody_else(self, storage: Storage, people: Supporters) -> None:
        broadcast = await self.silent_on_the_way(storage, people)
        await storage.write(mute_supporter, people.supporter(2), None)
        assert await storage.write(mark_reachable, people.supporter(2), later(9))
        assert [each.chat_id for each in await claim(storage, broadcast)] == [1002]

    async def test_is_told_once_it_goes_on_when_it_is_paused(
        self, storage: Storage, people: Supporters
    ) -> None:
        broadcast = await self.silent_on_the_way(storage, people)
        await storage.write(change_broadcast, BroadcastAction.PAUSE, broadcast.id, ADMIN, later(3))
        await storage.write(mute_supporter, people.supporter(2), None)
        assert await storage.write(mark_reachable, people.supporter(2), later(9))
        await storage.write(
            change_broadcast, BroadcastAction.RESUME, broadcast.id, ADMIN, later(10)
        )
        assert [each.chat_id for each in await claim(storage, broadcast)] == [1002]

    async def test_is_not_told_while_the_silence_lasts_or_when_it_is_over(
        self, storage: Storage, people: Supporters
    ) -> None:
        broadcast = await self.silent_on_the_way(storage, people)
        assert not await storage.write(mark_reachable, people.supporter(2), later(8))
        blocked = "UPDATE deliveries SET state = 'unreachable' WHERE position = 3"
        await write_sql(people.database, blocked)
        assert not await storage.write(mark_reachable, people.supporter(3), later(8))
        for number in (1, 4):
            assert not await storage.write(mark_reachable, people.supporter(number), later(8))
        await storage.write(finish_broadcast, broadcast.id, later(9))
        await storage.write(mute_supporter, people.supporter(2), None)
        assert not await storage.write(mark_reachable, people.supporter(2), later(10))

    async def test_is_told_once_more_at_most_of_what_was_in_doubt(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1], updates=1)
        broadcast = await started(storage, kind=Kind.UPDATE)
        doubted = results(await claim(storage, broadcast), Outcome.IN_DOUBT)
        await storage.write(record_results, broadcast.id, doubted, later(2))
        await people.mute(1)
        assert await claim(storage, broadcast) == []
        await storage.write(mute_supporter, people.supporter(1), None)
        assert await storage.write(mark_reachable, people.supporter(1), later(9))
        (given,) = (await storage.read(everything_held, 1001)).deliveries
        assert (given["state"], given["updated_at"]) == ("pending", later(9))
        doubted = results(await claim(storage, broadcast), Outcome.IN_DOUBT)
        await storage.write(record_results, broadcast.id, doubted, later(10))
        assert await people.states(broadcast.id) == ["unconfirmed"]

    async def test_is_not_told_what_they_no_longer_agree_to(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        await people.consent(1, "signature,news")
        news = {"kind": Kind.NEWS}
        broadcast = await started(storage, **news)
        await people.mute(1)
        assert await claim(storage, broadcast) == []
        await people.agree_no_more(1)
        await storage.write(mute_supporter, people.supporter(1), None)
        assert not await storage.write(mark_reachable, people.supporter(1), later(9))
