"""An admin's pause, cancellation or recall of a broadcast works at once and loses nobody."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.back_off import BackOff
from storage.approvals import APPROVABLE_FOR
from storage.broadcast_types import (
    BroadcastAction,
    Kind,
    PauseReason,
    Recalled,
    StopReason,
    Tally,
)
from storage.broadcasts import due_broadcasts
from storage.deliveries import enqueue_deliveries
from storage.errors import SchemaMissing, Unavailable
from storage.recalls import record_recalled
from tests.broadcast.workers import (
    UNHURRIED,
    WorkerHarness,
    called,
    everyone_once,
    has_state,
    nothing_is_due,
    received,
    told,
)
from tests.support import fake_telegram as answers
from tests.support.accelerated_loop import time_of_day
from tests.support.fake_telegram import FakeTelegram
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.supporters import ADMIN
from tests.support.waiting import until

AUTHOR = ADMIN + 1


async def test_a_pause_stops_the_sending_and_gives_back_what_was_claimed(
    harness: WorkerHarness,
) -> None:
    await harness.sends_to(range(1, 201), rate=200.0)
    await until(lambda: received(harness.telegram, 5))
    await harness.pause()
    await until(lambda: told(harness, "paused"))
    sent = harness.telegram.received.total()
    assert sent < 200
    assert await harness.tally() == Tally(total=200, delivered=sent, pending=200 - sent)
    await harness.resume()
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(200)


async def test_a_word_to_the_worker_makes_a_pause_take_effect_at_once(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await harness.sends_to(range(1, 101), rate=20.0, progress=60.0)
    await until(lambda: received(harness.telegram, 2))
    # Telegram asks to wait, and without being woken it would claim again only afterwards.
    running.gate.pause = 60.0
    # One that met a bug is not the last.
    mistakes = 1

    async def mistaken(look: Proceed, now: datetime) -> object:
        nonlocal mistakes
        if mistakes:
            mistakes -= 1
            raise KeyError("state")
        return await look(now)

    call_instead(monkeypatch, due_broadcasts, mistaken)
    running.woken.set()
    await until(lambda: mistakes == 0)
    await harness.pause()
    running.woken.set()
    now = asyncio.get_running_loop().time
    began = now()
    await until(lambda: told(harness, "paused"))
    assert now() - began < 2.0


async def test_a_pause_while_the_list_is_made_ends_that_too(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.broadcast.sender._PORTION", 5)
    portions = 0

    async def paused_after_one(enqueue: Proceed, *given: Any, **named: Any) -> object:
        nonlocal portions
        portions += 1
        is_done = await enqueue(*given, **named)
        await harness.pause()
        return is_done

    call_instead(monkeypatch, enqueue_deliveries, paused_after_one)
    await harness.sends_to(range(1, 31), progress=60.0)
    await until(lambda: told(harness, "paused"))
    assert portions == 1
    monkeypatch.undo()
    await harness.resume()
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(30)


async def test_what_a_dead_worker_was_sending_when_it_was_cancelled_is_unknown(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 11))
    harness.telegram.latency = 60.0
    await harness.start()
    running = harness.start_worker(call=90.0)
    await until(lambda: harness.telegram.in_flight >= 10)
    running.kill()
    await harness.cancel()
    harness.start_worker()
    await harness.ended()
    assert await harness.tally() == Tally(total=10, unconfirmed=10)


async def test_cancelled_while_another_goes_on_for_a_dead_worker_nothing_is_left_being_sent(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign(range(1, 101))
    harness.telegram.latency = 60.0
    await harness.start()
    running = harness.start_worker(rate=20.0, call=90.0)
    await until(lambda: harness.telegram.in_flight >= 3)
    running.kill()
    claimed = (await harness.tally()).sending
    second = harness.start_worker(telegram=FakeTelegram(), rate=20.0)
    second.database.is_shared = True  # it waits, as the first one may only be frozen
    await until(lambda: received(second.telegram, 5))
    await harness.cancel()
    await harness.ended()
    tally = await harness.tally()
    assert (tally.sending, tally.unconfirmed) == (0, claimed)


async def test_who_comes_back_after_the_end_is_told_and_nobody_else(
    harness: WorkerHarness,
) -> None:
    await harness.sent_but_to_the_last(3)
    assert await harness.people.unreachable() == [3]
    await harness.comes_back(3)
    await until(lambda: received(harness.telegram, 3))
    await until(lambda: nothing_is_due(harness))
    assert await harness.tally() == Tally(total=3, delivered=3)
    assert dict(harness.telegram.received) == everyone_once(3)
    assert [what for what, *_ in harness.reports.ends] == ["finished"]


async def test_a_recall_deletes_what_arrived(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 41))
    harness.telegram.always(1002, answers.BLOCKED)
    await harness.start()
    harness.start_worker()
    await harness.ended()
    harness.telegram.plan(1003, answers.SERVER_ERROR, answers.NO_CONNECTION)
    harness.telegram.plan(1004, answers.NOT_THERE)
    harness.telegram.plan(1005, answers.TOO_OLD)
    harness.telegram.plan(1006, answers.BLOCKED)
    harness.telegram.plan(1007, answers.BAD_TEXT)
    # That it is done cannot be told at once: that is tried again, further and further apart.
    harness.reports.recall_failures = 5
    await harness.recall()
    assert await harness.recalled() == (36, 3, 0)
    assert harness.reports.recall_failures == 0
    assert harness.reports.at[-1] - harness.reports.at[-2] >= 0.3
    assert {*harness.deleted()} == {1000 + number for number in range(1, 41)} - {1002}


async def test_a_recall_does_not_wait_for_somebody_who_came_back_and_cannot_be_told(
    harness: WorkerHarness,
) -> None:
    await harness.sent_but_to_the_last(2)
    harness.telegram.always(1002, answers.SERVER_ERROR)
    await harness.comes_back(2)
    await until(lambda: called(harness.telegram, 4))
    await harness.recall()
    await harness.recalled()
    assert await harness.storage.read(due_broadcasts, time_of_day()) == []
    assert dict(harness.telegram.received) == {1001: 1}


async def test_what_a_killed_process_was_sending_to_luz_who_came_back_is_unknown_once_recalled(
    harness: WorkerHarness,
) -> None:
    running = await harness.sent_but_to_the_last(2, call=90.0)
    harness.telegram.latency = 60.0
    await harness.comes_back(2)
    await until(lambda: harness.telegram.in_flight >= 1)
    running.kill()
    await harness.recall()
    harness.telegram = FakeTelegram()
    harness.start_worker()
    assert await harness.recalled() == (1, 0, 0)
    tally = await harness.tally()
    assert (tally.sending, tally.unconfirmed, tally.delivered) == (0, 1, 1)
    assert [asked["chat_id"] for _, asked in harness.telegram.calls] == [1001]


async def test_a_recall_does_not_wait_for_what_is_being_sent(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 31), updates=9)
    first = await harness.start(kind=Kind.UPDATE)
    running = harness.start_worker()
    await harness.ended()
    await running.worker.stop(1.0)
    await harness.start(kind=Kind.UPDATE)
    running = harness.start_worker(rate=20.0)
    await until(lambda: received(harness.telegram, 32))
    await harness.recall(first)
    running.woken.set()
    await harness.recalled(first)
    assert await has_state(harness, "running")
    await harness.ended()
    assert harness.telegram.received.total() == 60


async def test_what_nobody_approved_in_a_day_is_over_and_that_is_told(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1])
    almost = APPROVABLE_FOR - timedelta(seconds=1)
    await harness.start(needs_approval=True, at=time_of_day() - almost)
    harness.start_worker()  # which asks the admins once more before it is too late
    ended = await harness.ended()
    assert (ended.state, ended.stop_reason) == ("stopped", StopReason.UNAPPROVED)
    assert harness.telegram.calls == []


@pytest.mark.parametrize(
    ("left", "state", "reason"),
    [(ADMIN, "finished", None), (AUTHOR, "paused", PauseReason.FORMER)],
)
async def test_who_approved_it_has_to_be_an_admin_still_and_not_who_wrote_it(
    harness: WorkerHarness, left: int, state: str, reason: PauseReason | None
) -> None:
    await harness.people.sign([1])
    written = await harness.start(needs_approval=True, actor=AUTHOR, at=time_of_day())
    await harness.order(BroadcastAction.APPROVE, written)
    harness.start_worker(admins=frozenset({left}))
    await until(lambda: has_state(harness, state))
    latest = await harness.latest()
    assert (latest.pause_reason, harness.telegram.received[1001]) == (reason, left == ADMIN)


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
    first = await harness.sends_to(
        range(1, 101), telegram=FakeTelegram(), rate=100.0, call=100.0, **UNHURRIED
    )
    first.telegram.latency = 0.4
    await until(lambda: received(first.telegram, 30))
    first.lock.release()
    first.telegram.latency = 40.0
    second = harness.start_worker(telegram=FakeTelegram(), **UNHURRIED)
    second.database.is_shared = True
    await harness.cancel()
    await harness.recall()
    arrived = await harness.recalled(seconds=100)
    sent = first.telegram.received + second.telegram.received
    assert arrived == (len(sent), 0, 0)
    assert {*harness.deleted(second.telegram)} == set(sent)


async def test_an_album_and_what_is_paid_for_are_recalled_at_the_rate_of_all_others(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1, 2])
    running = harness.start_worker(rate=30.0)
    running.worker.context.paid_rate = 600.0
    # Telegram sells no faster rate for albums, of which one language may have a longer one.
    versions = {"es": {"messages": [17]}, "en": {"messages": [18, 19]}}
    album = {"content": versions, "source_chat": 9, "paid": True}
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
    once = Counter(range(1001, 1061))
    assert Counter(harness.deleted()) == once, "each once, also those of whom nobody knows"
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
