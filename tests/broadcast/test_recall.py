"""The progress reports of a recall, and what becomes of failures in it."""

from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.back_off import BackOff
from storage.broadcast_transitions import record_recalled
from storage.broadcast_types import Recalled
from storage.broadcasts import due_broadcasts
from storage.errors import SchemaMissing, Unavailable
from tests.broadcast.workers import WorkerHarness, called, has_state, received
from tests.support.accelerated_loop import time_of_day
from tests.support.fake_telegram import FakeTelegram
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until


async def test_how_far_it_is_is_told_and_adds_up(harness: WorkerHarness) -> None:
    await harness.sent_to(range(1, 121))
    harness.telegram.latency = 0.5  # long enough for some reports
    await harness.recall()
    assert await harness.recalled() == (120, 0, 0)
    reports = harness.reports.recalls
    assert len(reports) > 3
    assert [each.recalled for each in reports] == sorted(each.recalled for each in reports)
    assert all(each.recalled + each.left_to_recall == 120 for each in reports)


async def test_one_whose_end_cannot_be_told_is_taken_back_at_once(harness: WorkerHarness) -> None:
    harness.reports.failures = 1000
    running = await harness.sends_to([1, 2], rest=30.0)
    await until(lambda: has_state(harness, "finished"))
    await until(lambda: bool(harness.reports.at))
    await harness.recall()
    running.woken.set()
    assert await harness.recalled() == (2, 0, 0)


async def test_what_one_that_was_frozen_had_sent_is_deleted_before_it_is_said_to_be_over(
    harness: WorkerHarness,
) -> None:
    first = await harness.sends_to(range(1, 101), telegram=FakeTelegram(), rate=100.0, call=100.0)
    first.telegram.latency = 0.4
    await until(lambda: received(first.telegram, 30))
    first.lock.release()
    first.telegram.latency = 40.0
    second = harness.start_worker(telegram=FakeTelegram())
    second.database.is_shared = True
    await harness.cancel()
    await harness.recall()
    arrived = await harness.recalled(seconds=100)
    sent = first.telegram.received + second.telegram.received
    assert arrived == (len(sent), 0, 0)
    deleted = {asked["chat_id"] for method, asked in second.telegram.calls if "delete" in method}
    assert deleted == set(sent)


async def test_an_album_and_what_is_paid_for_are_recalled_at_the_rate_of_all_others(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1, 2])
    running = harness.start_worker(rate=30.0)
    running.worker.context.paid_rate = 600.0
    album = {"content": {"es": {"messages": [17, 18]}}, "source_chat": 9}
    for sent, rate in ((album, 15), ({"paid": True}, 600)):
        await harness.start(**sent)
        await harness.ended()
        assert running.gate.rate == rate
        await harness.recall()
        await harness.recalled()
        assert running.gate.rate == 30


async def test_one_with_whom_the_program_fails_keeps_nobody_elses_message_there(
    harness: WorkerHarness,
) -> None:
    await harness.sent_to(range(1, 61))
    harness.telegram.always(1007, ZeroDivisionError())
    await harness.recall()
    assert await harness.recalled() == (59, 1, 0)


async def test_who_is_left_after_a_restart_and_fails_again_and_again_keeps_it_from_no_end(
    harness: WorkerHarness,
) -> None:
    running = await harness.sends_to([1, 2])
    broadcast = await harness.ended()
    running.kill()
    await harness.recall()
    await harness.storage.write(record_recalled, broadcast.id, Recalled.DELETED, [1])
    harness.telegram.dead = False
    harness.telegram.always(1002, ZeroDivisionError())
    harness.start_worker()
    assert await harness.recalled() == (1, 1, 0)


# The database refuses only these rows, as with a disk that is damaged there.
POISON = """
CREATE TRIGGER poison BEFORE UPDATE ON deliveries
WHEN NEW.position IN (7, 31) AND NEW.recall_outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'no'); END
"""


async def test_what_cannot_be_written_down_keeps_it_from_no_end_and_is_told_as_unknown(
    harness: WorkerHarness,
) -> None:
    await write_sql(harness.people.database, POISON)
    with capture_logs() as logs:
        await harness.sent_to(range(1, 61))
        await harness.recall()
        assert await harness.recalled() == (58, 0, 2)
    deleted = Counter(
        asked["chat_id"] for method, asked in harness.telegram.calls if "delete" in method
    )
    assert deleted == Counter(range(1001, 1061)), "each once, also those of whom nobody knows"
    told = [each for each in logs if each["event"] == "recall_not_recorded"]
    assert [each["kind"] for each in told] == ["IntegrityError"] * 2
    assert not [each for each in logs if each["event"] == "broadcast_failed"]
    assert await harness.storage.read(due_broadcasts, time_of_day()) == []


async def test_when_the_database_is_away_nothing_is_set_aside(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [Unavailable(), SchemaMissing("no"), Unavailable()]

    async def away(record: Proceed, *given: Any) -> None:
        if failures:
            raise failures.pop()
        await record(*given)

    call_instead(monkeypatch, record_recalled, away)
    await harness.sent_to(range(1, 7))
    await harness.recall()
    assert await harness.recalled() == (6, 0, 0)
    assert failures == []


def failing(_: int) -> None:
    raise ZeroDivisionError


async def test_when_it_fails_with_everybody_nobody_is_given_up(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.broadcast.failing_deliveries._PAUSES", BackOff(0.05, 0.05))
    await harness.sent_to(range(1, 4))
    harness.telegram.before = failing
    sent = len(harness.telegram.calls)
    await harness.recall()
    await until(lambda: called(harness.telegram, sent + 4 * 3), 30.0)
    harness.telegram.before = lambda _: None
    assert await harness.recalled() == (3, 0, 0)
