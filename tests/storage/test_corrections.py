"""Tests that people who were told something wrong can be told what is right, in every order."""

from dataclasses import replace

import pytest

from handlers.broadcasts.screens.report import can_be_corrected
from storage import Storage
from storage.broadcast_transitions import (
    change_broadcast,
    end_recall,
    finish_broadcast,
    record_recalled,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    BroadcastState,
    Correction,
    Kind,
    Outcome,
    PauseReason,
    Recalled,
    Result,
    Tally,
    pause_question,
)
from storage.broadcasts import broadcast_with, count_audience, tally_of_broadcast
from storage.consents import end_consent
from storage.deliveries import record_results
from storage.erasures import DueBefore, count_due_signatures
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter
from tests.support.broadcasts import claim, start, started
from tests.support.supporters import ADMIN, Supporters, later

ALL = DueBefore(later(9))


async def sent(
    storage: Storage, broadcast: Broadcast, at: float = 2, most: int = 1000
) -> list[int]:
    """It arrives, and leaves messages that can be recalled; returns the chats."""
    batch = await claim(storage, broadcast, limit=most)
    arrived = [Result(each.position, each.claim, Outcome.DELIVERED, (7,)) for each in batch]
    await storage.write(record_results, broadcast.id, arrived, later(at))
    await storage.write(finish_broadcast, broadcast.id, later(at))
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(at))
    return [each.chat_id for each in batch]


async def corrected(storage: Storage, wrong: Broadcast, at: float = 10) -> Broadcast:
    topic = Correction.of(wrong).topic
    return await started(storage, kind=Kind.CORRECTION, topic=topic, at=later(at))


async def waiting(storage: Storage, kind: Kind = Kind.CLOSING, topic: str | None = None) -> int:
    return sum((await storage.read(count_audience, kind=kind, topic=topic)).values())


async def test_a_closing_update_that_was_recalled_has_told_nobody(
    people: Supporters, storage: Storage
) -> None:
    await people.sign([1, 2, 3])
    wrong = await started(storage)
    assert await sent(storage, wrong, most=2) == [1001, 1002]
    assert await waiting(storage) == 1
    await storage.write(change_broadcast, BroadcastAction.RECALL, wrong.id, ADMIN, later(3))
    await storage.write(record_recalled, wrong.id, Recalled.DELETED, [1])
    await storage.write(record_recalled, wrong.id, Recalled.FAILED, [2])
    await storage.write(end_recall, wrong.id, later(4))
    assert await waiting(storage) == 3, "also whose message could not be deleted any more"
    assert (await storage.read(count_due_signatures, ALL)).untold == 3, "nobody is erased untold"
    right = await started(storage, at=later(10))
    assert await sent(storage, right) == [1001, 1002, 1003]
    assert await waiting(storage) == 0
    assert (await storage.read(count_due_signatures, ALL)).untold == 0


async def test_who_was_away_when_the_right_one_went_out_gets_that_one_on_return(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    wrong = await started(storage)
    await sent(storage, wrong)
    await storage.write(change_broadcast, BroadcastAction.RECALL, wrong.id, ADMIN, later(3))
    await people.lose(1)
    right = await started(storage, at=later(10))
    assert await sent(storage, right) == [1002]
    assert await storage.write(mark_reachable, people.supporter(1), later(20))
    assert await sent(storage, right) == [1001]


async def test_a_correction_goes_to_those_who_got_what_was_wrong(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3, 4, 5])
    wrong = await started(storage)
    batch = await claim(storage, wrong, limit=4)
    outcomes = (Outcome.DELIVERED, Outcome.UNCONFIRMED, Outcome.REJECTED, Outcome.DELIVERED)
    became = [
        Result(each.position, each.claim, o) for each, o in zip(batch, outcomes, strict=True)
    ]
    await storage.write(record_results, wrong.id, became, later(2))
    await storage.write(change_broadcast, BroadcastAction.CANCEL, wrong.id, ADMIN, later(3))
    await storage.write(mute_supporter, people.supporter(4), later(4))
    assert await sent(storage, await corrected(storage, wrong)) == [1001, 1002]
    assert await waiting(storage) == 2, "the end itself is still owed to who never had it"
    topic = Correction.of(wrong).topic
    assert await waiting(storage, kind=Kind.CORRECTION, topic=topic) == 0


async def test_a_correction_that_is_wrong_too_is_put_right_for_all_whom_the_first_told(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=3)
    wrong = await started(storage, kind=Kind.UPDATE)
    assert await sent(storage, wrong, most=1) == [1001]
    rest = await started(storage, kind=Kind.UPDATE, topic=wrong.topic, at=later(5))
    assert await sent(storage, rest) == [1002], "whom the first had not reached"
    first = await corrected(storage, wrong)
    assert await sent(storage, first, most=1) == [1001]
    assert Correction.of(first).topic != first.topic
    second = await corrected(storage, first, 20)
    assert await sent(storage, second) == [1001, 1002]


async def test_who_was_reached_later_gets_no_second_correction_from_the_report_of_the_rest(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2], updates=3)
    wrong = await started(storage, kind=Kind.UPDATE)
    assert await sent(storage, wrong, most=1) == [1001]
    rest = await started(storage, kind=Kind.UPDATE, topic=wrong.topic, at=later(5))
    assert await sent(storage, rest) == [1002]
    assert await sent(storage, await corrected(storage, rest)) == [1001, 1002]
    topics = {Correction.of(each).topic for each in (wrong, rest)}
    for topic in topics:
        assert await waiting(storage, kind=Kind.CORRECTION, topic=topic) == 0


async def test_corrections_of_corrections_are_no_way_to_send_more_than_was_promised(
    storage: Storage, people: Supporters
) -> None:
    """Marta promised one message, and would send ten."""
    await people.sign([1], updates=1)
    newest, corrections = await started(storage, kind=Kind.UPDATE), 0
    await sent(storage, newest)
    while corrections < 10 and await may_be_corrected(storage, newest):
        corrections += 1
        newest = await corrected(storage, newest, 10 * corrections)
        assert await sent(storage, newest, 10 * corrections + 1) == [1001]
    assert corrections == 2


async def may_be_corrected(storage: Storage, newest: Broadcast) -> bool:
    found = await storage.read(broadcast_with, newest.id)
    assert found is not None
    return can_be_corrected(found, await storage.read(tally_of_broadcast, found.id))


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_correction_of_an_update_is_one_with_it_and_ends_with_the_choice(
    storage: Storage, people: Supporters, is_refused: bool
) -> None:
    await people.sign([1], updates=2)
    wrong = await started(storage, kind=Kind.UPDATE)
    await sent(storage, wrong)
    if is_refused:
        await storage.write(end_consent, people.supporter(1), "updates", later(5))
    correction = await corrected(storage, wrong)
    assert await sent(storage, correction) == ([] if is_refused else [1001])
    assert await waiting(storage, kind=Kind.UPDATE) == (0 if is_refused else 1)
    assert await sent(storage, await started(storage, kind=Kind.UPDATE, at=later(30))) == (
        [] if is_refused else [1001]
    )
    assert await waiting(storage, kind=Kind.UPDATE) == 0, "two were promised, and two came"


async def test_a_correction_of_other_news_ends_with_the_consent_to_them(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    for number in (1, 2):
        await people.consent(number, "signature,news")
    wrong = await started(
        storage,
        kind=Kind.NEWS,
    )
    assert await sent(storage, wrong) == [1001, 1002]
    await people.agree_no_more(2)
    assert await sent(storage, await corrected(storage, wrong)) == [1001]


@pytest.mark.parametrize("became", [Outcome.DELIVERED, Outcome.UNCONFIRMED])
async def test_who_comes_back_after_a_correction_gets_what_is_right_and_nothing_else(
    storage: Storage, people: Supporters, became: Outcome
) -> None:
    await people.sign([1, 2, 3])
    await people.lose(3)
    wrong = await started(storage)
    first, second = await claim(storage, wrong)
    results = [
        Result(first.position, first.claim, Outcome.DELIVERED),
        Result(second.position, second.claim, became),
    ]
    await storage.write(record_results, wrong.id, results, later(2))
    await storage.write(finish_broadcast, wrong.id, later(2))
    await people.lose(2)
    correction = await corrected(storage, wrong)
    assert await sent(storage, correction) == [1001]
    assert await storage.write(mark_reachable, people.supporter(2), later(20))
    assert not await storage.write(mark_reachable, people.supporter(3), later(20))
    assert await claim(storage, wrong) == []
    assert await sent(storage, correction) == [1002]
    assert await waiting(storage) == 1, "who never had it waits for the closing update"


async def test_who_comes_back_before_a_planned_correction_began_gets_the_closing_update(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    first = await started(storage)
    assert await sent(storage, first) == [1001]
    topic = Correction.of(first).topic
    await start(storage, kind=Kind.CORRECTION, topic=topic, at=later(8), starts_at=later(9))
    assert await storage.write(mark_reachable, people.supporter(2), later(8))
    assert await sent(storage, first) == [1002]


async def test_who_comes_back_after_the_recall_is_not_sent_the_correction_of_what_is_gone(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    wrong = await started(storage)
    assert await sent(storage, wrong) == [1001, 1002]
    await people.lose(2)
    correction = await corrected(storage, wrong)
    assert await sent(storage, correction) == [1001]
    await storage.write(change_broadcast, BroadcastAction.RECALL, wrong.id, ADMIN, later(15))
    assert not await storage.write(mark_reachable, people.supporter(2), later(20))
    assert await waiting(storage) == 2


async def test_who_comes_back_is_not_sent_the_correction_of_the_end_before_the_last_one(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    wrong = await started(storage)
    assert await sent(storage, wrong) == [1001, 1002]
    await people.lose(2)
    await people.set_closed_at(later(9))  # it was open again meanwhile
    assert await sent(storage, await corrected(storage, wrong)) == [1001]
    assert not await storage.write(mark_reachable, people.supporter(2), later(20))


async def test_what_nobody_may_have_got_or_is_being_deleted_is_not_corrected(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    wrong = await started(storage, kind=Kind.UPDATE)
    over = replace(wrong, state=BroadcastState.FINISHED, ended_at=later(2))
    assert can_be_corrected(over, Tally(total=1, unconfirmed=1))
    assert not can_be_corrected(over, Tally(total=1, unreachable=1))
    told = Tally(total=1, delivered=1)
    recalling = replace(over, recall_started_at=later(3))
    assert [can_be_corrected(each, told) for each in (wrong, over, recalling)] == [
        *(False, True, False),
    ]
    assert can_be_corrected(replace(recalling, recall_ended_at=later(4)), told)


def test_each_reason_of_a_pause_is_a_question_of_its_own() -> None:
    questions = {pause_question(PauseReason.DENIED, detail) for detail in ("502", "403")}
    assert questions == {"denied: 502", "denied: 403"}
