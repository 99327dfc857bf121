"""Tests that a recall handles every delivered message once and counts the outcomes."""

from datetime import timedelta

from storage.broadcast_transitions import (
    end_recall,
    finish_broadcast,
    next_to_recall,
    record_recalled,
    set_on_broadcast,
)
from storage.broadcast_types import (
    RECALLABLE_FOR,
    Broadcast,
    BroadcastAction,
    Kind,
    Outcome,
    Recalled,
    Result,
)
from storage.broadcasts import broadcast_with, due_broadcasts, tally_of_broadcast
from storage.deliveries import record_results
from tests.support.broadcasts import claim, of_recall, order, started, started_to, tell
from tests.support.supporters import Supporters, later

SENT_AT = later(2)


async def sent(people: Supporters) -> Broadcast:
    """One got a message, two an album, three could not be reached."""
    broadcast = await started_to(people, [1, 2, 3])
    one, two, three = await claim(people, broadcast)
    await people.write(
        record_results,
        broadcast.id,
        [
            Result(one.position, one.claim, Outcome.DELIVERED, (71,)),
            Result(two.position, two.claim, Outcome.DELIVERED, (81, 82, 83)),
            Result(three.position, three.claim, Outcome.UNREACHABLE),
        ],
        SENT_AT,
    )
    await people.write(finish_broadcast, broadcast.id, later(3))
    await people.write(set_on_broadcast, broadcast.id, reported_at=later(3))
    return broadcast


async def test_it_gives_the_messages_of_each_who_got_some(people: Supporters) -> None:
    broadcast = await sent(people)
    recalled = await order(people, BroadcastAction.RECALL, broadcast, later(9))
    assert recalled is not None
    assert recalled.is_recalling
    assert await people.read(due_broadcasts, later(9)) == [recalled]
    # Another one to the same people, whose rows have the same positions.
    other = await started(people, kind=Kind.BREACH, at=later(6))
    await tell(people, other)
    found = await people.read(next_to_recall, broadcast.id, after=0, limit=10, at=later(9))
    assert [(each.position, each.chat_id, each.messages) for each in found] == [
        (1, 1001, (71,)),
        (2, 1002, (81, 82, 83)),
    ]
    for after, limit, some in ((0, 1, found[:1]), (1, 9, found[1:])):
        part = await people.read(
            next_to_recall, broadcast.id, after=after, limit=limit, at=later(9)
        )
        assert part == some
    await people.write(record_recalled, broadcast.id, Recalled.DELETED, [1, 2])
    assert of_recall(await people.read(tally_of_broadcast, other.id)) == (0, 0, 2)
    for second in (10, 20):
        await people.write(end_recall, broadcast.id, later(second))
    ended = await people.read(broadcast_with, broadcast.id)
    assert ended is not None
    assert ended.recall_ended_at == later(10)


async def test_it_ends_with_what_cannot_be_written_down_and_with_nothing_else_left(
    people: Supporters,
) -> None:
    broadcast = await sent(people)
    await order(people, BroadcastAction.RECALL, broadcast, later(9))
    await people.withdraw(3)  # was told nothing, so there is nothing to take back
    await people.write(end_recall, broadcast.id, later(10), unrecorded=1)
    assert await people.read(due_broadcasts, later(11)) != []
    await people.write(record_recalled, broadcast.id, Recalled.DELETED, [1])
    await people.write(record_recalled, broadcast.id, Recalled.FAILED, [1])  # too late
    await people.write(end_recall, broadcast.id, later(10), unrecorded=1)
    assert await people.read(due_broadcasts, later(11)) == []
    assert of_recall(await people.read(tally_of_broadcast, broadcast.id)) == (1, 0, 1)


async def test_up_to_then_it_is_not_and_what_has_grown_too_old_is_not_tried(
    people: Supporters,
) -> None:
    broadcast = await sent(people)
    at = SENT_AT + RECALLABLE_FOR
    accepted = await order(people, BroadcastAction.RECALL, broadcast, at - timedelta(seconds=1))
    assert accepted is not None
    assert accepted.is_recalling
    found = await people.read(next_to_recall, broadcast.id, after=0, limit=10, at=at)
    assert [each.chat_id for each in found] == [None, None]


async def test_what_left_no_message_ids_is_not_deleted_with_the_others(people: Supporters) -> None:
    broadcast = await started_to(people, [1, 2])
    one, two = await claim(people, broadcast)
    arrived = [Result(one.position, one.claim, Outcome.DELIVERED, (71,))]
    arrived += [Result(two.position, two.claim, Outcome.DELIVERED)]
    await people.write(record_results, broadcast.id, arrived, SENT_AT)
    await people.write(finish_broadcast, broadcast.id, later(3))
    await order(people, BroadcastAction.RECALL, broadcast, later(9))
    found = await people.read(next_to_recall, broadcast.id, after=0, limit=10, at=later(9))
    assert [(each.chat_id, each.messages) for each in found] == [(1001, (71,)), (None, ())]
