"""Tests that supporters who return within thirty days of the closing get the closing update."""

from storage.broadcast_transitions import finish_broadcast, set_on_broadcast
from storage.broadcast_types import Broadcast, Correction, Kind, Outcome
from storage.broadcasts import due_broadcasts
from storage.deliveries import record_results
from storage.returning_supporters import mark_reachable
from storage.signatures import mute_supporter
from tests.support.broadcasts import claim, record, results, started, started_to, tell
from tests.support.supporters import Supporters, later


async def blocked_on_the_way(people: Supporters) -> Broadcast:
    """One and two are told, three has blocked the bot by then."""
    broadcast = await started_to(people, [1, 2, 3])
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


async def test_an_update_under_way_waits_for_who_was_silent_and_for_nobody_who_was_away(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=9)
    broadcast = await started(people, kind=Kind.UPDATE)
    await people.mute(2)
    await record(people, broadcast, await claim(people, broadcast), Outcome.UNREACHABLE)
    for number in (1, 2):
        assert not await people.write(mark_reachable, people.supporter(number), later(8))
    await people.write(mute_supporter, people.supporter(2), None)
    assert await people.write(mark_reachable, people.supporter(2), later(8))
