"""Tests that a broadcast is paused, resumed and cancelled only in states that allow it."""

import asyncio

from storage import Storage
from storage.broadcast_transitions import (
    change_broadcast,
    finish_broadcast,
    interrupt_broadcast,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    BroadcastState,
    Kind,
    Outcome,
    PauseReason,
)
from storage.broadcasts import (
    broadcast_with,
    due_broadcasts,
)
from storage.deliveries import enqueue_deliveries, record_results
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import ME, claim, queued, results, start, started, tell
from tests.support.supporters import ADMIN, Supporters, later

DETAIL = "KeyError 3f9a1c02"


async def test_each_order_that_had_an_effect_is_in_the_audit_once_with_who_gave_it(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(storage)
    await asyncio.gather(
        *[
            storage.write(
                change_broadcast, BroadcastAction.PAUSE, broadcast.id, ADMIN, later(moment)
            )
            for moment in (1, 2, 3)
        ]
    )
    await storage.write(change_broadcast, BroadcastAction.RESUME, broadcast.id, None, later(4))
    await storage.write(change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(5))
    entries = await storage.read(newest_audit_entries, 10)
    assert sorted((each.action, each.actor or 0) for each in entries) == [
        ("broadcast", ADMIN),
        ("broadcast_cancel", ADMIN),
        ("broadcast_pause", ADMIN),
        ("broadcast_resume", 0),
    ]


async def test_the_audit_says_which_to_how_many_and_what_it_waits_for(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    running = await started(storage, expected=1)
    await start(storage, kind=Kind.UPDATE, expected=7, starts_at=later(60))
    waiting = await start(storage, kind=Kind.NEWS, needs_approval=True)
    assert waiting.confirmed_by is None
    await storage.write(change_broadcast, BroadcastAction.CANCEL, running.id, ADMIN, later(1))
    entries = await storage.read(newest_audit_entries, 10)
    assert sorted(each.detail for each in entries) == sorted(
        [
            "closing to 1",
            "update to 7, scheduled",
            "news to everyone, to be approved",
            running.id.hex()[:8],
        ]
    )


async def test_a_pause_in_the_middle_of_making_the_list_keeps_what_is_there(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 31))
    broadcast = await start(storage)
    assert not await storage.write(
        enqueue_deliveries, broadcast, holder="me", portion=10, at=later(1)
    )
    await storage.write(change_broadcast, BroadcastAction.PAUSE, broadcast.id, ADMIN, later(2))
    assert not await storage.write(
        enqueue_deliveries, broadcast, holder="me", portion=10, at=later(3)
    )
    assert len(await people.deliveries(broadcast.id)) == 10
    await storage.write(change_broadcast, BroadcastAction.RESUME, broadcast.id, ADMIN, later(4))
    assert (await queued(storage, broadcast)).total == 30


async def test_only_the_holder_of_the_lease_makes_the_list(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 31))
    broadcast = await start(storage)
    for _ in range(5):
        await storage.write(enqueue_deliveries, broadcast, holder="other", portion=10, at=later(1))
    assert await people.deliveries(broadcast.id) == []


async def test_making_the_list_in_many_portions_at_once_makes_each_row_once(
    storage: Storage, people: Supporters
) -> None:
    await people.sign(range(1, 101))
    broadcast = await start(storage)
    for _ in range(20):
        await asyncio.gather(
            *[
                storage.write(enqueue_deliveries, broadcast, holder="me", portion=7, at=later(1))
                for _ in range(5)
            ]
        )
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.total == 100
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [*range(1, 101)]


async def test_it_is_not_over_before_every_recipient_has_a_row(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await start(storage)
    await storage.write(finish_broadcast, broadcast.id, later(1))
    await storage.write(enqueue_deliveries, broadcast, holder=ME, portion=1, at=later(1))
    await tell_some(storage, broadcast)
    await storage.write(finish_broadcast, broadcast.id, later(3))
    await tell(storage, await queued(storage, broadcast))


async def tell_some(storage: Storage, broadcast: Broadcast) -> None:
    batch = await claim(storage, broadcast)
    await storage.write(record_results, broadcast.id, results(batch, Outcome.DELIVERED), later(2))


async def test_one_that_is_held_waits_with_its_reason_until_somebody_decides(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(storage)
    await storage.write(interrupt_broadcast, broadcast.id, PauseReason.DEFECT, later(1), DETAIL)
    held = await storage.read(broadcast_with, broadcast.id)
    assert held is not None
    assert held.state is BroadcastState.PAUSED
    assert (held.pause_reason, held.reason_detail) == (PauseReason.DEFECT, DETAIL)
    assert held.question == f"defect: {DETAIL}"
    assert await storage.read(due_broadcasts, later(1)) == [held]
    resumed = await storage.write(
        change_broadcast, BroadcastAction.RESUME, broadcast.id, ADMIN, later(2)
    )
    assert resumed is not None
    assert (resumed.state, resumed.pause_reason) == ("running", None)
    await storage.write(interrupt_broadcast, broadcast.id, PauseReason.DEFECT, later(1), DETAIL)
    cancelled = await storage.write(
        change_broadcast, BroadcastAction.CANCEL, broadcast.id, ADMIN, later(3)
    )
    assert cancelled is not None
    assert (cancelled.state, cancelled.pause_reason) == ("cancelled", None)
