"""Tests that supporters who return within thirty days of the closing get the closing update."""

from datetime import timedelta

from storage.broadcast_transitions import finish_broadcast, set_on_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Correction, Kind, Outcome, Result
from storage.broadcasts import due_broadcasts
from storage.deliveries import record_results
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter
from tests.storage.test_eligibility import approved
from tests.support.broadcasts import claim, order, record, results, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import NOON, Supporters, later

MONTH = timedelta(days=30)


async def blocked_on_the_way(people: Supporters) -> Broadcast:
    """One and two are told, three has blocked the bot by then."""
    await people.sign([1, 2, 3])
    broadcast = await started(people)
    first, second, third = await claim(people, broadcast)
    sent = results([first, second], Outcome.DELIVERED)
    lost = results([third], Outcome.UNREACHABLE)
    await people.write(record_results, broadcast.id, [*sent, *lost], later(2))
    await people.write(finish_broadcast, broadcast.id, later(3))
    await people.write(set_on_broadcast, broadcast.id, reported_at=later(3))
    return broadcast


async def test_who_had_blocked_the_bot_gets_it_on_coming_back(people: Supporters) -> None:
    broadcast = await blocked_on_the_way(people)
    assert await people.read(due_broadcasts, later(9)) == []
    assert await people.write(mark_reachable, people.supporter(3), later(99))
    due = await people.read(due_broadcasts, later(99))
    assert [each.id for each in due] == [broadcast.id]
    waiting = (await people.deliveries(broadcast.id))[2]
    assert (waiting["attempts"], waiting["claim_token"]) == (0, None)
    (back,) = await claim(people, due[0])
    assert back.chat_id == 1003
    rows = await people.deliveries(broadcast.id)
    assert [row["attempts"] for row in rows if row["position"] == back.position] == [1]


async def test_after_thirty_days_it_would_come_out_of_the_blue(people: Supporters) -> None:
    await blocked_on_the_way(people)
    assert not await people.write(mark_reachable, people.supporter(3), NOON + MONTH)
    assert await people.unreachable() == []
    up_to_then = NOON + MONTH - timedelta(seconds=1)
    assert await people.write(mark_reachable, people.supporter(3), up_to_then)


async def test_who_comes_back_reads_it_in_a_language_that_it_has(people: Supporters) -> None:
    await people.sign([1])
    await people.sign([2], "fr")
    await people.sign([3])
    await people.speak(3, "en")
    for number in (2, 3):
        await people.lose(number)
    broadcast = await started(people)
    await tell(people, broadcast)
    for number in (2, 3):
        assert await people.write(mark_reachable, people.supporter(number), later(99))
    assert [each.language for each in await claim(people, broadcast)] == ["es", "en"]


async def test_who_was_not_meant_is_owed_nothing_on_coming_back(people: Supporters) -> None:
    await people.sign([1])
    await people.sign([2], "en")
    await people.sign([3], "es")
    await people.lose(2)
    await people.lose(3)
    await tell(people, await started(people, language="es"))
    assert not await people.write(mark_reachable, people.supporter(2), later(99))
    assert await people.write(mark_reachable, people.supporter(3), later(99))


async def test_what_was_missed_of_an_earlier_one_is_owed_and_only_once(people: Supporters) -> None:
    await people.sign([1, 2], "es")
    await people.sign([3], "en")
    await people.lose(2)
    spanish = await started(people, language="es")
    await tell(people, spanish)
    await tell(people, await started(people, language="en", at=later(9)))
    assert await people.write(mark_reachable, people.supporter(2), later(99))
    assert [each.chat_id for each in await claim(people, spanish)] == [1002]


async def test_of_two_that_were_missed_the_newer_one_is_owed(people: Supporters) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    older = await started(people)
    await tell(people, older)
    await people.sign([3])
    newer = await started(people, at=later(9))
    await tell(people, newer)
    for again in (99, 100):
        assert await people.write(mark_reachable, people.supporter(2), later(again))
    assert await claim(people, older) == []
    assert [each.chat_id for each in await claim(people, newer)] == [1002]


async def test_the_end_before_the_petition_was_opened_again_is_not_owed(
    people: Supporters,
) -> None:
    await blocked_on_the_way(people)
    await people.set_closed_at(later(90))
    assert not await people.write(mark_reachable, people.supporter(3), later(99))


async def test_a_correction_of_another_message_leaves_the_closing_update_as_it_is(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    update = await started(people, kind=Kind.UPDATE)
    await tell(people, update)
    await tell(people, await started(people))
    correction = {"kind": Kind.CORRECTION, "topic": Correction.of(update).topic}
    await tell(people, await started(people, at=later(9), **correction))
    assert await people.write(mark_reachable, people.supporter(2), later(99))


async def test_who_was_not_counted_is_owed_nothing(people: Supporters) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    await tell(people, await started(people, last_signature_number=1))
    assert not await people.write(mark_reachable, people.supporter(2), later(99))


async def test_who_comes_back_gets_each_notice_of_a_breach_however_late_and_in_silence(
    people: Supporters,
) -> None:
    await people.sign([1, 2])
    notices = []
    for number in range(4):
        notice = await approved(people, later(10 * number))
        notices.append(notice)
        taken = await claim(people, notice)
        told = Result(taken[0].position, taken[0].claim, Outcome.DELIVERED, (7,))
        lost = results(taken[1:], Outcome.UNREACHABLE)
        await people.write(record_results, notice.id, [told, *lost], later(10 * number + 2))
        if number < 3:
            await people.write(finish_broadcast, notice.id, later(10 * number + 3))
    await people.mute(2)
    await order(people, BroadcastAction.RECALL, notices[2], later(33))
    await order(people, BroadcastAction.PAUSE, notices[3], later(34))
    await people.sign([3])
    assert not await people.write(mark_reachable, people.supporter(3), later(35))
    assert await people.write(mark_reachable, people.supporter(2), NOON + 40 * MONTH)
    states = [await people.states(each.id) for each in notices]
    again = ["delivered", "pending"]
    assert states == [again, again, ["delivered"], again]


class TestUnderWay:
    """Who ended the silence while a message that is not the closing update goes out."""

    async def silent_on_the_way(self, people: Supporters) -> Broadcast:
        """One was told, two was passed over in silence, three was told too, four was away."""
        await people.sign([1, 2, 3, 4], updates=9)
        await people.lose(4)
        broadcast = await started(people, kind=Kind.UPDATE)
        await people.mute(2)
        await record(people, broadcast, await claim(people, broadcast), Outcome.DELIVERED)
        assert await people.states(broadcast.id) == ["delivered", "withdrawn", "delivered"]
        return broadcast

    async def test_is_not_told_while_the_silence_lasts_or_when_it_is_over(
        self, people: Supporters
    ) -> None:
        broadcast = await self.silent_on_the_way(people)
        assert not await people.write(mark_reachable, people.supporter(2), later(8))
        blocked = "UPDATE deliveries SET state = 'unreachable' WHERE position = 3"
        await write_sql(people.database, blocked)
        assert not await people.write(mark_reachable, people.supporter(3), later(8))
        for number in (1, 4):
            assert not await people.write(mark_reachable, people.supporter(number), later(8))
        await people.write(finish_broadcast, broadcast.id, later(9))
        await people.write(mute_supporter, people.supporter(2), None)
        assert not await people.write(mark_reachable, people.supporter(2), later(10))

    async def test_is_not_told_what_they_no_longer_agree_to(self, people: Supporters) -> None:
        await people.sign([1])
        await people.consent(1, "signature,news")
        news = {"kind": Kind.NEWS}
        broadcast = await started(people, **news)
        await people.mute(1)
        assert await claim(people, broadcast) == []
        await people.agree_no_more(1)
        await people.write(mute_supporter, people.supporter(1), None)
        assert not await people.write(mark_reachable, people.supporter(1), later(9))
