"""Who comes back within thirty days of the closing is told then how it ended."""

from datetime import timedelta

from storage import Broadcast, Broadcasts, Kind, Signatures
from storage.outcomes import Outcome
from storage.returning import OWED_FOR
from tests.broadcast.petitioners import NOON, Petitioners, later
from tests.storage.sending import claim, results, started, tell


async def blocked_on_the_way(broadcasts: Broadcasts, people: Petitioners) -> Broadcast:
    """One and two are told, three has blocked the bot by then."""
    await people.sign([1, 2, 3])
    broadcast = await started(broadcasts)
    first, second, third = await claim(broadcasts, broadcast)
    sent = results([first, second], Outcome.DELIVERED)
    lost = results([third], Outcome.UNREACHABLE)
    await broadcasts.deliveries.record(broadcast.id, [*sent, *lost], later(2))
    assert await broadcasts.finish(broadcast.id, later(3))
    await broadcasts.reported(broadcast.id, later(3))
    return broadcast


async def test_who_had_blocked_the_bot_gets_it_on_coming_back(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    broadcast = await blocked_on_the_way(broadcasts, people)
    assert await broadcasts.due(later(9)) == []
    assert await signatures.returned(people.supporter(3), later(99))
    due = await broadcasts.due(later(99))
    assert [each.id for each in due] == [broadcast.id]
    assert [each.chat_id for each in await claim(broadcasts, due[0])] == [1003]


async def test_who_was_lost_before_it_began_gets_it_too(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    broadcast = await started(broadcasts)
    await tell(broadcasts, broadcast)
    assert await signatures.returned(people.supporter(2), later(99))
    assert [each.chat_id for each in await claim(broadcasts, broadcast)] == [1002]


async def test_coming_back_twice_is_coming_back_once(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    broadcast = await blocked_on_the_way(broadcasts, people)
    await signatures.returned(people.supporter(3), later(99))
    await tell(broadcasts, broadcast)
    assert not await signatures.returned(people.supporter(3), later(120))
    await signatures.lost(people.supporter(3), later(130))
    assert not await signatures.returned(people.supporter(3), later(140))
    assert await claim(broadcasts, broadcast) == []


async def test_after_thirty_days_it_would_come_out_of_the_blue(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert not await signatures.returned(people.supporter(3), NOON + OWED_FOR)
    assert await people.unreachable() == []


async def test_up_to_then_it_is_owed(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert await signatures.returned(people.supporter(3), NOON + OWED_FOR - timedelta(seconds=1))


async def test_a_petition_that_is_open_again_owes_nobody_its_end(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    await people.set_closed(False)
    assert not await signatures.returned(people.supporter(3), later(99))


async def test_a_message_that_is_not_the_closing_update_is_not_owed(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await people.sign([1, 2])
    await people.lose(2)
    await tell(broadcasts, await started(broadcasts, kind=Kind.UPDATE))
    assert not await signatures.returned(people.supporter(2), later(99))


async def test_who_never_left_is_owed_nothing(
    broadcasts: Broadcasts, people: Petitioners, signatures: Signatures
) -> None:
    await blocked_on_the_way(broadcasts, people)
    assert not await signatures.returned(people.supporter(1), later(99))
    assert not await signatures.returned(b"nobody", later(99))
