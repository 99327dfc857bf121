"""Tests that a planned broadcast begins at its time, for everyone who has signed by then."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from storage import Storage
from storage.broadcast_transitions import LATE, begin_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind, Outcome, PauseReason
from storage.broadcasts import (
    active_broadcast,
    due_broadcasts,
    scheduled_broadcasts,
    written_to_alone,
)
from storage.database import Database
from storage.deliveries import record_results
from storage.journal import JournalContent
from storage.petitions import Reached
from storage.restores import (
    held_restore,
    record_copy,
    record_restore,
    release_restore,
    repeat_after_restore,
    restore_awaits_repetition,
)
from storage.tables import BROADCASTS
from tests.support.broadcasts import (
    claim,
    order,
    queued,
    recipients_of,
    record,
    results,
    start,
    started,
    tell,
)
from tests.support.restores import replay
from tests.support.supporters import ADMIN, Supporters, later

TIME = later(3600)


async def planned(storage: Storage, **changes: Any) -> Broadcast:
    broadcast = await start(storage, starts_at=TIME, **changes)
    assert isinstance(broadcast, Broadcast)
    assert broadcast.state == "scheduled"
    return broadcast


async def test_it_is_due_at_its_time_and_not_before(people: Supporters) -> None:
    await people.sign([1, 2])
    broadcast = await planned(people)
    assert await people.read(due_broadcasts, TIME - timedelta(seconds=1)) == []
    assert await people.read(due_broadcasts, TIME) == [broadcast]
    assert await people.read(scheduled_broadcasts) == [broadcast]
    assert await people.read(active_broadcast) is None


async def test_what_a_restored_backup_still_had_planned_waits_for_a_decision(
    people: Supporters,
) -> None:
    """It may have been sent after the backup was made."""
    await people.sign([1])
    broadcast = await planned(people)
    await people.write(record_restore, made_at=TIME - LATE, at=TIME)
    await people.write(replay, (), reached=Reached(1), at=TIME)
    assert await people.read(due_broadcasts, TIME) == []
    # Restored once more before anybody looked: the admins read about the one that is there.
    await people.write(record_restore, made_at=TIME - 2 * LATE, at=TIME + timedelta(seconds=1))
    await people.write(replay, (), reached=Reached(4), at=TIME)
    held = await people.read(held_restore)
    assert held is not None
    assert (held.backup_made_at, held.lost, held.journal_is_whole) == (TIME - 2 * LATE, 3, False)
    # Nor does a start as on a copy that was put back by hand forget which backup it is.
    await people.write(record_copy, TIME + timedelta(seconds=2))
    assert await people.read(restore_awaits_repetition)
    whole = JournalContent((), begun_at=TIME - 2 * LATE)
    await people.write(repeat_after_restore, whole, reached=Reached(5), at=TIME)
    held = await people.read(held_restore)
    assert held is not None
    assert (held.backup_made_at, held.lost, held.journal_is_whole) == (TIME - 2 * LATE, 4, True)
    await people.write(release_restore, actor=ADMIN, at=TIME + timedelta(seconds=2))
    (due,) = await people.read(due_broadcasts, TIME)
    begun = await people.write(begin_broadcast, due, TIME + timedelta(seconds=3))
    assert (begun.id, begun.state, begun.pause_reason) == (
        *(broadcast.id, "paused"),
        PauseReason.LATE,
    )


async def test_more_than_one_admin_may_write_to_waits_for_a_second_when_its_time_comes(
    people: Supporters,
) -> None:
    await people.sign([1, 2], "es", updates=9)
    broadcast = await planned(people, kind=Kind.UPDATE, language="es")
    await people.sign([3], "es", updates=9)
    await people.sign([4, 5, 6], "en", updates=9)
    asked = await people.write(begin_broadcast, broadcast, TIME, at_most=2)
    assert asked.awaits_approval
    assert (asked.expected, asked.starts_at) == (3, TIME)
    assert await people.write(begin_broadcast, asked, TIME, at_most=2) == asked
    assert await order(people, BroadcastAction.APPROVE, asked, TIME) == asked, "by who planned it"
    approved = await order(people, BroadcastAction.APPROVE, asked, TIME, actor=ADMIN + 1)
    assert approved is not None
    begun = await queued(people, await people.write(begin_broadcast, approved, TIME))
    assert await recipients_of(people, begun) == 3


async def sent(storage: Storage, hours: float, **changes: Any) -> Broadcast:
    """A broadcast that all got, so many hours before `TIME`."""
    at = TIME - timedelta(hours=hours)
    broadcast = await started(storage, kind=Kind.UPDATE, at=at, **changes)
    await tell(storage, broadcast, at)
    return broadcast


async def test_who_was_passed_over_was_not_written_to(people: Supporters) -> None:
    await people.sign([1, 2, 3, 4, 5])
    broadcast = await started(people)
    one, two = await claim(people, broadcast, limit=2)
    outcomes = [*results([one], Outcome.DELIVERED), *results([two], Outcome.REJECTED)]
    await people.write(record_results, broadcast.id, outcomes, later(2))
    await people.mute(3)
    (four,) = await claim(people, broadcast, limit=1, after=2)
    await record(people, broadcast, [four], Outcome.UNCONFIRMED, at=later(3))
    await order(people, BroadcastAction.CANCEL, broadcast, later(4))
    assert await people.states(broadcast.id) == [
        *("delivered", "rejected", "withdrawn"),
        *("unconfirmed", "pending"),
    ]
    assert await people.read(written_to_alone, ADMIN, later(60)) == 3
    for number in (1, 3, 5):
        await people.withdraw(number)
    assert await people.read(written_to_alone, ADMIN, later(60)) == 3


async def test_of_many_that_are_begun_at_once_one_begins(people: Supporters) -> None:
    await people.sign([1], updates=9)
    due = [await planned(people, kind=Kind.UPDATE) for _ in range(5)]
    begun = await asyncio.gather(*[people.write(begin_broadcast, each, TIME) for each in due])
    assert sorted(each.state for each in begun) == ["running", *["scheduled"] * 4]


async def test_one_of_which_it_is_not_known_who_wrote_it_counts_for_everybody(
    people: Supporters, database: Database
) -> None:
    await people.sign([1, 2], updates=99)
    damaged = update(BROADCASTS).values(author_sealed=b"damaged")
    await sent(people, 2)
    await database.write(lambda tx: tx.change(damaged))
    assert await people.read(written_to_alone, ADMIN, TIME) == 2
    assert await people.read(written_to_alone, ADMIN + 1, TIME) == 2


async def test_what_is_older_or_anothers_or_was_approved_does_not_count(
    people: Supporters,
) -> None:
    await people.sign([1, 2], updates=99)
    broadcast = await planned(people, kind=Kind.UPDATE)
    await sent(people, 24)
    await sent(people, 3, actor=ADMIN + 1)
    at = TIME - timedelta(hours=2)
    asked = await start(people, kind=Kind.UPDATE, needs_approval=True, at=at)
    approved = await order(people, BroadcastAction.APPROVE, asked, at, actor=ADMIN + 1)
    assert approved is not None
    await tell(people, await queued(people, await people.write(begin_broadcast, approved, at)), at)
    assert await people.read(written_to_alone, ADMIN, TIME) == 0
    assert (await people.write(begin_broadcast, broadcast, TIME, at_most=2)).state == "running"
