"""Tests that the kind of a broadcast decides who may receive it."""

from datetime import datetime
from typing import Any

import pytest

from storage import Storage
from storage.broadcast_transitions import begin_broadcast, finish_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind, Outcome
from storage.broadcasts import count_audience, count_signers, has_recipients, written_to_alone
from storage.consents import end_consent
from storage.deliveries import settle_deliveries
from storage.signatures import mute_supporter
from tests.support.broadcasts import (
    claim,
    order,
    queued,
    recipients_of,
    record,
    start,
    started,
    started_to,
    tell,
)
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


async def test_other_news_go_to_those_who_agreed_to_them(four: Supporters) -> None:
    assert await four.read(count_audience, kind=Kind.NEWS) == {"en": 1, "es": 1}
    broadcast = await started(four, kind=Kind.NEWS)
    assert [each.chat_id for each in await claim(four, broadcast)] == [1002, 1004]


async def test_who_takes_the_agreement_back_before_their_turn_gets_nothing(
    four: Supporters,
) -> None:
    broadcast = await started(four, kind=Kind.NEWS)
    await four.agree_no_more(2)
    assert [each.chat_id for each in await claim(four, broadcast)] == [1004]
    assert await four.states(broadcast.id) == ["withdrawn", "sending"]


async def test_a_second_message_goes_to_everyone_again_and_the_closing_update_never(
    four: Supporters,
) -> None:
    await tell(four, await started(four))
    for moment in (10, 20):
        update = await started(four, kind=Kind.UPDATE, at=later(moment))
        assert await recipients_of(four, update) == 4
        await tell(four, update)
    assert await four.read(count_audience) == {}


async def test_messages_about_the_petition_go_to_those_who_chose_them_and_no_more_than_they_chose(
    people: Supporters,
) -> None:
    await people.sign([1], updates=1)
    await people.sign([2], updates=3)
    await people.sign([3])
    reached = []
    for number in range(4):
        counted = sum((await people.read(count_audience, kind=Kind.UPDATE)).values())
        update = await started(people, kind=Kind.UPDATE, at=later(10 * number))
        assert await recipients_of(people, update) == counted
        await tell(people, update)
        assert set(await people.states(update.id)) <= {"delivered"}
        reached.append([row["position"] for row in await people.deliveries(update.id)])
    assert reached == [[1, 2], [2], [2], []]


async def test_the_closing_update_comes_whatever_was_chosen_and_counts_for_nothing(
    people: Supporters,
) -> None:
    await people.sign([1], updates=1)
    closing = await started_to(people, [2])
    assert await recipients_of(people, closing) == 2
    await tell(people, closing)
    assert await people.read(count_audience, kind=Kind.UPDATE) == {"es": 1}


async def test_who_is_left_out_by_their_choice_is_counted(people: Supporters) -> None:
    await people.sign([1, 2, 3, 4, 5], updates=1)
    await people.sign([6, 7])
    await people.consent(7, "signature,news")
    await people.mute(5)
    await people.lose(5)
    await people.write(end_consent, people.supporter(4), "updates", later(1))
    await tell(people, await started(people, kind=Kind.UPDATE, at_most=3))
    await people.sign([8], updates=1)
    assert await people.read(count_audience, kind=Kind.UPDATE) == {"es": 1}
    assert (await people.read(count_signers, Kind.UPDATE)).had_all == 3
    assert (await people.read(count_signers, Kind.UPDATE)).not_chosen == 3, (
        "of whom one stopped them"
    )
    assert (await people.read(count_signers, Kind.NEWS)).not_chosen == 6
    assert (await people.read(count_signers, Kind.CLOSING)).not_chosen == 0
    signers = await people.read(count_signers)
    assert (signers.written_to, signers.unreachable, signers.muted) == (7, 1, 0)
    await people.mute(1)
    assert (await people.read(count_signers, Kind.UPDATE)).had_all == 2, (
        "the others can be written to"
    )


async def test_who_stops_the_messages_before_their_turn_gets_none_and_is_told_the_end(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=3)
    update = await started(people, kind=Kind.UPDATE)
    await people.write(end_consent, people.supporter(1), "updates", later(1))
    assert [each.chat_id for each in await claim(people, update)] == [1002]
    assert await people.states(update.id) == ["withdrawn", "sending"]
    assert sum((await people.read(count_audience)).values()) == 2


async def test_what_goes_on_with_a_topic_leaves_out_who_was_told(four: Supporters) -> None:
    first = await started(four, kind=Kind.UPDATE)
    batch = await claim(four, first, limit=1)
    await order(four, BroadcastAction.CANCEL, first, later(3))
    await four.write(settle_deliveries, later(4))
    assert await four.states(first.id) == ["unconfirmed", "pending", "pending", "pending"]
    rest = await started(four, kind=Kind.UPDATE, topic=first.topic, at=later(5))
    assert [each.chat_id for each in await claim(four, rest)] == [1002, 1003, 1004]
    assert [each.chat_id for each in batch] == [1001]


async def test_a_purpose_whose_name_only_holds_the_word_is_another(people: Supporters) -> None:
    await people.sign([1, 2])
    await people.consent(1, "signature,newsletter")
    await people.consent(2, "news,signature")
    assert await people.read(count_audience, kind=Kind.NEWS) == {"es": 1}


async def approved(storage: Storage, at: datetime, **changes: Any) -> Broadcast:
    """The notice of a breach: one admin asked, another approved, and it has begun."""
    asked = await start(storage, kind=Kind.BREACH, needs_approval=True, at=at, **changes)
    assert isinstance(asked, Broadcast)
    assert asked.awaits_approval
    agreed = await order(storage, BroadcastAction.APPROVE, asked, at, actor=ADMIN + 1)
    assert agreed is not None
    return await queued(storage, await storage.write(begin_broadcast, agreed, at))


@pytest.mark.parametrize("right", ["restricted", "objected"])
async def test_who_restricted_the_use_or_objects_to_it_is_told_of_a_breach_alone(
    four: Supporters, right: str
) -> None:
    await four.change(2, f"{right}_at = 1")
    for kind in (Kind.CLOSING, Kind.UPDATE, Kind.NEWS):
        assert (await four.read(count_audience, kind=kind)).get("es", 0) == 2 * (
            kind is not Kind.NEWS
        )
    assert await four.read(count_audience, kind=Kind.BREACH) == {"en": 1, "es": 3}
    assert (await four.read(count_signers)).written_to == 3


async def test_another_breach_is_told_to_everyone_again_and_uses_up_nothing(
    four: Supporters,
) -> None:
    await four.mute(1)
    await four.sign([5], "es", updates=1)
    for moment in (10, 20):
        notice = await approved(four, later(moment))
        assert await recipients_of(four, notice) == 5
        await tell(four, notice)
    # Who chose one update has it still to come, and who is muted is still not written to.
    for kind in (Kind.UPDATE, Kind.CLOSING):
        assert await four.read(count_audience, kind=kind) == {"en": 1, "es": 3}
    assert (await four.read(count_signers)).muted == 1
    assert await four.read(written_to_alone, ADMIN, later(30)) == 0


async def test_a_breach_is_never_told_to_some_of_the_people(four: Supporters) -> None:
    assert await start(four, kind=Kind.BREACH, language="en") is None


async def test_what_may_have_arrived_counts_also_of_who_was_silent_before_its_repetition(
    people: Supporters,
) -> None:
    await people.sign([1], updates=1)
    update = await started(people, kind=Kind.UPDATE)
    await record(people, update, await claim(people, update), Outcome.IN_DOUBT)
    await people.mute(1)
    assert await claim(people, update) == []
    await people.write(finish_broadcast, update.id, later(4))
    await people.write(mute_supporter, people.supporter(1), None)
    assert await people.read(count_audience, kind=Kind.UPDATE) == {}


async def test_an_update_that_waits_counts_and_one_that_may_have_arrived_also_when_cancelled(
    people: Supporters,
) -> None:
    await people.sign([1], updates=1)
    update = await started(people, kind=Kind.UPDATE)
    assert await people.read(count_audience, kind=Kind.UPDATE) == {}
    await record(people, update, await claim(people, update), Outcome.IN_DOUBT)
    await order(people, BroadcastAction.CANCEL, update, later(4))
    assert await people.states(update.id) == ["pending"]
    assert await people.read(count_audience, kind=Kind.UPDATE) == {}


@pytest.mark.parametrize("refusal", [Outcome.REJECTED, Outcome.FORBIDDEN, Outcome.UNREACHABLE])
async def test_what_was_refused_counts_for_whom_an_answer_was_lost_before_and_for_nobody_else(
    people: Supporters, refusal: Outcome
) -> None:
    await people.sign([1, 2], updates=1)
    update = await started(people, kind=Kind.UPDATE)
    lost, refused = await claim(people, update)
    await record(people, update, [lost], Outcome.IN_DOUBT)
    await record(people, update, [refused, *await claim(people, update)], refusal)
    await people.write(finish_broadcast, update.id, later(4))
    for number in (1, 2):
        await people.lose(number, reachable=True)
    another = await started(people, kind=Kind.UPDATE, at=later(9))
    assert [each.chat_id for each in await claim(people, another)] == [1002]


async def test_whether_there_is_anybody_is_what_counting_them_says(people: Supporters) -> None:
    assert [kind for kind in Kind if await people.read(has_recipients, kind)] == []
    await people.sign([1])
    assert [kind for kind in Kind if await people.read(has_recipients, kind)] == [
        kind for kind in Kind if await people.read(count_audience, kind=kind)
    ]
    await people.sign([2], updates=1)
    assert await people.read(has_recipients, Kind.UPDATE)
    await tell(people, await started(people, kind=Kind.UPDATE))
    assert not await people.read(has_recipients, Kind.UPDATE)
