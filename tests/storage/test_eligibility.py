"""Tests that its kind decides who may receive a broadcast, and who is told what is right."""

from datetime import datetime
from typing import Any

import pytest

from storage import Storage
from storage.approvals import written_to_alone
from storage.broadcast_transitions import (
    begin_broadcast,
    finish_broadcast,
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
from storage.broadcasts import count_audience, count_signers, has_recipients
from storage.consents import end_consent
from storage.deliveries import record_results
from storage.erasures import DueBefore, count_due_signatures
from storage.recalls import end_recall, record_recalled
from storage.returning_supporters import mark_reachable
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


ALL = DueBefore(later(9))


async def sent(
    storage: Storage, broadcast: Broadcast, at: float = 2, most: int = 1000
) -> list[int]:
    """It arrives, and leaves messages that can be recalled; returns the chats."""
    batch = await claim(storage, broadcast, limit=most)
    arrived = [Result(each.position, each.claim, Outcome.DELIVERED, (7,)) for each in batch]
    await storage.write(record_results, broadcast.id, arrived, later(at))
    await storage.write(finish_broadcast, broadcast.id, later(at))
    await order(storage, BroadcastAction.CANCEL, broadcast, later(at))
    return [each.chat_id for each in batch]


async def corrected(storage: Storage, wrong: Broadcast, at: float = 10) -> Broadcast:
    topic = Correction.of(wrong).topic
    return await started(storage, kind=Kind.CORRECTION, topic=topic, at=later(at))


async def waiting(storage: Storage, kind: Kind = Kind.CLOSING, topic: str | None = None) -> int:
    return sum((await storage.read(count_audience, kind=kind, topic=topic)).values())


async def test_a_closing_update_that_was_recalled_has_told_nobody(people: Supporters) -> None:
    wrong = await started_to(people, [1, 2, 3])
    assert await sent(people, wrong, most=2) == [1001, 1002]
    assert await waiting(people) == 1
    await order(people, BroadcastAction.RECALL, wrong, later(3))
    await people.write(record_recalled, wrong.id, Recalled.DELETED, [1])
    await people.write(record_recalled, wrong.id, Recalled.FAILED, [2])
    await people.write(end_recall, wrong.id, later(4))
    assert await waiting(people) == 3, "also whose message could not be deleted any more"
    assert (await people.read(count_due_signatures, ALL)).untold == 3, "nobody is erased untold"
    right = await started(people, at=later(10))
    assert await sent(people, right) == [1001, 1002, 1003]
    assert await waiting(people) == 0
    assert (await people.read(count_due_signatures, ALL)).untold == 0


async def test_a_correction_goes_to_those_who_got_what_was_wrong(people: Supporters) -> None:
    wrong = await started_to(people, [1, 2, 3, 4, 5])
    batch = await claim(people, wrong, limit=4)
    outcomes = (Outcome.DELIVERED, Outcome.UNCONFIRMED, Outcome.REJECTED, Outcome.DELIVERED)
    became = [
        Result(each.position, each.claim, o) for each, o in zip(batch, outcomes, strict=True)
    ]
    await people.write(record_results, wrong.id, became, later(2))
    await order(people, BroadcastAction.CANCEL, wrong, later(3))
    await people.write(mute_supporter, people.supporter(4), later(4))
    assert await sent(people, await corrected(people, wrong)) == [1001, 1002]
    assert await waiting(people) == 2, "the end itself is still owed to who never had it"
    topic = Correction.of(wrong).topic
    assert await waiting(people, kind=Kind.CORRECTION, topic=topic) == 0


async def test_who_was_reached_later_gets_no_second_correction_from_the_report_of_the_rest(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=3)
    wrong = await started(people, kind=Kind.UPDATE)
    assert await sent(people, wrong, most=1) == [1001]
    rest = await started(people, kind=Kind.UPDATE, topic=wrong.topic, at=later(5))
    assert await sent(people, rest) == [1002]
    assert await sent(people, await corrected(people, rest)) == [1001, 1002]
    topics = {Correction.of(each).topic for each in (wrong, rest)}
    for topic in topics:
        assert await waiting(people, kind=Kind.CORRECTION, topic=topic) == 0


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_correction_of_an_update_is_one_with_it_and_ends_with_the_choice(
    people: Supporters, is_refused: bool
) -> None:
    await people.sign([1], updates=2)
    wrong = await started(people, kind=Kind.UPDATE)
    await sent(people, wrong)
    if is_refused:
        await people.write(end_consent, people.supporter(1), "updates", later(5))
    correction = await corrected(people, wrong)
    assert await sent(people, correction) == ([] if is_refused else [1001])
    assert await waiting(people, kind=Kind.UPDATE) == (0 if is_refused else 1)
    assert await sent(people, await started(people, kind=Kind.UPDATE, at=later(30))) == (
        [] if is_refused else [1001]
    )
    assert await waiting(people, kind=Kind.UPDATE) == 0, "two were promised, and two came"


@pytest.mark.parametrize("became", [Outcome.DELIVERED, Outcome.UNCONFIRMED])
async def test_who_comes_back_after_a_correction_gets_what_is_right_and_nothing_else(
    people: Supporters, became: Outcome
) -> None:
    await people.sign([1, 2, 3])
    await people.lose(3)
    wrong = await started(people)
    first, second = await claim(people, wrong)
    results = [
        Result(first.position, first.claim, Outcome.DELIVERED),
        Result(second.position, second.claim, became),
    ]
    await people.write(record_results, wrong.id, results, later(2))
    await people.write(finish_broadcast, wrong.id, later(2))
    await people.lose(2)
    correction = await corrected(people, wrong)
    assert await sent(people, correction) == [1001]
    assert await people.write(mark_reachable, people.supporter(2), later(20))
    assert not await people.write(mark_reachable, people.supporter(3), later(20))
    assert await claim(people, wrong) == []
    assert await sent(people, correction) == [1002]
    assert await waiting(people) == 1, "who never had it waits for the closing update"


async def test_who_comes_back_before_a_planned_correction_began_gets_the_closing_update(
    people: Supporters,
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    first = await started(people)
    assert await sent(people, first) == [1001]
    topic = Correction.of(first).topic
    await start(people, kind=Kind.CORRECTION, topic=topic, at=later(8), starts_at=later(9))
    assert await people.write(mark_reachable, people.supporter(2), later(8))
    assert await sent(people, first) == [1002]


async def test_a_correction_of_another_message_leaves_the_closing_update_as_it_is(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=9)
    await people.lose(2)
    update = await started(people, kind=Kind.UPDATE)
    await sent(people, update)
    await sent(people, await started(people))
    await sent(people, await corrected(people, update))
    await people.set_closed_at(later(98))  # after it was opened again: the former end was wrong
    assert not await people.write(mark_reachable, people.supporter(2), later(99))
    await people.set_closed(True)
    assert await people.write(mark_reachable, people.supporter(2), later(99))
