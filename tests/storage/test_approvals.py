"""Tests that a broadcast to be approved waits for a second admin, never for its own author."""

from datetime import timedelta
from typing import Any

import pytest

from storage import Storage
from storage.broadcast_transitions import begin_broadcast, change_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind, StopReason
from storage.broadcasts import active_broadcast, due_broadcasts
from tests.support.broadcasts import queued, start, started
from tests.support.supporters import ADMIN, Supporters, later

OTHER = ADMIN + 1
NOW = later(0)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def waiting(storage: Storage, people: Supporters) -> Broadcast:
    """One that was to go out at once."""
    await people.sign([1])
    return await asked(storage)


async def asked(storage: Storage, **changes: Any) -> Broadcast:
    """A broadcast for which an admin asks another's approval."""
    broadcast = await start(storage, needs_approval=True, at=NOW, **changes)
    assert isinstance(broadcast, Broadcast)
    assert broadcast.awaits_approval
    assert broadcast.question == "approval"
    return broadcast


async def test_it_does_not_begin_though_its_time_has_come(
    storage: Storage, waiting: Broadcast
) -> None:
    assert waiting.starts_at == NOW
    assert await storage.write(begin_broadcast, waiting, NOW + SECOND) == waiting
    assert await storage.read(active_broadcast) is None


async def test_approved_it_begins_then(
    storage: Storage, waiting: Broadcast, people: Supporters
) -> None:
    at = NOW + timedelta(hours=5)
    await people.sign([2])
    approved = await storage.write(
        change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER, at
    )
    assert approved is not None
    assert (approved.state, approved.confirmed_by, approved.starts_at) == ("scheduled", OTHER, at)
    assert (approved.awaits_approval, approved.question) == (False, None)
    begun = await storage.write(begin_broadcast, approved, at)
    assert begun.state == "running"
    assert (await queued(storage, begun)).total == 2


async def test_it_has_the_number_of_people_that_was_approved(
    storage: Storage, waiting: Broadcast
) -> None:
    for expected in (40, None):
        approved = await storage.write(
            change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER, NOW + SECOND, expected
        )
        assert approved is not None
        assert (approved.expected, approved.awaits_approval) == (40, False)


async def test_a_planned_one_keeps_its_time(storage: Storage, people: Supporters) -> None:
    await people.sign([1])
    broadcast = await asked(storage, starts_at=NOW + timedelta(hours=9))
    approved = await storage.write(
        change_broadcast, BroadcastAction.APPROVE, broadcast.id, OTHER, NOW + SECOND
    )
    assert approved is not None
    assert approved.starts_at == broadcast.starts_at
    assert await storage.read(due_broadcasts, NOW + 2 * SECOND) == []


async def test_its_author_neither_approves_nor_declines_it(
    storage: Storage, waiting: Broadcast
) -> None:
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.APPROVE, waiting.id, ADMIN, NOW + SECOND
        )
        == waiting
    )
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.DECLINE, waiting.id, ADMIN, NOW + SECOND
        )
        == waiting
    )


async def test_declined_it_is_over_and_cannot_be_approved(
    storage: Storage, waiting: Broadcast
) -> None:
    declined = await storage.write(
        change_broadcast, BroadcastAction.DECLINE, waiting.id, OTHER, NOW + SECOND
    )
    assert declined is not None
    assert (declined.state, declined.stop_reason) == ("stopped", StopReason.DECLINED)
    assert declined.confirmed_by is None
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER, NOW + 2 * SECOND
        )
        == declined
    )
    assert await storage.read(due_broadcasts, NOW + 2 * SECOND) == [declined]


async def test_after_a_day_it_is_too_late(storage: Storage, waiting: Broadcast) -> None:
    last = NOW + timedelta(hours=24)
    assert not waiting.has_lapsed(last - SECOND)
    assert await storage.write(begin_broadcast, waiting, last - SECOND) == waiting
    assert waiting.has_lapsed(last)
    assert (
        await storage.write(change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER, last)
        == waiting
    )
    lapsed = await storage.write(begin_broadcast, waiting, last)
    assert (lapsed.state, lapsed.stop_reason) == ("stopped", StopReason.UNAPPROVED)


async def test_the_first_of_two_is_the_one_who_approved_it(
    storage: Storage, waiting: Broadcast
) -> None:
    first = await storage.write(
        change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER, NOW + SECOND
    )
    assert first is not None
    assert first.confirmed_by == OTHER
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.APPROVE, waiting.id, OTHER + 1, NOW + 2 * SECOND
        )
        == first
    )


async def test_what_can_be_sent_goes_before_what_waits(
    storage: Storage, waiting: Broadcast
) -> None:
    other = await started(storage, kind=Kind.UPDATE, at=later(1))
    assert [each.id for each in await storage.read(due_broadcasts, later(2))] == [
        other.id,
        waiting.id,
    ]


async def test_what_one_admin_confirmed_waits_for_nobody(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(storage)
    assert broadcast.confirmed_by == ADMIN
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.APPROVE, broadcast.id, OTHER, later(9)
        )
        == broadcast
    )
    assert (
        await storage.write(
            change_broadcast, BroadcastAction.DECLINE, broadcast.id, OTHER, later(9)
        )
        == broadcast
    )
    await people.consent(1, "signature,updates", 9)
    planned = await start(storage, kind=Kind.UPDATE, starts_at=later(99), approval_above=0)
    assert isinstance(planned, Broadcast), "it is counted at its time"
    assert (
        await storage.write(change_broadcast, BroadcastAction.DECLINE, planned.id, OTHER, later(9))
        == planned
    )
    assert (
        await storage.write(change_broadcast, BroadcastAction.RESUME, planned.id, OTHER, later(9))
        == planned
    )
