"""Tests that a recall handles every delivered message once and counts the outcomes."""

from datetime import timedelta

from storage.broadcast_transitions import (
    finish_broadcast,
    next_to_recall,
    set_on_broadcast,
)
from storage.broadcast_types import (
    RECALLABLE_FOR,
    Broadcast,
    BroadcastAction,
    Outcome,
    Result,
)
from storage.deliveries import record_results
from tests.support.broadcasts import claim, order, started_to
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
