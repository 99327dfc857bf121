import asyncio
import uuid
from typing import Any, cast

from storage.audit import Audit
from storage.broadcast_types import Audience, Kind, Outcome, StopReason, Tally
from storage.broadcasts import Broadcasts
from storage.database import Database
from storage.keyring import Keyring
from storage.transaction import Arguments, Result, Work
from tests.support.broadcasts import CONTENT, claim, queued, results, start, started, tell
from tests.support.supporters import ADMIN, NOON, SLUG, Supporters, later


class _Moved:
    """A database in which somebody comes back just before something is written."""

    def __init__(self, database: Database, people: Supporters) -> None:
        self._database = database
        self._people = people

    async def write(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        await self._people.lose(2, reachable=True)
        return await self._database.write(work, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class TestAudience:
    async def test_counts_by_the_language_each_reads_now(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3, 4], "es")
        await people.sign([5], "en")
        await people.speak(1, "en")
        await people.speak(2, None)
        counted = await broadcasts.audience()
        assert list(counted.items()) == [("es", 3), ("en", 2)], "the language of most comes first"

    async def test_leaves_out_who_cannot_be_reached_and_tells_how_many(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        await people.lose(2)
        assert await broadcasts.audience() == {"es": 2}
        assert (await broadcasts.signers()).unreachable == 1

    async def test_of_nobody_is_empty(self, broadcasts: Broadcasts, people: Supporters) -> None:
        assert await broadcasts.audience() == {}
        assert (await broadcasts.signers()).unreachable == 0

    async def test_other_petitions_are_apart(
        self, broadcasts: Broadcasts, people: Supporters, database: Database, keyring: Keyring
    ) -> None:
        elsewhere = Supporters(database, keyring, "other")
        await elsewhere.open_petition()
        await elsewhere.sign([1, 2])
        await people.sign([1])
        assert await broadcasts.audience() == {"es": 1}
        assert (await started(broadcasts)).total == 1

    async def test_only_new_signers_are_told_after_a_reopening(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await tell(broadcasts, await started(broadcasts))
        await people.sign([3])
        assert await broadcasts.audience() == {"es": 1}
        second = await started(broadcasts, at=later(9))
        assert [each.chat_id for each in await claim(broadcasts, second)] == [1003]

    async def test_what_is_unconfirmed_counts_as_told_and_what_was_refused_does_not(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3, 4, 5])
        broadcast = await started(broadcasts)
        first, second, third, _fourth = await claim(broadcasts, broadcast, limit=4)
        await broadcasts.deliveries.record(
            broadcast.id,
            [
                *results([first], Outcome.DELIVERED),
                *results([second], Outcome.UNCONFIRMED),
                *results([third], Outcome.REJECTED),
            ],
            later(2),
        )
        assert await broadcasts.audience() == {"es": 1}  # five still waits for its turn
        await broadcasts.interrupt(broadcast.id, StopReason.CONTENT, later(5))
        # Three was refused and five had not been tried; four may have arrived.
        assert await broadcasts.audience() == {"es": 2}

    async def test_whom_it_was_refused_for_comes_last_the_next_time(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts)
        refused = await claim(broadcasts, broadcast, limit=1)
        await broadcasts.deliveries.record(
            broadcast.id, results(refused, Outcome.REJECTED), later(2)
        )
        await broadcasts.interrupt(broadcast.id, StopReason.CONTENT, later(5))
        again = await claim(broadcasts, await started(broadcasts, at=later(4)))
        assert [each.chat_id for each in again] == [1002, 1003, 1001]


class TestStart:
    async def test_freezes_the_content_and_the_recipients(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        broadcast = await started(broadcasts, expected=3)
        await people.sign([4])
        assert broadcast.is_running
        assert broadcast.content == CONTENT
        assert broadcast.total == 3
        assert broadcast.author == ADMIN
        assert broadcast.created_at == NOON
        assert await broadcasts.tally(broadcast.id) == Tally(total=3, pending=3)
        assert await broadcasts.active() == broadcast
        assert await broadcasts.history() == [broadcast]

    async def test_a_language_the_content_lacks_becomes_the_source(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1], "en")
        await people.sign([2], "ca")
        deliveries = await claim(broadcasts, await started(broadcasts))
        assert [each.language for each in deliveries] == ["en", "es"]

    async def test_also_where_it_goes_to_those_of_that_language_alone(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1], "ca")
        catalan = await started(broadcasts, audience=Audience(language="ca"), paid=True)
        assert catalan.paid
        assert [each.language for each in await claim(broadcasts, catalan)] == ["es"]

    async def test_is_refused_while_the_petition_is_open(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1])
        await people.set_closed(False)
        assert await start(broadcasts) is None
        assert await broadcasts.history() == []

    async def test_is_refused_while_another_is_running(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1])
        running = await started(broadcasts)
        assert await start(broadcasts) == running

    async def test_fewer_than_were_confirmed_are_told(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2])
        await people.withdraw(2)
        broadcast = await started(broadcasts, expected=2, at_most=2)
        assert (broadcast.expected, broadcast.total) == (2, 1)

    async def test_is_refused_when_more_would_be_told_than_the_confirmation_holds_for(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3])
        assert await start(broadcasts, expected=1, at_most=2) is None
        assert await broadcasts.history() == []
        assert (await started(broadcasts, expected=1, at_most=3)).total == 3

    async def test_is_refused_when_nobody_is_left_of_who_was_confirmed(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1])
        await people.lose(1)
        assert await start(broadcasts, expected=1, at_most=11) is None
        assert await broadcasts.history() == []

    async def test_who_comes_back_in_the_moment_of_starting_is_counted(
        self, people: Supporters, database: Database, keyring: Keyring
    ) -> None:
        await people.sign([1, 2])
        await people.lose(2)
        moved = Broadcasts(cast(Database, _Moved(database, people)), SLUG, keyring)
        assert await start(moved, expected=1, at_most=1) is None
        assert await moved.history() == []

    async def test_only_those_of_the_audience_that_was_confirmed_are_counted(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1, 2, 3], "es")
        await people.sign([4], "en")
        await people.sign([5], "en", updates=9)
        await people.consent(4, "signature,updates,news", 9)
        await people.sign([6], "es", updates=9)
        english: dict[str, Any] = {"kind": Kind.UPDATE, "audience": Audience(language="en")}
        assert await start(broadcasts, at_most=1, **english) is None
        agreed = Audience(news_only=True)
        news = await started(broadcasts, at_most=1, kind=Kind.NEWS, audience=agreed)
        assert news.total == 1
        await tell(broadcasts, news)
        assert (await started(broadcasts, at_most=2, **english)).total == 2

    async def test_the_same_one_again_starts_nothing_new(
        self,
        broadcasts: Broadcasts,
        people: Supporters,
        database: Database,
        keyring: Keyring,
    ) -> None:
        await people.sign([1, 2])
        key = uuid.uuid4().bytes
        broadcast = await start(broadcasts, key, expected=2)
        await tell(broadcasts, await queued(broadcasts, broadcast))
        await people.sign([3])
        again = await start(broadcasts, key, expected=2, at=later(60))
        assert (again.id, again.state, again.total) == (key, "finished", 2)
        assert len(await people.deliveries(key)) == 2
        entries = await Audit(database, SLUG, keyring).entries(10)
        assert [(each.action, each.actor) for each in entries] == [("broadcast", ADMIN)]

    async def test_of_many_at_once_one_starts(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign(range(1, 30))
        answers = await asyncio.gather(*[start(broadcasts) for _ in range(10)])
        (running,) = await broadcasts.history()
        assert answers == [running] * 10
        assert (await queued(broadcasts, running)).total == 29

    async def test_with_nobody_to_tell_it_can_finish_at_once(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        broadcast = await started(broadcasts, expected=0)
        assert await broadcasts.tally(broadcast.id) == Tally(total=0)
        await broadcasts.finish(broadcast.id, later(5))

    async def test_two_thousand_are_enqueued_at_once(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign(range(1, 2001))
        assert (await started(broadcasts, expected=2000)).total == 2000


class TestEnding:
    async def test_it_does_not_finish_while_anything_is_left(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        await people.sign([1])
        broadcast = await started(broadcasts)
        await broadcasts.finish(broadcast.id, later(5))
        batch = await claim(broadcasts, broadcast)
        await broadcasts.finish(broadcast.id, later(5))
        assert await broadcasts.active() == broadcast
        await broadcasts.deliveries.record(
            broadcast.id, results(batch, Outcome.DELIVERED), later(3)
        )
        await broadcasts.finish(broadcast.id, later(5))
        assert await broadcasts.active() is None
        (ended,) = await broadcasts.history()
        assert ended.state == "finished"

    async def test_what_has_ended_stays_as_it_ended(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        broadcast = await started(broadcasts)
        await broadcasts.finish(broadcast.id, later(5))
        await broadcasts.interrupt(broadcast.id, StopReason.CONTENT, later(5))
        ended = await broadcasts.get(broadcast.id)
        assert ended is not None
        assert ended.state == "finished"

    async def test_a_worker_is_needed_until_the_end_was_reported(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        assert await broadcasts.due(later(99)) == []
        broadcast = await started(broadcasts)
        assert await broadcasts.due(later(99)) == [broadcast]
        await broadcasts.finish(broadcast.id, later(5))
        (due,) = await broadcasts.due(later(99))
        assert (due.id, due.state, due.reported_at) == (broadcast.id, "finished", None)
        await broadcasts.note(broadcast.id, reported_at=later(2))
        assert await broadcasts.due(later(99)) == []
        (ended,) = await broadcasts.history()
        assert ended.reported_at == later(2)

    async def test_what_waits_to_be_sent_goes_before_an_end_that_nobody_was_told_of(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        ended = await started(broadcasts)
        await broadcasts.finish(ended.id, later(5))
        running = await started(broadcasts, at=later(5))
        assert [each.id for each in await broadcasts.due(later(99))] == [running.id, ended.id]

    async def test_where_the_admin_watches_is_stored_as_it_starts(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        broadcast = await started(broadcasts, progress=(900, 41))
        assert (broadcast.progress_chat, broadcast.progress_message_id) == (900, 41)

    async def test_the_progress_message_is_remembered(
        self, broadcasts: Broadcasts, people: Supporters
    ) -> None:
        broadcast = await started(broadcasts)
        assert (broadcast.progress_chat, broadcast.progress_message_id) == (None, None)
        other = await start(broadcasts, kind=Kind.UPDATE, starts_at=later(99))
        await broadcasts.note(broadcast.id, progress_chat=900, progress_message_id=41)
        assert await broadcasts.scheduled() == [other]
        found = await broadcasts.active()
        assert found is not None
        assert (found.progress_chat, found.progress_message_id) == (900, 41)

    async def test_what_nobody_started_is_not_there(self, broadcasts: Broadcasts) -> None:
        assert await broadcasts.get(b"none") is None
        await broadcasts.finish(b"none", NOON)
