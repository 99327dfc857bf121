import asyncio
import uuid
from typing import Any, cast

from storage import Storage
from storage.broadcast_transitions import finish_broadcast, interrupt_broadcast, set_on_broadcast
from storage.broadcast_types import Kind, Outcome, StopReason, Tally
from storage.broadcasts import (
    active_broadcast,
    broadcast_history,
    broadcast_with,
    count_audience,
    count_signers,
    due_broadcasts,
    scheduled_broadcasts,
    tally_of_broadcast,
)
from storage.database import Database
from storage.deliveries import record_results
from storage.keyring import Keyring
from storage.transaction import BoundWork, Result
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import CONTENT, claim, queued, results, start, started, tell
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
    async def test_counts_by_the_language_each_reads_now(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3, 4], "es")
        await people.sign([5], "en")
        await people.speak(1, "en")
        await people.speak(2, None)
        counted = await storage.read(count_audience)
        assert list(counted.items()) == [("es", 3), ("en", 2)], "the language of most comes first"

    async def test_leaves_out_who_cannot_be_reached_and_tells_how_many(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        await people.lose(2)
        assert await storage.read(count_audience) == {"es": 2}
        assert (await storage.read(count_signers)).unreachable == 1

    async def test_only_new_signers_are_told_after_a_reopening(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await tell(storage, await started(storage))
        await people.sign([3])
        assert await storage.read(count_audience) == {"es": 1}
        second = await started(storage, at=later(9))
        assert [each.chat_id for each in await claim(storage, second)] == [1003]

    async def test_what_is_unconfirmed_counts_as_told_and_what_was_refused_does_not(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3, 4, 5])
        broadcast = await started(storage)
        first, second, third, _fourth = await claim(storage, broadcast, limit=4)
        await storage.write(
            record_results,
            broadcast.id,
            [
                *results([first], Outcome.DELIVERED),
                *results([second], Outcome.UNCONFIRMED),
                *results([third], Outcome.REJECTED),
            ],
            later(2),
        )
        assert await storage.read(count_audience) == {"es": 1}  # five still waits for its turn
        await storage.write(interrupt_broadcast, broadcast.id, StopReason.CONTENT, later(5))
        # Three was refused and five had not been tried; four may have arrived.
        assert await storage.read(count_audience) == {"es": 2}

    async def test_whom_it_was_refused_for_comes_last_the_next_time(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage)
        refused = await claim(storage, broadcast, limit=1)
        await storage.write(
            record_results, broadcast.id, results(refused, Outcome.REJECTED), later(2)
        )
        await storage.write(interrupt_broadcast, broadcast.id, StopReason.CONTENT, later(5))
        again = await claim(storage, await started(storage, at=later(4)))
        assert [each.chat_id for each in again] == [1002, 1003, 1001]


class TestStart:
    async def test_freezes_the_content_and_the_recipients(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(storage, expected=3)
        await people.sign([4])
        assert broadcast.is_running
        assert broadcast.content == CONTENT
        assert broadcast.total == 3
        assert broadcast.author == ADMIN
        assert broadcast.created_at == NOON
        assert await storage.read(tally_of_broadcast, broadcast.id) == Tally(total=3, pending=3)
        assert await storage.read(active_broadcast) == broadcast
        assert await storage.read(broadcast_history) == [broadcast]

    async def test_a_language_the_content_lacks_becomes_the_source(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1], "en")
        await people.sign([2], "ca")
        deliveries = await claim(storage, await started(storage))
        assert [each.language for each in deliveries] == ["en", "es"]

    async def test_also_where_it_goes_to_those_of_that_language_alone(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1], "ca")
        catalan = await started(storage, language="ca", paid=True)
        assert catalan.paid
        assert [each.language for each in await claim(storage, catalan)] == ["es"]

    async def test_is_refused_while_the_petition_is_open(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        await people.set_closed(False)
        assert await start(storage) is None
        assert await storage.read(broadcast_history) == []

    async def test_is_refused_while_another_is_running(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        running = await started(storage)
        assert await start(storage) == running

    async def test_fewer_than_were_confirmed_are_told(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await people.withdraw(2)
        broadcast = await started(storage, expected=2, at_most=2)
        assert (broadcast.expected, broadcast.total) == (2, 1)

    async def test_is_refused_when_more_would_be_told_than_the_confirmation_holds_for(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        assert await start(storage, expected=1, at_most=2) is None
        assert await storage.read(broadcast_history) == []
        assert (await started(storage, expected=1, at_most=3)).total == 3

    async def test_is_refused_when_nobody_is_left_of_who_was_confirmed(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1])
        await people.lose(1)
        assert await start(storage, expected=1, at_most=11) is None
        assert await storage.read(broadcast_history) == []

    async def test_who_comes_back_in_the_moment_of_starting_is_counted(
        self, people: Supporters, database: Database, keyring: Keyring
    ) -> None:
        await people.sign([1, 2])
        await people.lose(2)
        moved = Storage(cast(Database, _Moved(database, people)), keyring, SLUG)
        assert await start(moved, expected=1, at_most=1) is None
        assert await moved.read(broadcast_history) == []

    async def test_only_those_of_the_audience_that_was_confirmed_are_counted(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3], "es")
        await people.sign([4], "en")
        await people.sign([5], "en", updates=9)
        await people.consent(4, "signature,updates,news", 9)
        await people.sign([6], "es", updates=9)
        english: dict[str, Any] = {"kind": Kind.UPDATE, "language": "en"}
        assert await start(storage, at_most=1, **english) is None
        news = await started(storage, at_most=1, kind=Kind.NEWS)
        assert news.total == 1
        await tell(storage, news)
        assert (await started(storage, at_most=2, **english)).total == 2

    async def test_the_same_one_again_starts_nothing_new(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        key = uuid.uuid4().bytes
        broadcast = await start(storage, key, expected=2)
        await tell(storage, await queued(storage, broadcast))
        await people.sign([3])
        again = await start(storage, key, expected=2, at=later(60))
        assert (again.id, again.state, again.total) == (key, "finished", 2)
        assert len(await people.deliveries(key)) == 2
        entries = await storage.read(newest_audit_entries, 10)
        assert [(each.action, each.actor) for each in entries] == [("broadcast", ADMIN)]

    async def test_of_many_at_once_one_starts(self, storage: Storage, people: Supporters) -> None:
        await people.sign(range(1, 30))
        answers = await asyncio.gather(*[start(storage) for _ in range(10)])
        (running,) = await storage.read(broadcast_history)
        assert answers == [running] * 10
        assert (await queued(storage, running)).total == 29

    async def test_two_thousand_are_enqueued_at_once(
        self, storage: Storage, people: Supporters
    ) -> None:
        await people.sign(range(1, 2001))
        assert (await started(storage, expected=2000)).total == 2000


class TestEnding:
    async def test_a_worker_is_needed_until_the_end_was_reported(
        self, storage: Storage, people: Supporters
    ) -> None:
        assert await storage.read(due_broadcasts, later(99)) == []
        broadcast = await started(storage)
        assert await storage.read(due_broadcasts, later(99)) == [broadcast]
        await storage.write(finish_broadcast, broadcast.id, later(5))
        (due,) = await storage.read(due_broadcasts, later(99))
        assert (due.id, due.state, due.reported_at) == (broadcast.id, "finished", None)
        await storage.write(set_on_broadcast, broadcast.id, reported_at=later(2))
        assert await storage.read(due_broadcasts, later(99)) == []
        (ended,) = await storage.read(broadcast_history)
        assert ended.reported_at == later(2)

    async def test_what_waits_to_be_sent_goes_before_an_end_that_nobody_was_told_of(
        self, storage: Storage, people: Supporters
    ) -> None:
        ended = await started(storage)
        await storage.write(finish_broadcast, ended.id, later(5))
        running = await started(storage, at=later(5))
        assert [each.id for each in await storage.read(due_broadcasts, later(99))] == [
            running.id,
            ended.id,
        ]

    async def test_what_can_be_sent_goes_before_what_waits_for_an_admin(
        self, storage: Storage, people: Supporters
    ) -> None:
        waiting = await start(storage, needs_approval=True)
        other = await started(storage, kind=Kind.UPDATE, at=later(1))
        assert [each.id for each in await storage.read(due_broadcasts, later(2))] == [
            other.id,
            waiting.id,
        ]

    async def test_where_the_admin_watches_is_stored_as_it_starts(
        self, storage: Storage, people: Supporters
    ) -> None:
        broadcast = await started(storage, progress=(900, 41))
        assert (broadcast.progress_chat, broadcast.progress_message_id) == (900, 41)

    async def test_the_progress_message_is_remembered(
        self, storage: Storage, people: Supporters
    ) -> None:
        broadcast = await started(storage)
        assert (broadcast.progress_chat, broadcast.progress_message_id) == (None, None)
        other = await start(storage, kind=Kind.UPDATE, starts_at=later(99))
        await storage.write(
            set_on_broadcast, broadcast.id, progress_chat=900, progress_message_id=41
        )
        assert await storage.read(scheduled_broadcasts) == [other]
        found = await storage.read(active_broadcast)
        assert found is not None
        assert (found.progress_chat, found.progress_message_id) == (900, 41)

    async def test_what_nobody_started_is_not_there(self, storage: Storage) -> None:
        assert await storage.read(broadcast_with, b"none") is None
        await storage.write(finish_broadcast, b"none", NOON)
