import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain, repeat
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.broadcast.result_recorder import ResultRecorder
from bot.clocks import utc_now
from storage import Storage
from storage.broadcast_types import Outcome, PauseReason, Result, Tally
from storage.deliveries import record_results
from storage.errors import DatabaseUrlWrong, SchemaMissing, StorageError, Unavailable
from tests.broadcast.workers import WorkerHarness, everyone_once, has_state
from tests.support.fake_telegram import FakeTelegram
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until


class FakeStorage:
    """A fake of a storage that remembers what was recorded, and can fail."""

    def __init__(self) -> None:
        self.writes: list[tuple[bytes, list[int]]] = []
        self.written: dict[int, Result] = {}
        self.failures: list[Exception] = []
        self.asked = 0
        self.takes: Callable[[Result], bool] = lambda _: True
        self.paused: list[tuple[bytes, PauseReason, str]] = []
        self.not_paused: list[Exception] = []
        self.waits: Iterator[float] = repeat(0.0)  # seconds that each write takes

    async def write(
        self, work: object, broadcast: bytes, results: Iterable[Result], at: datetime
    ) -> None:
        assert work is record_results
        self.asked += 1
        await asyncio.sleep(next(self.waits))
        if self.failures:
            raise self.failures.pop(0)
        some = list(results)
        if not all(self.takes(each) for each in some):
            raise KeyError("what somebody wrote")
        self.writes.append((broadcast, [result.position for result in some]))
        self.written |= {result.position: result for result in some}

    async def pause(self, broadcast: bytes, reason: PauseReason, detail: str) -> None:
        await asyncio.sleep(next(self.waits))
        if self.not_paused:
            raise self.not_paused.pop(0)
        self.paused.append((broadcast, reason, detail))


@asynccontextmanager
async def opened(storage: FakeStorage, delay: float = 0.001) -> AsyncIterator[ResultRecorder]:
    recorder = ResultRecorder(cast(Storage, storage), storage.pause, utc_now, delay)
    try:
        yield recorder
    finally:
        await recorder.close()


def result(position: int) -> Result:
    return Result(position, b"claim", Outcome.DELIVERED)


async def test_results_that_come_together_are_recorded_together() -> None:
    storage = FakeStorage()
    async with opened(storage, delay=5.0) as recorder:
        for position in range(5):
            recorder.add(b"one", result(position))
        await asyncio.sleep(2)
        assert storage.writes == []
        await asyncio.sleep(8)
    assert storage.writes == [(b"one", [0, 1, 2, 3, 4])]


async def flushed(recorder: ResultRecorder) -> None:
    async with asyncio.timeout(20):
        await recorder.flush()


def poison(position: int) -> Callable[[Result], bool]:
    """Returns a rule by which this result is refused as delivered, and all others are taken."""
    return lambda each: each.position != position or each.outcome is not Outcome.DELIVERED


class TestPoison:
    """A result that the database refuses although it is available."""

    async def test_while_it_is_looked_for_the_database_may_be_away(self) -> None:
        storage = FakeStorage()
        storage.takes = poison(3)
        storage.failures = [KeyError(), Unavailable(), KeyError(), KeyError(), Unavailable()]
        storage.not_paused = [Unavailable()]
        async with opened(storage) as recorder:
            for position in range(1, 5):
                recorder.add(b"one", result(position))
            await flushed(recorder)
        assert {n: each.outcome.value for n, each in storage.written.items()} == {
            1: "delivered",
            2: "delivered",
            3: "unconfirmed",
            4: "delivered",
        }
        assert [broadcast for broadcast, *_ in storage.paused] == [b"one"]

    @pytest.mark.parametrize("failure", [Unavailable, DatabaseUrlWrong, SchemaMissing])
    async def test_a_database_that_is_away_or_lets_nobody_in_holds_nothing(
        self, failure: type[StorageError]
    ) -> None:
        storage = FakeStorage()
        storage.failures = [failure(), failure()]
        async with opened(storage) as recorder:
            recorder.add(b"one", result(1))
            await flushed(recorder)
        assert (storage.written, storage.paused) == ({1: result(1)}, [])

    async def test_on_a_slow_disk_all_others_are_written_one_by_one(self) -> None:
        storage = FakeStorage()
        storage.takes, storage.waits = poison(3), repeat(0.03)
        storage.not_paused = [KeyError()] * 99  # nor is the broadcast ever paused
        async with opened(storage) as recorder:
            for position in range(1, 501):
                recorder.add(b"one", result(position))
            await flushed(recorder)
        assert len(storage.written) == 500

    @pytest.mark.parametrize("before", range(5))
    async def test_a_write_of_which_nothing_is_heard_is_made_again_and_refuses_none(
        self, before: int
    ) -> None:
        """Of both, of each, as unconfirmed, or the pause: its connection is forgotten."""
        storage = FakeStorage()
        storage.takes = poison(1)
        storage.waits = chain(repeat(0.0, before), [3600.0], repeat(0.0))
        async with opened(storage) as recorder:
            recorder.add(b"one", result(1))
            recorder.add(b"one", result(2))
            await flushed(recorder)
        outcomes = {n: each.outcome.value for n, each in storage.written.items()}
        assert outcomes == {1: "unconfirmed", 2: "delivered"}


# The database refuses `delivered` in this row, as with a disk that is damaged there.
POISON = """
CREATE TRIGGER poison BEFORE UPDATE ON deliveries
WHEN NEW.position = 3 AND NEW.state = 'delivered'
BEGIN SELECT RAISE(ABORT, 'no'); END
"""


async def test_one_row_that_cannot_be_written_keeps_no_result_from_being_recorded(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 7))
    broadcast = await harness.queued(await harness.start())
    await write_sql(harness.people.database, POISON)
    with capture_logs() as logs:
        harness.start_worker()
        found = await harness.held()
    (event,) = [each for each in logs if each["event"] == "result_refused_by_database"]
    assert isinstance(event["exc_info"], Exception), "the log has its trace"
    assert found.pause_reason is PauseReason.UNRECORDED
    assert found.reason_detail == f"IntegrityError {event['reference']}"
    tally = await harness.tally()
    assert (tally.unconfirmed, tally.sending) == (1, 0)
    assert (await harness.people.states(broadcast.id))[2] == "unconfirmed"
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=6, delivered=5, unconfirmed=1)
    assert dict(harness.telegram.received) == everyone_once(6)


def refusing(monkeypatch: pytest.MonkeyPatch, *positions: int) -> None:
    """Lets the database refuse every result of these deliveries."""

    async def refused(
        record: Proceed, broadcast: bytes, results: Iterable[Result], at: datetime
    ) -> None:
        some = list(results)
        if any(each.position in positions for each in some):
            raise KeyError(positions)
        await record(broadcast, some, at)

    call_instead(monkeypatch, record_results, refused)


async def test_who_may_have_it_is_not_written_to_again_though_nothing_can_be_written(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 3)
    await harness.people.sign(range(1, 7))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.held()
    assert (await harness.people.states(broadcast.id))[2] == "sending"
    await harness.resume()
    # Resumed before the cause is repaired, it is paused again.
    await harness.held(2)
    assert harness.telegram.received[1003] == 1
    monkeypatch.undo()
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(6)
    assert await harness.tally() == Tally(total=6, delivered=5, unconfirmed=1)


class LetsOneThrough(FakeTelegram):
    """A fake client at whose gate all chats but one wait until it opens."""

    async def call(
        self, method: str, params: Mapping[str, object] | None = None, **given: Any
    ) -> Any:
        if params is not None and params.get("chat_id") != 1001:
            await self.open.wait()
        return await super().call(method, params, **given)

    async def _turn_came(self) -> None:
        return


async def test_no_more_of_it_goes_out_at_once(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 1)
    await harness.people.sign(range(1, 41))
    await harness.queued(await harness.start())
    harness.telegram = LetsOneThrough()
    harness.telegram.open.clear()
    running = harness.start_worker(window=10.0, batch=10.0)
    await until(lambda: has_state(harness, "paused"))
    harness.telegram.open.set()
    await harness.held()
    assert dict(harness.telegram.received) == {1001: 1}
    assert len(running.claims) == 0
    assert await harness.tally() == Tally(total=40, pending=39, sending=1)
