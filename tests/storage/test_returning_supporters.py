"""Tests that supporters who return within thirty days of the closing get the closing update."""

from datetime import timedelta

import pytest

from storage import (
    Audience,
    Broadcast,
    BroadcastAction,
    Broadcasts,
    Kind,
    PersonalData,
    Recalled,
    Recalls,
    Signatures,
)
from storage.broadcast_types import Correction, Outcome, Result
from tests.storage.test_eligibility import approved
from tests.support.broadcasts import ME, claim, queued, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, NOON, Supporters, later

MONTH = timedelta(days=30)


async def blocked_on_the_way(broadcasts: Broadcasts, people: Supporters) -> Broadcast:
    """One and two are told, three has blocked the bot by then."""
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    first, second, third = await claim(broadcasts, broadcast)
    sent = results([first, second], Outcome.DELIVERED)
    lost = results([third], Outcome.UNREACHABLE)
    await broadcasts.deliveries.record(broadcast.id, [*sent, *lost], later(2))
    await broadcasts.finish(broadcast.id, later(3))
    await broadcasts.note(broadcast.id, reported_at=later(3))
    return broadcast


async def test_who_had_blocked_the_bot_gets_it_on_coming_back(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    broadcast = await blocked_on_the_way(broadcasts, people)
    assert await broadcasts.due(later(9)) == []
    assert await signatures.mark_reachable(people.supporter(3), later(99))
    due = await broadcasts.due(later(99))
    assert [each.id for each in due] == [broadcast.id]
    waiting = (await people.deliveries(broadcast.id))[2]
    assert (waiting["attempts"], waiting["claim_token"]) == (0, None)
    (back,) = await claim(broadcasts, due[0])
    assert back.chat_id == 1003
    rows = await people.deliveries(broadcast.id)
    assert [row["attempts"] for row in rows if row["position"] == back.position] == [1]


async def test_who_was_lost_before_it_began_gets_it_too(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await started(broadcasts)
    await tell(broadcasts, broadcast)
    assert await signatures.mark_reachable(people.supporter(2), later(99))
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002]


async def test_coming_back_twice_is_coming_back_once(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    broadcast = await blocked_on_the_way(broadcasts, people)
    await signatures.mark_reachable(people.supporter(3), later(99))
    await tell(broadcasts, broadcast)
    assert not await signatures.mark_reachable(people.supporter(3), later(120))
    await signatures.mark_unreachable(people.supporter(3), later(130))
    assert not await signatures.mark_reachable(people.supporter(3), later(140))
    assert await claim(broadcasts, broadcast) == []


async def test_after_thirty_days_it_would_come_out_of_the_blue(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert not await signatures.mark_reachable(people.supporter(3), NOON + MONTH)
    assert await people.unreachable() == []


async def test_up_to_then_it_is_owed(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert await signatures.mark_reachable(
        people.supporter(3), NOON + MONTH - timedelta(seconds=1)
    )


async def test_a_petition_that_is_open_again_owes_nobody_its_end(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    await people.set_closed(False)
    assert not await signatures.mark_reachable(people.supporter(3), later(99))


async def test_a_message_that_is_not_the_closing_update_is_not_owed(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    await tell(broadcasts, await started(broadcasts, kind=Kind.UPDATE))
    assert not await signatures.mark_reachable(people.supporter(2), later(99))


async def test_who_never_left_is_owed_nothing(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert not await signatures.mark_reachable(people.supporter(1), later(99))
    assert not await signatures.mark_reachable(b"nobody", later(99))


async def test_who_comes_back_reads_it_in_a_language_that_it_has(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1])
    await people.sign([2], "fr")
    await people.sign([3])
    await people.speak(3, "en")
    for number in (2, 3):
        await people.lose(number)
    broadcast = await started(broadcasts)
    await tell(broadcasts, broadcast)
    for number in (2, 3):
        assert await signatures.mark_reachable(people.supporter(number), later(99))
    assert [each.language for each in await claim(broadcasts, broadcast)] == ["es", "en"]


async def test_who_was_not_meant_is_owed_nothing_on_coming_back(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1])
    await people.sign([2], "en")
    await people.sign([3], "es")
    await people.lose(2)
    await people.lose(3)
    await tell(broadcasts, await started(broadcasts, audience=Audience(language="es")))
    assert not await signatures.mark_reachable(people.supporter(2), later(99))
    assert await signatures.mark_reachable(people.supporter(3), later(99))


async def test_what_was_recalled_is_sent_to_nobody_who_comes_back(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2, 3, 4])
    await people.lose(4)
    broadcast = await started(broadcasts)
    first, *others = await claim(broadcasts, broadcast)
    sent = Result(first.position, first.claim, Outcome.DELIVERED, (17,))
    lost = results(others, Outcome.UNREACHABLE)
    await broadcasts.deliveries.record(broadcast.id, [sent, *lost], later(2))
    await broadcasts.finish(broadcast.id, later(3))
    assert await signatures.mark_reachable(people.supporter(2), later(4))
    await broadcasts.change(BroadcastAction.RECALL, broadcast.id, ADMIN, later(5))
    assert await claim(broadcasts, broadcast) == []
    assert not await signatures.mark_reachable(people.supporter(3), later(6))
    assert not await signatures.mark_reachable(people.supporter(4), later(6))
    await broadcasts.note(broadcast.id, reported_at=later(7))
    recalls = Recalls(people.database, people.slug, people.keyring)
    await recalls.record(broadcast.id, Recalled.DELETED, [first.position])
    await recalls.end(broadcast.id, later(8))
    assert await broadcasts.due(later(9)) == []


async def test_what_was_missed_of_an_earlier_one_is_owed_and_only_once(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2], "es")
    await people.sign([3], "en")
    await people.lose(2)
    spanish = await started(broadcasts, audience=Audience(language="es"))
    await tell(broadcasts, spanish)
    await tell(broadcasts, await started(broadcasts, audience=Audience("en"), at=later(9)))
    assert await signatures.mark_reachable(people.supporter(2), later(99))
    assert [each.chat_id for each in await claim(broadcasts, spanish)] == [1002]


async def test_of_two_that_were_missed_the_newer_one_is_owed(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    older = await started(broadcasts)
    await tell(broadcasts, older)
    await people.sign([3])
    newer = await started(broadcasts, at=later(9))
    await tell(broadcasts, newer)
    for again in (99, 100):
        assert await signatures.mark_reachable(people.supporter(2), later(again))
    assert await claim(broadcasts, older) == []
    assert [each.chat_id for each in await claim(broadcasts, newer)] == [1002]


@pytest.mark.parametrize("otherwise", ["muted_at = 1", "invalidation_id = id"])
async def test_who_asked_for_silence_or_is_not_counted_is_owed_nothing(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures, otherwise: str
) -> None:
    await blocked_on_the_way(broadcasts, people)
    await write_sql(people.database, f"UPDATE signatures SET {otherwise}")  # noqa: S608 - a constant
    assert not await signatures.mark_reachable(people.supporter(3), later(99))


async def test_the_end_before_the_petition_was_opened_again_is_not_owed(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    await people.set_closed_at(later(90))
    assert not await signatures.mark_reachable(people.supporter(3), later(99))


async def test_what_was_cancelled_before_it_came_to_them_is_not_owed(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await started(broadcasts)
    assert await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(2))
    assert not await signatures.mark_reachable(people.supporter(2), later(99))


async def test_a_correction_of_another_message_leaves_the_closing_update_as_it_is(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    update = await started(broadcasts, kind=Kind.UPDATE)
    await tell(broadcasts, update)
    await tell(broadcasts, await started(broadcasts))
    correction = {"kind": Kind.CORRECTION, "topic": Correction.of(update).topic}
    await tell(broadcasts, await started(broadcasts, at=later(9), **correction))
    assert await signatures.mark_reachable(people.supporter(2), later(99))


async def test_who_was_not_counted_is_owed_nothing(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    await tell(broadcasts, await started(broadcasts, last_signature_number=1))
    assert not await signatures.mark_reachable(people.supporter(2), later(99))


async def test_who_is_back_before_the_list_is_written_stands_in_it_like_everybody(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await start(broadcasts)
    assert not await signatures.mark_reachable(people.supporter(2), later(1))
    await queued(broadcasts, broadcast)
    assert [each["position"] for each in await people.deliveries(broadcast.id)] == [1, 2]


async def test_who_may_have_been_told_already_is_not_told_again(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1])
    first = await started(broadcasts)
    doubted = results(await claim(broadcasts, first), Outcome.UNCONFIRMED)
    await broadcasts.deliveries.record(first.id, doubted, later(2))
    await broadcasts.finish(first.id, later(3))
    await people.lose(1)
    await people.sign([2])
    await tell(broadcasts, await started(broadcasts, at=later(9)))
    assert not await signatures.mark_reachable(people.supporter(1), later(99))


async def queue_portion(broadcasts: Broadcasts, broadcast: Broadcast, portion: int) -> bool:
    """Write the rows of some."""
    return await broadcasts.deliveries.enqueue(broadcast, holder=ME, portion=portion, at=later(1))


async def test_who_is_back_after_the_list_came_to_them_is_put_on_it(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2, 3, 4])
    await people.lose(2)
    await people.lose(3)
    broadcast = await start(broadcasts)
    assert not await queue_portion(broadcasts, broadcast, 2)
    assert await signatures.mark_reachable(people.supporter(2), later(1))
    assert not await signatures.mark_reachable(people.supporter(3), later(1))
    await queued(broadcasts, broadcast)
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [
        1001,
        1003,
        1004,
        1002,
    ]
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    assert found.total == 4


async def test_who_comes_back_gets_each_notice_of_a_breach_however_late_and_in_silence(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    notices = []
    for number in range(4):
        notice = await approved(broadcasts, later(10 * number))
        notices.append(notice)
        taken = await claim(broadcasts, notice)
        told = Result(taken[0].position, taken[0].claim, Outcome.DELIVERED, (7,))
        lost = results(taken[1:], Outcome.UNREACHABLE)
        await broadcasts.deliveries.record(notice.id, [told, *lost], later(10 * number + 2))
        if number < 3:
            await broadcasts.finish(notice.id, later(10 * number + 3))
    await people.mute(2)
    await broadcasts.change(BroadcastAction.RECALL, notices[2].id, ADMIN, later(33))
    await broadcasts.change(BroadcastAction.PAUSE, notices[3].id, ADMIN, later(34))
    await people.sign([3])
    assert not await signatures.mark_reachable(people.supporter(3), later(35))
    assert await signatures.mark_reachable(people.supporter(2), NOON + 40 * MONTH)
    states = [await people.states(each.id) for each in notices]
    again = ["delivered", "pending"]
    assert states == [again, again, ["delivered"], again]


async def test_who_was_away_when_a_breach_was_told_is_owed_that_alone(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    notice = await approved(broadcasts, later(0))
    await tell(broadcasts, notice)
    assert await signatures.mark_reachable(people.supporter(2), later(9))
    assert [each.chat_id for each in await claim(broadcasts, notice)] == [1002]


class TestUnderWay:
    """Who ended the silence while a message that is not the closing update goes out."""

    async def silent_on_the_way(self, broadcasts: Broadcasts, people: Supporters) -> Broadcast:
        """One was told, two was passed over in silence, three was told too, four was away."""
        await people.sign([1, 2, 3, 4], updates=9)
        await people.lose(4)
        broadcast = await started(broadcasts, kind=Kind.UPDATE)
        await people.mute(2)
        told = results(await claim(broadcasts, broadcast), Outcome.DELIVERED)
        await broadcasts.deliveries.record(broadcast.id, told, later(2))
        assert await people.states(broadcast.id) == ["delivered", "withdrawn", "delivered"]
        return broadcast

    async def test_is_told_with_everybody_else(
        self, broadcasts: Broadcasts, people: Supporters, signatures: Signatures
    ) -> None:
        broadcast = await self.silent_on_the_way(broadcasts, people)
        await signatures.mute(people.supporter(2), None)
        assert await signatures.mark_reachable(people.supporter(2), later(9))
        assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002]

    async def test_is_told_once_it_goes_on_when_it_is_paused(
        self, broadcasts: Broadcasts, people: Supporters, signatures: Signatures
    ) -> None:
        broadcast = await self.silent_on_the_way(broadcasts, people)
        await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(3))
        await signatures.mute(people.supporter(2), None)
        assert await signatures.mark_reachable(people.supporter(2), later(9))
        await broadcasts.change(BroadcastAction.RESUME, broadcast.id, ADMIN, later(10))
        assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002]

    async def test_is_not_told_while_the_silence_lasts_or_when_it_is_over(
        self, broadcasts: Broadcasts, people: Supporters, signatures: Signatures
    ) -> None:
        broadcast = await self.silent_on_the_way(broadcasts, people)
        assert not await signatures.mark_reachable(people.supporter(2), later(8))
        blocked = "UPDATE deliveries SET state = 'unreachable' WHERE position = 3"
        await write_sql(people.database, blocked)
        assert not await signatures.mark_reachable(people.supporter(3), later(8))
        for number in (1, 4):
            assert not await signatures.mark_reachable(people.supporter(number), later(8))
        await broadcasts.finish(broadcast.id, later(9))
        await signatures.mute(people.supporter(2), None)
        assert not await signatures.mark_reachable(people.supporter(2), later(10))

    async def test_is_told_once_more_at_most_of_what_was_in_doubt(
        self, broadcasts: Broadcasts, people: Supporters, signatures: Signatures
    ) -> None:
        await people.sign([1], updates=1)
        broadcast = await started(broadcasts, kind=Kind.UPDATE)
        doubted = results(await claim(broadcasts, broadcast), Outcome.IN_DOUBT)
        await broadcasts.deliveries.record(broadcast.id, doubted, later(2))
        await people.mute(1)
        assert await claim(broadcasts, broadcast) == []
        await signatures.mute(people.supporter(1), None)
        assert await signatures.mark_reachable(people.supporter(1), later(9))
        held = PersonalData(people.database, people.slug, people.keyring)
        (given,) = (await held.of(1001)).deliveries
        assert (given["state"], given["updated_at"]) == ("pending", later(9))
        doubted = results(await claim(broadcasts, broadcast), Outcome.IN_DOUBT)
        await broadcasts.deliveries.record(broadcast.id, doubted, later(10))
        assert await people.states(broadcast.id) == ["unconfirmed"]

    async def test_is_not_told_what_they_no_longer_agree_to(
        self, broadcasts: Broadcasts, people: Supporters, signatures: Signatures
    ) -> None:
        await people.sign([1])
        await people.consent(1, "signature,news")
        news = {"kind": Kind.NEWS, "audience": Audience(news_only=True)}
        broadcast = await started(broadcasts, **news)
        await people.mute(1)
        assert await claim(broadcasts, broadcast) == []
        await people.agree_no_more(1)
        await signatures.mute(people.supporter(1), None)
        assert not await signatures.mark_reachable(people.supporter(1), later(9))
