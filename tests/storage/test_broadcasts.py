"""Tests of what is listed, due and begun, for whom, and of what is told of it afterwards."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import update

from storage import Storage
from storage.approvals import written_to_alone
from storage.broadcast_transitions import (
    LATE,
    begin_broadcast,
    finish_broadcast,
    interrupt_broadcast,
)
from storage.broadcast_types import (
    Broadcast,
    BroadcastAction,
    Kind,
    Outcome,
    PauseReason,
    StopReason,
    Tally,
)
from storage.broadcasts import (
    active_broadcast,
    broadcast_history,
    count_audience,
    count_not_told,
    due_broadcasts,
    listed_broadcasts,
    scheduled_broadcasts,
    tally_of_broadcast,
    timeline_of_broadcast,
)
from storage.database import Database
from storage.deliveries import record_results
from storage.journal import JournalContent
from storage.keyring import Keyring
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
from storage.transaction import BoundWork, Result
from tests.support.broadcasts import (
    CONTENT,
    claim,
    order,
    queued,
    recipients_of,
    record,
    results,
    start,
    started,
    started_to,
    tell,
)
from tests.support.existing import existing
from tests.support.raw_sql import write_sql
from tests.support.restores import replay
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, later


class _Moved:
    """A database in which somebody comes back just before something is written."""

    def __init__(self, database: Database, people: Supporters) -> None:
        self._database = database
        self._people = people

    async def write(self, work: BoundWork[Result]) -> Result:
        await self._people.lose(2, reachable=True)
        return await self._database.write(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class TestAudience:
    async def test_counts_by_the_language_each_reads_now(self, people: Supporters) -> None:
        await people.sign([1, 2, 3, 4], "es")
        await people.sign([5], "en")
        await people.speak(1, "en")
        await people.speak(2, None)
        counted = await people.read(count_audience)
        assert list(counted.items()) == [("es", 3), ("en", 2)], "the language of most comes first"


class TestStart:
    async def test_freezes_the_content_and_the_recipients(self, people: Supporters) -> None:
        broadcast = await started_to(people, [1, 2, 3], expected=3)
        await people.sign([4])
        assert broadcast.is_running
        assert broadcast.content == CONTENT
        assert broadcast.author == ADMIN
        assert broadcast.created_at == NOON
        assert await people.read(tally_of_broadcast, broadcast.id) == Tally(total=3, pending=3)
        assert await people.read(active_broadcast) == broadcast
        assert await people.read(broadcast_history) == [broadcast]

    async def test_who_comes_back_in_the_moment_of_starting_is_counted(
        self, people: Supporters, database: Database, keyring: Keyring
    ) -> None:
        await people.sign([1, 2])
        await people.lose(2)
        moved = Storage(cast(Database, _Moved(database, people)), keyring, SLUG)
        assert await start(moved, expected=1, at_most=1) is None
        assert await moved.read(broadcast_history) == []

    async def test_only_those_of_the_audience_that_was_confirmed_are_counted(
        self, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3], "es")
        await people.sign([4], "en")
        await people.sign([5], "en", updates=9)
        await people.consent(4, "signature,updates,news", 9)
        await people.sign([6], "es", updates=9)
        english: dict[str, Any] = {"kind": Kind.UPDATE, "language": "en"}
        assert await start(people, at_most=1, **english) is None
        news = await started(people, at_most=1, kind=Kind.NEWS)
        assert await recipients_of(people, news) == 1
        await tell(people, news)
        begun = await started(people, at_most=2, **english)
        assert await recipients_of(people, begun) == 2

    async def test_of_many_at_once_one_starts(self, people: Supporters) -> None:
        await people.sign(range(1, 30))
        answers = await asyncio.gather(*[start(people) for _ in range(10)])
        (running,) = await people.read(broadcast_history)
        assert answers == [running] * 10
        assert await recipients_of(people, await queued(people, running)) == 29


SOON = later(1000)


class Listed:
    """Broadcasts that are named by a letter each, whose ids are in the order of these."""

    def __init__(self, storage: Storage, database: Database) -> None:
        self._broadcasts = storage
        self._database = database

    async def add(self, letter: str, created: int, **columns: Any) -> None:
        """Stores one that was planned; then these columns become what they are given as."""
        key, at = letter.encode() * 16, later(created)
        planned = {"kind": Kind.UPDATE, "starts_at": later(created + 1)}
        await start(self._broadcasts, key, at=at, **planned)
        for column, value in columns.items():
            stored = int(later(value).timestamp() * 1000) if isinstance(value, int) else value
            sql = f"UPDATE broadcasts SET {column} = :value WHERE id = :id"  # noqa: S608
            await write_sql(self._database, sql, value=stored, id=key)


@pytest.fixture
async def listed(storage: Storage, people: Supporters) -> Listed:
    await people.sign([1], updates=9)
    return Listed(storage, storage.database)


def letters(found: list[Any]) -> str:
    return "".join(each.id.decode()[0] for each in found)


async def test_what_is_under_way_comes_first_then_what_is_next_then_what_was_last(
    storage: Storage, listed: Listed
) -> None:
    await listed.add("a", 10, state="finished", started_at=20)
    await listed.add("b", 5, state="finished", started_at=30)
    await listed.add("c", 25, state="cancelled")
    await listed.add("d", 42, starts_at=300)
    await listed.add("e", 41, starts_at=200)
    await listed.add("f", 1, state="paused", started_at=2)
    assert letters(await storage.read(listed_broadcasts)) == "fedbca"
    assert letters(await storage.read(scheduled_broadcasts)) == "ed"
    assert letters(await storage.read(broadcast_history)) == "decabf"


async def test_a_recall_is_most_urgent_and_what_waits_for_an_admin_is_least(
    storage: Storage, listed: Listed
) -> None:
    over = {"state": "finished", "started_at": 2, "ended_at": 3}
    await listed.add("a", 1, confirmed_by_sealed=None)
    await listed.add("b", 6, state="cancelled", ended_at=7)
    await listed.add("c", 5, state="stopped", ended_at=7)
    await listed.add("d", 9)
    await listed.add("e", 8, **over, reported_at=4, recall_started_at=9)
    await listed.add("f", 0, **over, reported_at=4, recall_started_at=9, recall_ended_at=9)
    await listed.add("g", 0, **over, reported_at=4)
    assert letters(await storage.read(due_broadcasts, SOON)) == "edcba"
    await listed.add("h", 11, state="running", started_at=12)
    assert letters(await storage.read(due_broadcasts, SOON)) == "ehcba"
    await listed.add("i", 2000)  # another one can be planned meanwhile
    assert letters(await storage.read(scheduled_broadcasts))[-1] == "i"
    await listed.add("h", 11, state="paused")
    assert letters(await storage.read(due_broadcasts, SOON)) == "ecba"
    await listed.add("h", 11, pause_reason="denied")
    assert letters(await storage.read(due_broadcasts, SOON)) == "ecbah"


async def test_each_part_tells_what_was_delivered_in_it(people: Supporters) -> None:
    broadcast = await started_to(people, range(1, 11))
    moments = {0: 3, 50: 2, 119: 4}
    for second, number in moments.items():
        batch = await claim(people, broadcast, limit=number)
        await record(people, broadcast, batch, Outcome.DELIVERED, at=later(second))
    await record(
        people, broadcast, await claim(people, broadcast), Outcome.UNREACHABLE, at=later(120)
    )
    assert await people.read(timeline_of_broadcast, broadcast.id) == [], "it has not ended"
    await people.write(finish_broadcast, broadcast.id, later(120))
    timeline = await people.read(timeline_of_broadcast, broadcast.id, parts=3)
    assert [(each.delivered, each.unreachable) for each in timeline] == [(3, 0), (2, 0), (4, 1)]
    assert [each.at for each in timeline] == [NOON, later(40.001), later(80.002)]
    # Who returns later is no part of it.
    sql = "UPDATE deliveries SET updated_at = updated_at + 1 WHERE state = 'unreachable'"
    await write_sql(people.database, sql)
    assert (await people.read(timeline_of_broadcast, broadcast.id, parts=3))[-1].unreachable == 0


async def test_what_has_not_begun_has_none(people: Supporters) -> None:
    planned = await start(people, starts_at=later(60))
    assert await people.read(timeline_of_broadcast, planned.id) == []
    assert await people.read(timeline_of_broadcast, b"none") == []


async def test_not_told_is_who_had_signed_and_is_not_known_to_have_it(people: Supporters) -> None:
    await people.sign(range(1, 6), updates=9)
    about_something_else = await started(people, kind=Kind.UPDATE)
    await tell(people, about_something_else)
    first = await started(people)
    one, two, three = await claim(people, first, limit=3)
    await people.write(
        record_results,
        first.id,
        [
            *results([one], Outcome.DELIVERED),
            *results([two], Outcome.UNCONFIRMED),
            *results([three], Outcome.UNREACHABLE),
        ],
        later(6),
    )
    await people.sign([6])
    assert await people.read(count_not_told, first.id) == 4
    await order(people, BroadcastAction.CANCEL, first, later(7))
    second = await started(people, at=later(8))
    assert await people.read(count_not_told, second.id) == 5
    await tell(people, second)
    assert await people.read(count_not_told, second.id) == 2  # the second and the third
    planned = await start(people, starts_at=later(99))
    assert await people.read(count_not_told, planned.id) == 0


async def test_a_damaged_broadcast_hides_no_other(people: Supporters) -> None:
    first = await started(people)
    await people.write(interrupt_broadcast, first.id, StopReason.CONTENT, later(1))
    await start(people, topic="another", at=later(2))
    damaged = "UPDATE broadcasts SET confirmed_by_sealed = :junk WHERE state = 'stopped'"
    await write_sql(people.database, damaged, junk=b"\x01 as long as a sealed value")
    assert [each.is_damaged for each in await people.read(broadcast_history)] == [False, True]
    assert False in [each.is_damaged for each in await people.read(due_broadcasts, later(3))]


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
    held = existing(await people.read(held_restore))
    assert (held.backup_made_at, held.lost, held.journal_is_whole) == (TIME - 2 * LATE, 3, False)
    # Nor does a start as on a copy that was put back by hand forget which backup it is.
    await people.write(record_copy, TIME + timedelta(seconds=2))
    assert await people.read(restore_awaits_repetition)
    whole = JournalContent((), begun_at=TIME - 2 * LATE)
    await people.write(repeat_after_restore, whole, reached=Reached(5), at=TIME)
    held = existing(await people.read(held_restore))
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
    approved = existing(await order(people, BroadcastAction.APPROVE, asked, TIME, actor=ADMIN + 1))
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
    day = timedelta(days=1)  # of its end, however long it was paused
    for at, expected in ((later(60), 3), (later(3) + day, 3), (later(5) + day, 0)):
        assert await people.read(written_to_alone, ADMIN, at) == expected
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
    approved = existing(await order(people, BroadcastAction.APPROVE, asked, at, actor=ADMIN + 1))
    await tell(people, await queued(people, await people.write(begin_broadcast, approved, at)), at)
    assert await people.read(written_to_alone, ADMIN, TIME) == 0
    assert (await people.write(begin_broadcast, broadcast, TIME, at_most=2)).state == "running"
