"""Tests that a broadcast is paused, resumed and cancelled only in states that allow it."""

import asyncio
from dataclasses import replace

import pytest

from storage import (
    Audience,
    Audit,
    Broadcast,
    BroadcastAction,
    Broadcasts,
    Database,
    Keyring,
    Kind,
)
from storage.broadcast_types import BroadcastState, Outcome, PauseReason, StopReason
from tests.support.broadcasts import ME, claim, queued, results, start, started, tell
from tests.support.supporters import ADMIN, SLUG, Supporters, later

DETAIL = "KeyError 3f9a1c02"


async def test_a_paused_one_gives_nothing_to_send_until_it_is_resumed(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await started(broadcasts)
    paused = await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(1))
    assert paused is not None
    assert (paused.state, paused.is_active, paused.is_over) == ("paused", True, False)
    assert await claim(broadcasts, broadcast) == []
    assert await broadcasts.due(later(9)) == []
    assert await broadcasts.active() == paused
    resumed = await broadcasts.change(BroadcastAction.RESUME, broadcast.id, ADMIN, later(2))
    assert resumed is not None
    assert resumed.is_running
    assert len(await claim(broadcasts, broadcast)) == 5


async def test_while_one_is_paused_no_other_starts(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(1))
    assert (await start(broadcasts, at=later(2))).id == broadcast.id


@pytest.mark.parametrize("decision", [None, BroadcastAction.RESUME, BroadcastAction.CANCEL])
async def test_whether_to_cancel_is_asked_until_an_admin_decides(
    broadcasts: Broadcasts, people: Supporters, decision: BroadcastAction | None
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    other = await start(broadcasts, kind=Kind.UPDATE, starts_at=later(99))
    await broadcasts.note(broadcast.id, cancel_requested_at=later(1))
    assert await broadcasts.scheduled() == [other]
    await broadcasts.note(other.id, cancel_requested_at=later(1))
    paused = await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(2))
    assert paused is not None
    assert paused.cancel_requested_at == later(1)
    if decision is None:
        decided = await broadcasts.note(broadcast.id, cancel_requested_at=None)
    else:
        decided = await broadcasts.change(decision, broadcast.id, ADMIN, later(3))
    assert decided is not None
    assert decided.cancel_requested_at is None
    assert await broadcasts.scheduled() == [replace(other, cancel_requested_at=later(1))]


async def test_a_cancelled_one_is_over_and_its_people_are_the_next_ones(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 6))
    broadcast = await started(broadcasts)
    cancelled = await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(1))
    assert cancelled is not None
    assert (cancelled.state, cancelled.ended_at) == ("cancelled", later(1))
    assert await claim(broadcasts, broadcast) == []
    assert [each.id for each in await broadcasts.due(later(9))] == [broadcast.id]  # to be reported
    second = await started(broadcasts, at=later(2))
    assert second.total == 5
    await tell(broadcasts, second)  # and it is finished, though the first left some over


async def test_an_order_for_what_is_not_there_does_nothing(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    none = replace(await started(broadcasts), id=b"none" * 4)
    assert await broadcasts.change(BroadcastAction.PAUSE, none.id, ADMIN, later(1)) is None
    assert await broadcasts.begin(none, later(1)) == none
    await broadcasts.interrupt(none.id, StopReason.CONTENT, later(1))
    assert [each.is_running for each in await broadcasts.history()] == [True]


async def test_each_order_that_had_an_effect_is_in_the_audit_once_with_who_gave_it(
    broadcasts: Broadcasts, people: Supporters, database: Database, keyring: Keyring
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    await asyncio.gather(
        *[
            broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(moment))
            for moment in (1, 2, 3)
        ]
    )
    await broadcasts.change(BroadcastAction.RESUME, broadcast.id, None, later(4))
    await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(5))
    entries = await Audit(database, SLUG, keyring).entries(10)
    assert sorted((each.action, each.actor or 0) for each in entries) == [
        ("broadcast", ADMIN),
        ("broadcast_cancel", ADMIN),
        ("broadcast_pause", ADMIN),
        ("broadcast_resume", 0),
    ]


async def test_the_audit_says_which_to_how_many_and_what_it_waits_for(
    broadcasts: Broadcasts, people: Supporters, database: Database, keyring: Keyring
) -> None:
    await people.sign([1])
    running = await started(broadcasts, expected=1)
    await start(broadcasts, kind=Kind.UPDATE, expected=7, starts_at=later(60))
    agreed = Audience(news_only=True)
    waiting = await start(broadcasts, kind=Kind.NEWS, audience=agreed, needs_approval=True)
    assert waiting.confirmed_by is None
    await broadcasts.change(BroadcastAction.CANCEL, running.id, ADMIN, later(1))
    entries = await Audit(database, SLUG, keyring).entries(10)
    assert sorted(each.detail for each in entries) == sorted(
        [
            "closing to 1",
            "update to 7, scheduled",
            "news to everyone, to be approved",
            running.id.hex()[:8],
        ]
    )


async def test_a_pause_in_the_middle_of_making_the_list_keeps_what_is_there(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 31))
    broadcast = await start(broadcasts)
    deliveries = broadcasts.deliveries
    assert not await deliveries.enqueue(broadcast, holder="me", portion=10, at=later(1))
    await broadcasts.change(BroadcastAction.PAUSE, broadcast.id, ADMIN, later(2))
    assert not await deliveries.enqueue(broadcast, holder="me", portion=10, at=later(3))
    assert len(await people.deliveries(broadcast.id)) == 10
    await broadcasts.change(BroadcastAction.RESUME, broadcast.id, ADMIN, later(4))
    assert (await queued(broadcasts, broadcast)).total == 30


async def test_only_the_holder_of_the_lease_makes_the_list(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 31))
    broadcast = await start(broadcasts)
    for _ in range(5):
        await broadcasts.deliveries.enqueue(broadcast, holder="other", portion=10, at=later(1))
    assert await people.deliveries(broadcast.id) == []


async def test_making_the_list_in_many_portions_at_once_makes_each_row_once(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign(range(1, 101))
    broadcast = await start(broadcasts)
    for _ in range(20):
        await asyncio.gather(
            *[
                broadcasts.deliveries.enqueue(broadcast, holder="me", portion=7, at=later(1))
                for _ in range(5)
            ]
        )
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    assert found.total == 100
    assert [row["position"] for row in await people.deliveries(broadcast.id)] == [*range(1, 101)]


async def test_it_is_not_over_before_every_recipient_has_a_row(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1, 2, 3])
    broadcast = await start(broadcasts)
    await broadcasts.finish(broadcast.id, later(1))
    await broadcasts.deliveries.enqueue(broadcast, holder=ME, portion=1, at=later(1))
    await tell_some(broadcasts, broadcast)
    await broadcasts.finish(broadcast.id, later(3))
    await tell(broadcasts, await queued(broadcasts, broadcast))


async def tell_some(broadcasts: Broadcasts, broadcast: Broadcast) -> None:
    batch = await claim(broadcasts, broadcast)
    await broadcasts.deliveries.record(broadcast.id, results(batch, Outcome.DELIVERED), later(2))


async def test_one_that_is_held_waits_with_its_reason_until_somebody_decides(
    broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = await started(broadcasts)
    await broadcasts.interrupt(broadcast.id, PauseReason.DEFECT, later(1), DETAIL)
    held = await broadcasts.get(broadcast.id)
    assert held is not None
    assert held.state is BroadcastState.PAUSED
    assert (held.pause_reason, held.reason_detail) == (PauseReason.DEFECT, DETAIL)
    assert held.question == f"defect: {DETAIL}"
    assert await broadcasts.due(later(1)) == [held]
    resumed = await broadcasts.change(BroadcastAction.RESUME, broadcast.id, ADMIN, later(2))
    assert resumed is not None
    assert (resumed.state, resumed.pause_reason) == ("running", None)
    await broadcasts.interrupt(broadcast.id, PauseReason.DEFECT, later(1), DETAIL)
    cancelled = await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(3))
    assert cancelled is not None
    assert (cancelled.state, cancelled.pause_reason) == ("cancelled", None)


async def test_a_planned_one_can_be_cancelled(broadcasts: Broadcasts, people: Supporters) -> None:
    broadcast = await start(broadcasts, starts_at=later(9))
    cancelled = await broadcasts.change(BroadcastAction.CANCEL, broadcast.id, ADMIN, later(1))
    assert cancelled is not None
    assert (cancelled.state, cancelled.ended_at) == ("cancelled", later(1))
    assert await broadcasts.scheduled() == []
