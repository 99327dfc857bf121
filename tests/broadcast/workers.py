"""Helpers that start and kill workers, and a reporter that remembers its reports."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from bot.broadcast.context import Durations, WorkerContext
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.worker import Worker
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from storage import Storage
from storage.broadcast_transitions import change_broadcast, start_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind, Tally
from storage.broadcasts import (
    broadcast_history,
    broadcast_with,
    due_broadcasts,
    tally_of_broadcast,
)
from storage.database import Database
from storage.deliveries import enqueue_deliveries
from storage.errors import Unavailable
from storage.keyring import Keyring
from storage.leases import lock_name, take_over
from storage.process_lock import ProcessLock
from storage.returning_supporters import mark_reachable
from storage.transaction import BoundWork, Read, Result
from tests.support.accelerated_loop import running_clocks, time_of_day
from tests.support.broadcasts import new_broadcast, of_recall
from tests.support.fake_telegram import BLOCKED, FakeGate, FakeTelegram
from tests.support.supporters import ADMIN, SLUG, Supporters, later
from tests.support.waiting import until

QUICK = Durations(
    window=0.3,
    poll=0.05,
    look=0.5,
    retries=(0.005, 0.01),
    rest=0.02,
    record=0.01,
    progress=0.05,
    call=1.0,
)

UNHURRIED: dict[str, Any] = {"poll": 1.0, "look": 3.0, "rest": 1.0, "progress": 3.0}
"""Durations of a bot, for what goes on for a minute: each look at a database takes a while."""


class FailingDatabase:
    """A database that can be away, or severed as by a kill, so that no call ever returns."""

    is_shared = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.severed = False
        self.lose_answers = 0
        self._writing: set[asyncio.Future[Any]] = set()

    async def read(self, work: BoundWork[Result]) -> Result:
        await self._passes()
        return await self._database.read(work)

    async def write(self, work: BoundWork[Result]) -> Result:
        await self._passes()
        writing = asyncio.ensure_future(self._database.write(work))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        result = await asyncio.shield(writing)
        await self._answered()
        return result

    async def written(self) -> None:
        """Waits until what was being written at a kill is written."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _answered(self) -> None:
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise Unavailable
        await self._passes()

    def snapshot(self) -> AbstractAsyncContextManager[Read]:
        return self._database.snapshot()

    def require_files(self) -> None:
        self._database.require_files()

    async def close(self) -> None:
        """Does nothing: the fixture closes the database."""

    async def _passes(self) -> None:
        if self.severed:
            await asyncio.Future()
        if self.away:
            raise Unavailable


@dataclass
class RecordingReporter:
    """A reporter that remembers its reports, and when they came."""

    told: list[tuple[str, Tally, str]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    recalls: list[Tally] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    failures: int = 0
    recall_failures: int = 0
    failure: BaseException = field(default_factory=lambda: RuntimeError("the chat is gone"))

    async def report(
        self, broadcast: Broadcast, tally: Tally, rate: float | None = None, pause: float = 0.0
    ) -> None:
        if broadcast.recall_started_at is not None:
            self._recalling(broadcast, tally, rate)
            return
        if broadcast.is_over:
            self._note(broadcast.state, tally, broadcast.stop_reason or "")
            return
        self.pauses.append(pause)
        assert broadcast.is_running is (rate is not None)
        if rate is not None:
            self.rates.append(rate)
        self._note("progress" if rate is not None else "paused", tally)

    async def ask(self, broadcast: Broadcast, tally: Tally) -> None:
        assert broadcast.question is not None
        self._note("waiting", tally, broadcast.question)

    def _recalling(self, broadcast: Broadcast, tally: Tally, rate: float | None) -> None:
        assert broadcast.is_recalling is (rate is not None)
        self.at.append(asyncio.get_running_loop().time())
        if rate is None and self.recall_failures > 0:
            self.recall_failures -= 1
            raise self.failure
        self.recalls.append(tally)

    @property
    def ends(self) -> list[tuple[str, Tally, str]]:
        """The reports other than progress."""
        return [each for each in self.told if each[0] != "progress"]

    def _note(self, what: str, tally: Tally, reason: str = "") -> None:
        self.at.append(asyncio.get_running_loop().time())
        if self.failures > 0:
            self.failures -= 1
            raise self.failure
        self.told.append((what, tally, reason))


@dataclass
class RunningWorker:
    """A running worker, with its database, client, reporter, gate and claims."""

    worker: Worker
    database: FailingDatabase
    telegram: FakeTelegram
    reports: RecordingReporter
    gate: FakeGate
    claims: OpenClaims
    woken: asyncio.Event
    lock: ProcessLock
    task: asyncio.Task[None]

    def kill(self) -> None:
        """Ends it as SIGKILL would: from now on nothing it does has any effect."""
        self.database.severed = True
        self.telegram.dead = True
        self.task.cancel()


class WorkerHarness:
    """Makes workers for one petition."""

    def __init__(
        self, database: Database, keyring: Keyring, people: Supporters, telegram: FakeTelegram
    ) -> None:
        self._database = database
        self.storage = Storage(database, keyring, SLUG)
        self._keyring = keyring
        self._running: list[RunningWorker] = []
        self._starts = 0
        self.people = people
        self.telegram = telegram
        self.reports = RecordingReporter()

    async def start(self, **changes: Any) -> Broadcast:
        """Starts a broadcast to every supporter."""
        self._starts += 1
        plan = new_broadcast(**{"at": later(self._starts), **changes})
        started = await self.storage.write(start_broadcast, plan)
        assert isinstance(started, Broadcast)
        return started

    async def queued(self, broadcast: Broadcast) -> Broadcast:
        """Gives every recipient a row, as a worker that no longer runs would have."""
        await self.storage.write(take_over, "gone", time_of_day())
        while not await self.storage.write(
            enqueue_deliveries, broadcast, holder="gone", portion=100, at=time_of_day()
        ):
            pass
        return broadcast

    def start_worker(
        self,
        *,
        telegram: FakeTelegram | None = None,
        rate: float = 10_000.0,
        admins: frozenset[int] = frozenset({ADMIN}),
        now: Callable[[], datetime] | None = None,
        **durations: Any,
    ) -> RunningWorker:
        """Starts a worker, which takes over from those that were started before."""
        telegram = telegram or self.telegram
        database, gate, claims = FailingDatabase(self._database), FakeGate(rate), OpenClaims()
        woken, clocks, lock = asyncio.Event(), running_clocks(), ProcessLock(lock_name(SLUG))
        telegram.gate = gate

        context = WorkerContext(
            client=cast(TelegramClient, telegram),
            gate=cast(Gate, gate),
            storage=Storage(cast(Database, database), self._keyring, SLUG),
            reporter=self.reports,
            rate=rate,
            lock=lock,
            woken=woken,
            claims=claims,
            is_admin=admins.__contains__,
            clocks=replace(clocks, now=now or clocks.now),
            durations=replace(QUICK, **durations),
        )
        worker = Worker(context)

        async def run() -> None:
            await self.storage.write(take_over, lock.holder, time_of_day())
            lock.mark_taken()
            await worker.run()

        task = asyncio.create_task(run())
        running = RunningWorker(
            worker, database, telegram, self.reports, gate, claims, woken, lock, task
        )
        self._running.append(running)
        return running

    async def sends_to(self, people: Iterable[int], **options: Any) -> RunningWorker:
        """Lets these people sign, starts a broadcast to everyone, and a worker for it."""
        await self.people.sign(people)
        await self.start()
        return self.start_worker(**options)

    async def sent_to(self, people: Iterable[int], **options: Any) -> Broadcast:
        """Lets these people sign, and has a worker send a broadcast to its end."""
        await self.sends_to(people, **options)
        return await self.ended()

    async def killed(self, people: int, **options: Any) -> RunningWorker:
        """Lets so many sign, and a worker be killed in the middle of sending to them."""
        first = await self.sends_to(
            range(1, people + 1), telegram=FakeTelegram(), rate=100.0, **options
        )
        await until(lambda: received(first.telegram, 10))
        first.kill()
        await first.database.written()
        return first

    async def sent_but_to_the_last(self, people: int, **options: Any) -> RunningWorker:
        """Has a closing update sent to so many, of whom the last has blocked the bot for now."""
        await self.people.set_closed_at(time_of_day())
        await self.people.sign(range(1, people + 1))
        self.telegram.always(1000 + people, BLOCKED)
        await self.start(at=time_of_day())
        running = self.start_worker(**options)
        await self.ended()
        self.telegram.always(1000 + people, None)
        return running

    async def comes_back(self, number: int) -> None:
        """Somebody can be reached again, and a message waits for them."""
        who = self.people.supporter(number)
        assert await self.storage.write(mark_reachable, who, time_of_day())
        self._running[-1].woken.set()

    def deleted(self, telegram: FakeTelegram | None = None) -> list[object]:
        """Returns the chats in which messages were deleted."""
        calls = (telegram or self.telegram).calls
        return [asked["chat_id"] for method, asked in calls if "delete" in method]

    async def copies(self, content: dict[str, Any], *people: int, **options: Any) -> Broadcast:
        """Has messages copied to these people, and waits for the end of it."""
        await self.people.sign(people, updates=9)
        await self.start(kind=Kind.UPDATE, content=content, source_chat=ADMIN)
        self.start_worker(**options)
        return await self.ended()

    async def ended(self, seconds: float = 10.0) -> Broadcast:
        """Waits until the latest broadcast has ended and that was reported."""

        async def is_over() -> bool:
            return any(
                each.reported_at for each in (await self.storage.read(broadcast_history))[:1]
            )

        await until(is_over, seconds)
        return await self.latest()

    async def held(self, times: int = 1) -> Broadcast:
        """Waits until admins were told so often that it waits for them."""

        async def is_told() -> bool:
            return [what for what, *_ in self.reports.told].count("waiting") >= times

        await until(is_told)
        latest = await self.latest()
        assert latest.pause_reason is not None
        return latest

    async def order(self, action: BroadcastAction, broadcast: Broadcast | None = None) -> None:
        """An admin orders something of a broadcast, the latest if it is not said which."""
        which = broadcast or await self.latest()
        await self.storage.write(change_broadcast, action, which.id, ADMIN, time_of_day())

    async def resume(self) -> None:
        """An admin lets the latest broadcast go on."""
        await self.order(BroadcastAction.RESUME)

    async def pause(self) -> None:
        """An admin pauses the latest broadcast, in another process."""
        await self.order(BroadcastAction.PAUSE)

    async def cancel(self) -> None:
        """An admin cancels the latest broadcast."""
        await self.order(BroadcastAction.CANCEL)

    async def recall(self, broadcast: Broadcast | None = None) -> None:
        """An admin recalls a broadcast."""
        await self.order(BroadcastAction.RECALL, broadcast)

    async def recalled(
        self, broadcast: Broadcast | None = None, seconds: float = 10.0
    ) -> tuple[int, int, int]:
        """Waits until a recall is over; returns what was told of it, as `of_recall` does."""
        which = broadcast or await self.latest()

        async def is_over() -> bool:
            found = await self.storage.read(broadcast_with, which.id)
            return found is not None and found.recall_ended_at is not None

        await until(is_over, seconds)
        return of_recall(self.reports.recalls[-1])

    async def latest(self) -> Broadcast:
        """Returns the latest broadcast."""
        return (await self.storage.read(broadcast_history))[0]

    async def rows(self) -> list[dict[str, object]]:
        """Returns the deliveries of the latest broadcast."""
        return await self.people.deliveries((await self.latest()).id)

    async def tally(self) -> Tally:
        """Returns the tally of the latest broadcast."""
        return await self.storage.read(tally_of_broadcast, (await self.latest()).id)

    async def close(self) -> None:
        """Stops every worker that still runs."""
        for running in self._running:
            if not running.task.done():
                running.database.away = False
                await running.worker.stop(1.0)


async def has_state(harness: WorkerHarness, state: str) -> bool:
    """Tells whether the latest broadcast is in this state."""
    return [each.state for each in await harness.storage.read(broadcast_history)][:1] == [state]


async def nothing_is_due(harness: WorkerHarness) -> bool:
    """Tells whether every broadcast has ended and that was reported."""
    return await harness.storage.read(due_broadcasts, time_of_day()) == []


def told(harness: WorkerHarness, what: str) -> bool:
    """Tells whether this was reported."""
    return any(said == what for said, *_ in harness.reports.told)


def called(telegram: FakeTelegram, times: int) -> bool:
    """Tells whether there were at least so many calls."""
    return len(telegram.calls) >= times


def received(telegram: FakeTelegram, messages: int) -> bool:
    """Tells whether at least so many messages arrived."""
    return telegram.received.total() >= messages


def everyone_once(people: int) -> dict[int, int]:
    """Returns the messages by chat when each of so many supporters receives one."""
    return {1000 + number: 1 for number in range(1, people + 1)}
