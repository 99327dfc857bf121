"""Tests that the kind of a broadcast decides who may receive it."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage import Audience, Broadcast, BroadcastAction, Broadcasts, Kind, Outcome, Signatures
from tests.support.broadcasts import claim, queued, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, Supporters, later

NEWS = Audience(news_only=True)


@pytest.fixture
async def four(people: Supporters) -> Supporters:
    """All chose messages about the petition; two chose other news too, one of them in English."""
    await people.sign([1, 3], "es", updates=9)
    await people.sign([2], "es")
    await people.sign([4], "en")
    for number in (2, 4):
        await people.consent(number, "signature,updates,news", 9)
    return people


async def test_other_news_go_to_those_who_agreed_to_them(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    assert await broadcasts.audience(kind=Kind.NEWS, audience=NEWS) == {"en": 1, "es": 1}
    broadcast = await started(broadcasts, kind=Kind.NEWS, audience=NEWS)
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002, 1004]


async def test_other_news_to_everyone_are_refused_by_the_database_itself(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    with pytest.raises(IntegrityError):
        await start(broadcasts, kind=Kind.NEWS)
    assert await broadcasts.history() == []


async def test_other_news_are_counted_for_those_who_agreed_whatever_is_asked(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    assert sum((await broadcasts.audience(kind=Kind.NEWS)).values()) == 2


async def test_who_takes_the_agreement_back_before_their_turn_gets_nothing(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    broadcast = await started(broadcasts, kind=Kind.NEWS, audience=NEWS)
    await four.agree_no_more(2)
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1004]
    assert await four.states(broadcast.id) == ["withdrawn", "sending"]


async def test_one_language_alone(broadcasts: Broadcasts, four: Supporters) -> None:
    await four.speak(1, "en")
    english = Audience(language="en")
    assert await broadcasts.audience(kind=Kind.UPDATE, audience=english) == {"en": 2}
    broadcast = await started(broadcasts, kind=Kind.UPDATE, audience=english)
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1001, 1004]
    assert broadcast.audience == english


async def test_a_second_message_goes_to_everyone_again_and_the_closing_update_never(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    await tell(broadcasts, await started(broadcasts))
    for moment in (10, 20):
        update = await started(broadcasts, kind=Kind.UPDATE, at=later(moment))
        assert update.total == 4
        await tell(broadcasts, update)
    assert await broadcasts.audience() == {}


async def test_messages_about_the_petition_go_to_those_who_chose_them_and_no_more_than_they_chose(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    await people.sign([2], updates=3)
    await people.sign([3])
    reached = []
    for number in range(4):
        counted = sum((await broadcasts.audience(kind=Kind.UPDATE)).values())
        update = await started(broadcasts, kind=Kind.UPDATE, at=later(10 * number))
        assert update.total == counted
        await tell(broadcasts, update)
        assert set(await people.states(update.id)) <= {"delivered"}
        reached.append([row["position"] for row in await people.deliveries(update.id)])
    assert reached == [[1, 2], [2], [2], []]


async def test_the_closing_update_comes_whatever_was_chosen_and_counts_for_nothing(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    await people.sign([2])
    closing = await started(broadcasts)
    assert closing.total == 2
    await tell(broadcasts, closing)
    assert await broadcasts.audience(kind=Kind.UPDATE) == {"es": 1}


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        (Outcome.DELIVERED, 0),
        (Outcome.UNCONFIRMED, 0),
        (Outcome.IN_DOUBT, 0),
        (Outcome.UNSENT, 1),
        (Outcome.REJECTED, 1),
    ],
)
async def test_what_may_have_arrived_counts_and_what_surely_did_not_does_not(
    broadcasts: Broadcasts, people: Supporters, outcome: Outcome, left: int
) -> None:
    await people.sign([1], updates=1)
    update = await started(broadcasts, kind=Kind.UPDATE)
    sent = results(await claim(broadcasts, update), outcome)
    await broadcasts.deliveries.record(update.id, sent, later(2))
    await broadcasts.change(BroadcastAction.CANCEL, update.id, ADMIN, later(3))
    await broadcasts.deliveries.settle(later(4))
    assert sum((await broadcasts.audience(kind=Kind.UPDATE)).values()) == left
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 1 - left


async def test_a_message_that_was_recalled_was_read_and_counts(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    update = await started(broadcasts, kind=Kind.UPDATE)
    await tell(broadcasts, update)
    await broadcasts.change(BroadcastAction.RECALL, update.id, ADMIN, later(6))
    assert await broadcasts.audience(kind=Kind.UPDATE) == {}


async def test_who_is_left_out_by_their_choice_is_counted(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2, 3, 4, 5], updates=1)
    await people.sign([6, 7])
    await people.consent(7, "signature,news")
    await people.mute(5)
    await signatures.end_consent(people.supporter(4), "updates", later(1))
    await tell(broadcasts, await started(broadcasts, kind=Kind.UPDATE, at_most=3))
    await people.sign([8], updates=1)
    assert await broadcasts.audience(kind=Kind.UPDATE) == {"es": 1}
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 3
    assert (await broadcasts.signers(Kind.UPDATE)).not_chosen == 3, "of whom one stopped them"
    assert (await broadcasts.signers(Kind.NEWS)).not_chosen == 6
    assert (await broadcasts.signers(Kind.CLOSING)).not_chosen == 0
    assert (await broadcasts.signers()).written_to == 7
    await people.mute(1)
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 2, "the others can be written to"


async def test_who_stops_the_messages_before_their_turn_gets_none_and_is_told_the_end(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1, 2], updates=3)
    update = await started(broadcasts, kind=Kind.UPDATE)
    await signatures.end_consent(people.supporter(1), "updates", later(1))
    assert [each.chat_id for each in await claim(broadcasts, update)] == [1002]
    assert await people.states(update.id) == ["withdrawn", "sending"]
    assert sum((await broadcasts.audience()).values()) == 2


async def test_what_goes_on_with_a_topic_leaves_out_who_was_told(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    first = await started(broadcasts, kind=Kind.UPDATE)
    batch = await claim(broadcasts, first, limit=1)
    await broadcasts.change(BroadcastAction.CANCEL, first.id, ADMIN, later(3))
    await broadcasts.deliveries.settle(later(4))
    assert await four.states(first.id) == ["unconfirmed", "pending", "pending", "pending"]
    rest = await started(broadcasts, kind=Kind.UPDATE, topic=first.topic, at=later(5))
    assert [each.chat_id for each in await claim(broadcasts, rest)] == [1002, 1003, 1004]
    assert [each.chat_id for each in batch] == [1001]


async def test_an_open_petition_has_updates_and_no_end(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    await four.set_closed(False)
    update = await start(broadcasts, kind=Kind.UPDATE)
    assert (await queued(broadcasts, update)).total == 4


async def test_who_wants_no_message_gets_none_until_they_do_again(
    broadcasts: Broadcasts, four: Supporters, signatures: Signatures
) -> None:
    broadcast = await started(broadcasts)
    await signatures.mute(four.supporter(1), later(1))
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002, 1003, 1004]
    assert (await broadcasts.signers()).muted == 1
    await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(2))
    await broadcasts.deliveries.settle(later(2))
    assert await broadcasts.audience() == {}
    await signatures.mute(four.supporter(1), None)
    assert await broadcasts.audience() == {"es": 1}


async def test_who_waits_in_a_paused_one_is_counted_for_no_other(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    told = results(await claim(broadcasts, broadcast, limit=1), Outcome.DELIVERED)
    await broadcasts.deliveries.record(broadcast.id, told, later(2))
    assert await broadcasts.audience() == {}, "two wait in one that is running"
    await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(3))
    assert await broadcasts.audience() == {}, "two wait in one that is paused"
    await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(4))
    assert await broadcasts.audience() == {"es": 2}, "two wait in none any more"


async def test_what_is_on_its_way_counts_among_the_messages_that_were_chosen(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2], updates=1)
    update = await started(broadcasts, kind=Kind.UPDATE)
    (first,) = await claim(broadcasts, update, limit=1)
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 2
    assert await broadcasts.audience(last_signature_number=1) == {"es": 1}
    await broadcasts.change(BroadcastAction.PAUSE, update.id, ADMIN, later(2))
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 2
    unsent = results([first], Outcome.UNSENT)
    await broadcasts.deliveries.record(update.id, unsent, later(3))
    await broadcasts.change(BroadcastAction.CANCEL, update.id, ADMIN, later(4))
    assert (await broadcasts.signers(Kind.UPDATE)).had_all == 0


async def test_who_cannot_be_reached_is_not_counted_for_the_silence_too(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2])
    for number in (1, 2):
        await people.mute(number)
    await people.lose(2)
    assert ((await broadcasts.signers()).muted, (await broadcasts.signers()).unreachable) == (1, 1)


async def test_a_purpose_whose_name_only_holds_the_word_is_another(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.consent(1, "signature,newsletter")
    await people.consent(2, "news,signature")
    assert await broadcasts.audience(kind=Kind.NEWS) == {"es": 1}


async def approved(broadcasts: Broadcasts, at: datetime, **changes: Any) -> Broadcast:
    """The notice of a breach: one admin asked, another approved, and it has begun."""
    asked = await start(broadcasts, kind=Kind.BREACH, needs_approval=True, at=at, **changes)
    assert isinstance(asked, Broadcast)
    assert asked.awaits_approval
    agreed = await broadcasts.change(BroadcastAction.APPROVE, asked.id, ADMIN + 1, at)
    assert agreed is not None
    return await queued(broadcasts, await broadcasts.begin(agreed, at))


async def test_a_breach_is_told_to_who_wants_no_messages_and_whatever_they_agreed_to(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    await four.mute(1)
    await four.mute(4)
    await four.lose(3)
    await four.set_closed(False)
    assert await broadcasts.audience(kind=Kind.BREACH) == {"en": 1, "es": 2}
    notice = await approved(broadcasts, later(0))
    assert [each.chat_id for each in await claim(broadcasts, notice)] == [1001, 1002, 1004]


async def test_who_says_stop_before_their_turn_is_told_of_a_breach_and_who_withdraws_is_not(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    notice = await approved(broadcasts, later(0))
    await four.mute(1)
    await four.withdraw(2)
    assert [each.chat_id for each in await claim(broadcasts, notice)] == [1001, 1003, 1004]


@pytest.mark.parametrize("right", ["restricted", "objected"])
async def test_who_restricted_the_use_or_objects_to_it_is_told_of_a_breach_alone(
    broadcasts: Broadcasts, four: Supporters, right: str
) -> None:
    sql = f"UPDATE signatures SET {right}_at = 1 WHERE number = 2"  # noqa: S608 - a constant
    await write_sql(four.database, sql)
    for kind in (Kind.CLOSING, Kind.UPDATE, Kind.NEWS):
        assert (await broadcasts.audience(kind=kind)).get("es", 0) == 2 * (kind is not Kind.NEWS)
    assert await broadcasts.audience(kind=Kind.BREACH) == {"en": 1, "es": 3}
    assert (await broadcasts.signers()).written_to == 3


async def test_another_breach_is_told_to_everyone_again_and_uses_up_nothing(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    await four.mute(1)
    await four.sign([5], "es", updates=1)
    before = {kind: await broadcasts.audience(kind=kind) for kind in (Kind.UPDATE, Kind.CLOSING)}
    for moment in (10, 20):
        notice = await approved(broadcasts, later(moment))
        assert notice.total == 5
        await tell(broadcasts, notice)
    after = {kind: await broadcasts.audience(kind=kind) for kind in (Kind.UPDATE, Kind.CLOSING)}
    assert after == before
    assert before[Kind.UPDATE] == {"en": 1, "es": 3}, "who chose one update has it still to come"
    assert before[Kind.CLOSING] == {"en": 1, "es": 3}, "who is muted is still not written to"
    assert (await broadcasts.signers()).muted == 1
    assert await broadcasts.written_to_alone(ADMIN, later(30)) == 0


async def test_a_breach_is_told_however_late_it_gets_its_turn(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    asked = await start(broadcasts, kind=Kind.BREACH, needs_approval=True)
    agreed = await broadcasts.change(BroadcastAction.APPROVE, asked.id, ADMIN + 1, later(0))
    assert agreed is not None
    assert (await broadcasts.begin(agreed, later(5 * 3600))).is_running


async def test_a_breach_is_never_told_to_some_of_the_people(
    broadcasts: Broadcasts, four: Supporters
) -> None:
    for some in (Audience(language="en"), Audience(news_only=True)):
        assert await start(broadcasts, kind=Kind.BREACH, audience=some) is None


@pytest.mark.parametrize("second", [Outcome.UNREACHABLE, Outcome.REJECTED, Outcome.FORBIDDEN])
async def test_what_may_have_arrived_counts_whatever_its_repetition_came_to(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures, second: Outcome
) -> None:
    await people.sign([1], updates=1)
    update = await started(broadcasts, kind=Kind.UPDATE)
    for outcome in (Outcome.IN_DOUBT, second):
        sent = results(await claim(broadcasts, update), outcome)
        await broadcasts.deliveries.record(update.id, sent, later(2))
    await broadcasts.finish(update.id, later(4))
    await signatures.mark_reachable(people.supporter(1), later(5))
    assert await broadcasts.audience(kind=Kind.UPDATE) == {}


async def test_what_may_have_arrived_counts_also_of_who_was_silent_before_its_repetition(
    broadcasts: Broadcasts, people: Supporters, signatures: Signatures
) -> None:
    await people.sign([1], updates=1)
    update = await started(broadcasts, kind=Kind.UPDATE)
    doubted = results(await claim(broadcasts, update), Outcome.IN_DOUBT)
    await broadcasts.deliveries.record(update.id, doubted, later(2))
    await people.mute(1)
    assert await claim(broadcasts, update) == []
    await broadcasts.finish(update.id, later(4))
    await signatures.mute(people.supporter(1), None)
    assert await broadcasts.audience(kind=Kind.UPDATE) == {}


async def test_whether_there_is_anybody_is_what_counting_them_says(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    assert [kind for kind in Kind if await broadcasts.has_recipients(kind)] == []
    await people.sign([1])
    assert [kind for kind in Kind if await broadcasts.has_recipients(kind)] == [
        kind for kind in Kind if await broadcasts.audience(kind=kind)
    ]
    await people.sign([2], updates=1)
    assert await broadcasts.has_recipients(Kind.UPDATE)
    await tell(broadcasts, await started(broadcasts, kind=Kind.UPDATE))
    assert not await broadcasts.has_recipients(Kind.UPDATE)
