"""Tests that the kind of a broadcast decides who may receive it."""

from datetime import datetime
from typing import Any

import pytest

from storage import Storage
from storage.broadcast_transitions import begin_broadcast, change_broadcast, finish_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind, Outcome
from storage.broadcasts import count_audience, count_signers, has_recipients, written_to_alone
from storage.consents import end_consent
from storage.deliveries import record_results, settle_deliveries
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter
from tests.support.broadcasts import claim, queued, results, start, started, tell
from tests.support.raw_sql import write_sql
from tests.support.supporters import ADMIN, Supporters, later


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
    storage: Storage, four: Supporters
) -> None:
    assert await storage.read(count_audience, kind=Kind.NEWS) == {"en": 1, "es": 1}
    broadcast = await started(storage, kind=Kind.NEWS)
    assert [each.chat_id for each in await claim(storage, broadcast)] == [1002, 1004]


async def test_who_takes_the_agreement_back_before_their_turn_gets_nothing(
    storage: Storage, four: Supporters
) -> None:
    broadcast = await started(storage, kind=Kind.NEWS)
    await four.agree_no_more(2)
    assert [each.chat_id for each in await claim(storage, broadcast)] == [1004]
    assert await four.states(broadcast.id) == ["withdrawn", "sending"]


async def test_one_language_alone(storage: Storage, four: Supporters) -> None:
    await four.speak(1, "en")
    assert await storage.read(count_audience, kind=Kind.UPDATE, only="en") == {"en": 2}
    broadcast = await started(storage, kind=Kind.UPDATE, language="en")
    assert [each.chat_id for each in await claim(storage, broadcast)] == [1001, 1004]
    assert broadcast.language == "en"


async def test_a_second_message_goes_to_everyone_again_and_the_closing_update_never(
    storage: Storage, four: Supporters
) -> None:
    await tell(storage, await started(storage))
    for moment in (10, 20):
        update = await started(storage, kind=Kind.UPDATE, at=later(moment))
        assert update.total == 4
        await tell(storage, update)
    assert await storage.read(count_audience) == {}


async def test_messages_about_the_petition_go_to_those_who_chose_them_and_no_more_than_they_chose(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    await people.sign([2], updates=3)
    await people.sign([3])
    reached = []
    for number in range(4):
        counted = sum((await storage.read(count_audience, kind=Kind.UPDATE)).values())
        update = await started(storage, kind=Kind.UPDATE, at=later(10 * number))
        assert update.total == counted
        await tell(storage, update)
        assert set(await people.states(update.id)) <= {"delivered"}
        reached.append([row["position"] for row in await people.deliveries(update.id)])
    assert reached == [[1, 2], [2], [2], []]


async def test_the_closing_update_comes_whatever_was_chosen_and_counts_for_nothing(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    await people.sign([2])
    closing = await started(storage)
    assert closing.total == 2
    await tell(storage, closing)
    assert await storage.read(count_audience, kind=Kind.UPDATE) == {"es": 1}


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
    storage: Storage, people: Supporters, outcome: Outcome, left: int
) -> None:
    await people.sign([1], updates=1)
    update = await started(storage, kind=Kind.UPDATE)
    sent = results(await claim(storage, update), outcome)
    await storage.write(record_results, update.id, sent, later(2))
    await storage.write(change_broadcast, BroadcastAction.CANCEL, update.id, ADMIN, later(3))
    await storage.write(settle_deliveries, later(4))
    assert sum((await storage.read(count_audience, kind=Kind.UPDATE)).values()) == left
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 1 - left


async def test_a_message_that_was_recalled_was_read_and_counts(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    update = await started(storage, kind=Kind.UPDATE)
    await tell(storage, update)
    await storage.write(change_broadcast, BroadcastAction.RECALL, update.id, ADMIN, later(6))
    assert await storage.read(count_audience, kind=Kind.UPDATE) == {}


async def test_who_is_left_out_by_their_choice_is_counted(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4, 5], updates=1)
    await people.sign([6, 7])
    await people.consent(7, "signature,news")
    await people.mute(5)
    await storage.write(end_consent, people.supporter(4), "updates", later(1))
    await tell(storage, await started(storage, kind=Kind.UPDATE, at_most=3))
    await people.sign([8], updates=1)
    assert await storage.read(count_audience, kind=Kind.UPDATE) == {"es": 1}
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 3
    assert (await storage.read(count_signers, Kind.UPDATE)).not_chosen == 3, (
        "of whom one stopped them"
    )
    assert (await storage.read(count_signers, Kind.NEWS)).not_chosen == 6
    assert (await storage.read(count_signers, Kind.CLOSING)).not_chosen == 0
    assert (await storage.read(count_signers)).written_to == 7
    await people.mute(1)
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 2, (
        "the others can be written to"
    )


async def test_who_stops_the_messages_before_their_turn_gets_none_and_is_told_the_end(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=3)
    update = await started(storage, kind=Kind.UPDATE)
    await storage.write(end_consent, people.supporter(1), "updates", later(1))
    assert [each.chat_id for each in await claim(storage, update)] == [1002]
    assert await people.states(update.id) == ["withdrawn", "sending"]
    assert sum((await storage.read(count_audience)).values()) == 2


async def test_what_goes_on_with_a_topic_leaves_out_who_was_told(
    storage: Storage, four: Supporters
) -> None:
    first = await started(storage, kind=Kind.UPDATE)
    batch = await claim(storage, first, limit=1)
    await storage.write(change_broadcast, BroadcastAction.CANCEL, first.id, ADMIN, later(3))
    await storage.write(settle_deliveries, later(4))
    assert await four.states(first.id) == ["unconfirmed", "pending", "pending", "pending"]
    rest = await started(storage, kind=Kind.UPDATE, topic=first.topic, at=later(5))
    assert [each.chat_id for each in await claim(storage, rest)] == [1002, 1003, 1004]
    assert [each.chat_id for each in batch] == [1001]


async def test_who_wants_no_message_gets_none_until_they_do_again(
    storage: Storage, four: Supporters
) -> None:
    broadcast = await started(storage)
    await storage.write(mute_supporter, four.supporter(1), later(1))
    assert [each.chat_id for each in await claim(storage, broadcast)] == [1002, 1003, 1004]
    assert (await storage.read(count_signers)).muted == 1
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(2))
    await storage.write(settle_deliveries, later(2))
    assert await storage.read(count_audience) == {}
    await storage.write(mute_supporter, four.supporter(1), None)
    assert await storage.read(count_audience) == {"es": 1}


async def test_who_waits_in_a_paused_one_is_counted_for_no_other(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    told = results(await claim(storage, broadcast, limit=1), Outcome.DELIVERED)
    await storage.write(record_results, broadcast.id, told, later(2))
    assert await storage.read(count_audience) == {}, "two wait in one that is running"
    await storage.write(change_broadcast, BroadcastAction.PAUSE, broadcast.id, ADMIN, later(3))
    assert await storage.read(count_audience) == {}, "two wait in one that is paused"
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(4))
    assert await storage.read(count_audience) == {"es": 2}, "two wait in none any more"


async def test_what_is_on_its_way_counts_among_the_messages_that_were_chosen(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=1)
    update = await started(storage, kind=Kind.UPDATE)
    (first,) = await claim(storage, update, limit=1)
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 2
    assert await storage.read(count_audience, last_signature_number=1) == {"es": 1}
    await storage.write(change_broadcast, BroadcastAction.PAUSE, update.id, ADMIN, later(2))
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 2
    unsent = results([first], Outcome.UNSENT)
    await storage.write(record_results, update.id, unsent, later(3))
    await storage.write(change_broadcast, BroadcastAction.CANCEL, update.id, ADMIN, later(4))
    assert (await storage.read(count_signers, Kind.UPDATE)).had_all == 0


async def test_who_cannot_be_reached_is_not_counted_for_the_silence_too(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    for number in (1, 2):
        await people.mute(number)
    await people.lose(2)
    assert (
        (await storage.read(count_signers)).muted,
        (await storage.read(count_signers)).unreachable,
    ) == (1, 1)


async def test_a_purpose_whose_name_only_holds_the_word_is_another(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.consent(1, "signature,newsletter")
    await people.consent(2, "news,signature")
    assert await storage.read(count_audience, kind=Kind.NEWS) == {"es": 1}


async def approved(storage: Storage, at: datetime, **changes: Any) -> Broadcast:
    """The notice of a breach: one admin asked, another approved, and it has begun."""
    asked = await start(storage, kind=Kind.BREACH, needs_approval=True, at=at, **changes)
    assert isinstance(asked, Broadcast)
    assert asked.awaits_approval
    agreed = await storage.write(
        change_broadcast, BroadcastAction.APPROVE, asked.id, ADMIN + 1, at
    )
    assert agreed is not None
    return await queued(storage, await storage.write(begin_broadcast, agreed, at))


async def test_who_says_stop_before_their_turn_is_told_of_a_breach_and_who_withdraws_is_not(
    storage: Storage, four: Supporters
) -> None:
    notice = await approved(storage, later(0))
    await four.mute(1)
    await four.withdraw(2)
    assert [each.chat_id for each in await claim(storage, notice)] == [1001, 1003, 1004]


@pytest.mark.parametrize("right", ["restricted", "objected"])
async def test_who_restricted_the_use_or_objects_to_it_is_told_of_a_breach_alone(
    storage: Storage, four: Supporters, right: str
) -> None:
    sql = f"UPDATE signatures SET {right}_at = 1 WHERE number = 2"  # noqa: S608 - a constant
    await write_sql(four.database, sql)
    for kind in (Kind.CLOSING, Kind.UPDATE, Kind.NEWS):
        assert (await storage.read(count_audience, kind=kind)).get("es", 0) == 2 * (
            kind is not Kind.NEWS
        )
    assert await storage.read(count_audience, kind=Kind.BREACH) == {"en": 1, "es": 3}
    assert (await storage.read(count_signers)).written_to == 3


async def test_another_breach_is_told_to_everyone_again_and_uses_up_nothing(
    storage: Storage, four: Supporters
) -> None:
    await four.mute(1)
    await four.sign([5], "es", updates=1)
    before = {
        kind: await storage.read(count_audience, kind=kind) for kind in (Kind.UPDATE, Kind.CLOSING)
    }
    for moment in (10, 20):
        notice = await approved(storage, later(moment))
        assert notice.total == 5
        await tell(storage, notice)
    after = {
        kind: await storage.read(count_audience, kind=kind) for kind in (Kind.UPDATE, Kind.CLOSING)
    }
    assert after == before
    assert before[Kind.UPDATE] == {"en": 1, "es": 3}, "who chose one update has it still to come"
    assert before[Kind.CLOSING] == {"en": 1, "es": 3}, "who is muted is still not written to"
    assert (await storage.read(count_signers)).muted == 1
    assert await storage.read(written_to_alone, ADMIN, later(30)) == 0


async def test_a_breach_is_told_however_late_it_gets_its_turn(
    storage: Storage, four: Supporters
) -> None:
    asked = await start(storage, kind=Kind.BREACH, needs_approval=True)
    agreed = await storage.write(
        change_broadcast, BroadcastAction.APPROVE, asked.id, ADMIN + 1, later(0)
    )
    assert agreed is not None
    assert (await storage.write(begin_broadcast, agreed, later(5 * 3600))).is_running


async def test_a_breach_is_never_told_to_some_of_the_people(
    storage: Storage, four: Supporters
) -> None:
    assert await start(storage, kind=Kind.BREACH, language="en") is None


@pytest.mark.parametrize("second", [Outcome.UNREACHABLE, Outcome.REJECTED, Outcome.FORBIDDEN])
async def test_what_may_have_arrived_counts_whatever_its_repetition_came_to(
    storage: Storage, people: Supporters, second: Outcome
) -> None:
    await people.sign([1], updates=1)
    update = await started(storage, kind=Kind.UPDATE)
    for outcome in (Outcome.IN_DOUBT, second):
        sent = results(await claim(storage, update), outcome)
        await storage.write(record_results, update.id, sent, later(2))
    await storage.write(finish_broadcast, update.id, later(4))
    await storage.write(mark_reachable, people.supporter(1), later(5))
    assert await storage.read(count_audience, kind=Kind.UPDATE) == {}


async def test_what_may_have_arrived_counts_also_of_who_was_silent_before_its_repetition(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1], updates=1)
    update = await started(storage, kind=Kind.UPDATE)
    doubted = results(await claim(storage, update), Outcome.IN_DOUBT)
    await storage.write(record_results, update.id, doubted, later(2))
    await people.mute(1)
    assert await claim(storage, update) == []
    await storage.write(finish_broadcast, update.id, later(4))
    await storage.write(mute_supporter, people.supporter(1), None)
    assert await storage.read(count_audience, kind=Kind.UPDATE) == {}


async def test_whether_there_is_anybody_is_what_counting_them_says(
    storage: Storage, people: Supporters
) -> None:
    assert [kind for kind in Kind if await storage.read(has_recipients, kind)] == []
    await people.sign([1])
    assert [kind for kind in Kind if await storage.read(has_recipients, kind)] == [
        kind for kind in Kind if await storage.read(count_audience, kind=kind)
    ]
    await people.sign([2], updates=1)
    assert await storage.read(has_recipients, Kind.UPDATE)
    await tell(storage, await started(storage, kind=Kind.UPDATE))
    assert not await storage.read(has_recipients, Kind.UPDATE)
