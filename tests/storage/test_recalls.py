"""Tests that a recall handles every delivered message once and counts the outcomes."""

from datetime import timedelta

import pytest

from storage import Storage
from storage.broadcast_transitions import (
    SentMessages,
    change_broadcast,
    end_recall,
    finish_broadcast,
    interrupt_broadcast,
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
    StopReason,
)
from storage.broadcasts import broadcast_with, due_broadcasts, tally_of_broadcast
from storage.deliveries import record_results
from tests.support.broadcasts import claim, of_recall, started, tell
from tests.support.supporters import ADMIN, Supporters, later

SENT_AT = later(2)


async def sent(storage: Storage, people: Supporters) -> Broadcast:
    """One got a message, two an album, three could not be reached."""
    await people.sign([1, 2, 3])
    broadcast = await started(storage)
    one, two, three = await claim(storage, broadcast)
    await storage.write(
        record_results,
        broadcast.id,
        [
            Result(one.position, one.claim, Outcome.DELIVERED, (71,)),
            Result(two.position, two.claim, Outcome.DELIVERED, (81, 82, 83)),
            Result(three.position, three.claim, Outcome.UNREACHABLE),
        ],
        SENT_AT,
    )
    await storage.write(finish_broadcast, broadcast.id, later(3))
    await storage.write(set_on_broadcast, broadcast.id, reported_at=later(3))
    return broadcast


async def test_it_gives_the_messages_of_each_who_got_some(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    recalled = await storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9)
    )
    assert recalled is not None
    assert recalled.is_recalling
    assert await storage.read(due_broadcasts, later(9)) == [recalled]
    # Another one to the same people, whose rows have the same positions.
    other = await started(storage, kind=Kind.BREACH, at=later(6))
    await tell(storage, other)
    found = await storage.read(next_to_recall, broadcast.id, after=0, limit=10, at=later(9))
    assert [(each.position, each.chat_id, each.messages) for each in found] == [
        (1, 1001, (71,)),
        (2, 1002, (81, 82, 83)),
    ]
    assert (
        await storage.read(next_to_recall, broadcast.id, after=0, limit=1, at=later(9))
        == found[:1]
    )
    assert (
        await storage.read(next_to_recall, broadcast.id, after=1, limit=9, at=later(9))
        == found[1:]
    )
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1, 2])
    assert of_recall(await storage.read(tally_of_broadcast, other.id)) == (0, 0, 2)
    await storage.write(end_recall, broadcast.id, later(10))
    ended = await storage.read(broadcast_with, broadcast.id)
    assert ended is not None
    assert ended.recall_ended_at == later(10)


async def test_it_ends_with_what_cannot_be_written_down_and_with_nothing_else_left(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    await storage.write(end_recall, broadcast.id, later(10), unrecorded=1)
    assert await storage.read(due_broadcasts, later(11)) != []
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1])
    await storage.write(end_recall, broadcast.id, later(10), unrecorded=1)
    assert await storage.read(due_broadcasts, later(11)) == []
    assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (1, 0, 1)


async def test_what_is_noted_is_not_given_again_and_it_ends_when_all_is(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1])
    await storage.write(
        record_recalled, broadcast.id, Recalled.FAILED, [1]
    )  # too late: it is noted
    assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (1, 0, 1)
    await storage.write(end_recall, broadcast.id, later(10))
    assert await storage.read(due_broadcasts, later(11)) != []
    left = await storage.read(next_to_recall, broadcast.id, after=0, limit=9, at=later(9))
    assert [each.position for each in left] == [2]
    await storage.write(record_recalled, broadcast.id, Recalled.FAILED, [2])
    await storage.write(end_recall, broadcast.id, later(12))
    assert await storage.read(due_broadcasts, later(13)) == []
    assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (1, 1, 0)


async def test_it_ends_once(storage: Storage, people: Supporters) -> None:
    broadcast = await sent(storage, people)
    await storage.write(end_recall, broadcast.id, later(8), unrecorded=2)  # before it has begun
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1, 2])
    await storage.write(end_recall, broadcast.id, later(10))
    await storage.write(end_recall, broadcast.id, later(20))
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.recall_ended_at == later(10)


async def test_up_to_then_it_is_not_and_what_has_grown_too_old_is_not_tried(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    at = SENT_AT + RECALLABLE_FOR
    accepted = await storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, at - timedelta(seconds=1)
    )
    assert accepted is not None
    assert accepted.is_recalling
    found = await storage.read(next_to_recall, broadcast.id, after=0, limit=10, at=at)
    assert [each.chat_id for each in found] == [None, None]


async def test_who_withdrew_since_has_no_chat_any_more(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    await people.withdraw(1)
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    found = await storage.read(next_to_recall, broadcast.id, after=0, limit=10, at=later(9))
    assert [each.chat_id for each in found] == [1002]
    assert of_recall(await storage.read(tally_of_broadcast, broadcast.id)) == (0, 1, 1)


async def test_what_was_recalled_still_counts_as_told(
    storage: Storage, people: Supporters
) -> None:
    broadcast = await sent(storage, people)
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    await storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1, 2])
    assert (await storage.read(tally_of_broadcast, broadcast.id)).delivered == 2


@pytest.mark.parametrize("state", ["running", "paused", "finished", "stopped", "cancelled"])
async def test_what_is_over_can_be_recalled_however_it_ended(
    storage: Storage, people: Supporters, state: str
) -> None:
    await people.sign([1] if state == "finished" else [1, 2])
    broadcast = await started(storage)
    (one,) = await claim(storage, broadcast, limit=1)
    arrived = Result(one.position, one.claim, Outcome.DELIVERED, (71,))
    await storage.write(record_results, broadcast.id, [arrived], SENT_AT)
    if state == "finished":
        await storage.write(finish_broadcast, broadcast.id, later(3))
    elif state == "stopped":
        await storage.write(interrupt_broadcast, broadcast.id, StopReason.CONTENT, later(3))
    elif state == "paused":
        await storage.write(change_broadcast, BroadcastAction.PAUSE, broadcast.id, ADMIN, later(3))
    elif state == "cancelled":
        await storage.write(
            change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(3)
        )
    recalled = await storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9)
    )
    assert recalled is not None
    assert recalled.state == state
    is_over = state in ("finished", "stopped", "cancelled")
    assert recalled.is_recalling is is_over, f"one that is {state}"


async def test_what_left_no_message_ids_is_not_deleted_with_the_others(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2])
    broadcast = await started(storage)
    one, two = await claim(storage, broadcast)
    arrived = [Result(one.position, one.claim, Outcome.DELIVERED, (71,))]
    arrived += [Result(two.position, two.claim, Outcome.DELIVERED)]
    await storage.write(record_results, broadcast.id, arrived, SENT_AT)
    await storage.write(finish_broadcast, broadcast.id, later(3))
    await storage.write(change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, later(9))
    found = await storage.read(next_to_recall, broadcast.id, after=0, limit=10, at=later(9))
    assert [(each.chat_id, each.messages) for each in found] == [(1001, (71,)), (None, ())]


def test_a_chat_is_not_in_the_repr() -> None:
    assert "123456" not in repr(SentMessages(1, 123456, (7,)))
