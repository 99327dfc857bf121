"""The progress reports of a recall, and what becomes of failures in it."""

from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.back_off import BackOff
from storage.broadcast_transitions import change_broadcast, record_recalled
from storage.broadcast_types import Broadcast, BroadcastAction
from storage.broadcasts import broadcast_with, due_broadcasts
from storage.errors import SchemaMissing, Unavailable
from tests.broadcast.workers import WorkerHarness, until
from tests.support.accelerated_loop import time_of_day
from tests.support.broadcasts import of_recall
from tests.support.fake_telegram import BAD_TOKEN
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.supporters import ADMIN


async def is_over(harness: WorkerHarness, broadcast: Broadcast) -> bool:
    found = await harness.storage.read(broadcast_with, broadcast.id)
    return found is not None and found.recall_ended_at is not None


async def test_how_far_it_is_is_told_and_adds_up(harness: WorkerHarness) -> None:
    await harness.sends_to(range(1, 121))
    broadcast = await harness.ended()
    harness.telegram.latency = 0.5  # long enough for some reports
    await harness.storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, time_of_day()
    )

    await until(lambda: is_over(harness, broadcast))
    reports = harness.reports.recalls
    assert len(reports) > 3
    assert of_recall(reports[-1]) == (120, 0, 0)
    assert [each.recalled for each in reports] == sorted(each.recalled for each in reports)
    assert all(each.recalled + each.left_to_recall == 120 for each in reports)


async def test_one_with_whom_the_program_fails_keeps_nobody_elses_message_there(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 61))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.ended()
    harness.telegram.always(1007, ZeroDivisionError())
    await harness.storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, time_of_day()
    )
    await until(lambda: is_over(harness, broadcast))
    assert of_recall(harness.reports.recalls[-1]) == (59, 1, 0)


async def test_a_token_that_is_denied_once_holds_it_up_for_a_moment_only(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 61))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.ended()
    harness.telegram.plan(1007, BAD_TOKEN)
    await harness.storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, time_of_day()
    )
    await until(lambda: is_over(harness, broadcast))
    assert of_recall(harness.reports.recalls[-1]) == (60, 0, 0)


# The database refuses only these rows, as with a disk that is damaged there.
POISON = """
CREATE TRIGGER poison BEFORE UPDATE ON deliveries
WHEN NEW.position IN (7, 31) AND NEW.recall_outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'no'); END
"""


async def recalled(harness: WorkerHarness, people: int) -> Broadcast:
    """Returns a broadcast that was sent to so many and is being recalled."""
    await harness.people.sign(range(1, people + 1))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.ended()
    await harness.storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, time_of_day()
    )
    return broadcast


async def test_what_cannot_be_written_down_keeps_it_from_no_end_and_is_told_as_unknown(
    harness: WorkerHarness,
) -> None:
    await write_sql(harness.people.database, POISON)
    with capture_logs() as logs:
        broadcast = await recalled(harness, 60)
        await until(lambda: is_over(harness, broadcast))
    assert of_recall(harness.reports.recalls[-1]) == (58, 0, 2)
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
    broadcast = await recalled(harness, 6)
    await until(lambda: is_over(harness, broadcast))
    assert failures == []
    assert of_recall(harness.reports.recalls[-1]) == (6, 0, 0)


def failing(_: int) -> None:
    raise ZeroDivisionError


async def test_when_it_fails_with_everybody_nobody_is_given_up(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.broadcast.circuit_breakers._PAUSES", BackOff(0.05, 0.05))
    await harness.people.sign(range(1, 4))
    broadcast = await harness.start()
    harness.start_worker()
    await harness.ended()
    harness.telegram.before = failing
    sent = len(harness.telegram.calls)
    await harness.storage.write(
        change_broadcast, BroadcastAction.RECALL, broadcast.id, ADMIN, time_of_day()
    )

    async def was_tried() -> bool:
        return len(harness.telegram.calls) >= sent + 4 * 3

    await until(was_tried, 30.0)
    harness.telegram.before = lambda _: None
    await until(lambda: is_over(harness, broadcast))
    assert of_recall(harness.reports.recalls[-1]) == (3, 0, 0)
