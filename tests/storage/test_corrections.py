"""Tests that people who were told something wrong can be told what is right, in every order."""

import pytest

from storage import Storage
from storage.broadcast_transitions import end_recall, finish_broadcast, record_recalled
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Correction,
    Kind,
    Outcome,
    Recalled,
    Result,
)
from storage.broadcasts import count_audience
from storage.consents import end_consent
from storage.deliveries import record_results
from storage.erasures import DueBefore, count_due_signatures
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter
from tests.support.broadcasts import claim, order, start, started, started_to
from tests.support.supporters import Supporters, later

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
    assert await people.write(mark_reachable, people.supporter(2), later(99))
