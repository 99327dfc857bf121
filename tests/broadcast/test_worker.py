import asyncio
from itertools import chain, repeat
from typing import Any

import pytest

from storage.broadcast_transitions import finish_broadcast, interrupt_broadcast
from storage.broadcast_types import StopReason, Tally
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import enqueue_deliveries
from tests.broadcast.workers import (
    WorkerHarness,
    everyone_once,
    has_state,
    nothing_is_due,
    received,
    told,
)
from tests.support.accelerated_loop import time_of_day
from tests.support.broadcasts import CONTENT
from tests.support.raw_sql import write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)


@BOTH
async def test_everyone_is_told_once_in_their_language(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 41), "es")
    await harness.people.sign(range(41, 61), "en")
    await harness.start()
    harness.start_worker()
    ended = await harness.ended()
    assert ended.state == "finished"
    assert dict(harness.telegram.received) == everyone_once(60)
    assert harness.telegram.texts[1001] == CONTENT["es"]
    assert harness.telegram.texts[1060] == CONTENT["en"]
    assert harness.reports.ends == [("finished", Tally(total=60, delivered=60), "")]


async def test_the_first_messages_leave_while_the_list_is_still_made(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.broadcast.sender._PORTION", 5)
    portions, told_by_then = 0, 0

    async def once_somebody_is_told(enqueue: Proceed, *given: Any, **named: Any) -> object:
        nonlocal portions, told_by_then
        portions += 1
        if portions == 3:
            await until(lambda: received(harness.telegram, 5))
            told_by_then = harness.telegram.received.total()
        return await enqueue(*given, **named)

    call_instead(monkeypatch, enqueue_deliveries, once_somebody_is_told)
    await harness.sent_to(range(1, 31))
    assert 5 <= told_by_then <= 10
    assert portions == 6
    assert dict(harness.telegram.received) == everyone_once(30)
    assert harness.reports.ends == [("finished", Tally(total=30, delivered=30), "")]


async def test_woken_it_begins_at_once(harness: WorkerHarness) -> None:
    running = harness.start_worker(poll=60.0)
    await asyncio.sleep(0.05)
    await harness.people.sign([1])
    await harness.start()
    running.woken.set()
    await harness.ended(seconds=2)
    assert dict(harness.telegram.received) == everyone_once(1)


async def test_a_cancellation_that_nobody_asked_for_does_not_end_it(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1])
    await harness.start()
    harness.reports.failures, harness.reports.failure = 1, asyncio.CancelledError()
    running = harness.start_worker(progress=60.0)
    await harness.ended()
    assert harness.reports.failures == 0
    assert not running.task.done()
    assert dict(harness.telegram.received) == everyone_once(1)


async def test_what_nobody_approves_in_a_day_ends_also_where_the_process_goes_on(
    harness: WorkerHarness,
) -> None:
    await harness.people.sign([1, 2])
    await harness.start(needs_approval=True, at=time_of_day())
    harness.start_worker()
    await until(lambda: told(harness, "waiting"))
    await write_sql(harness.people.database, "UPDATE broadcasts SET starts_at = 1")
    ended = await harness.ended()
    assert (ended.state, ended.stop_reason) == ("stopped", StopReason.UNAPPROVED)
    assert harness.telegram.received == {}


async def test_no_more_than_the_window_is_ever_under_way(harness: WorkerHarness) -> None:
    harness.telegram.latency = 0.2
    await harness.sent_to(range(1, 81), rate=400.0, window=0.05)
    assert harness.telegram.most_in_flight <= 40
    assert dict(harness.telegram.received) == everyone_once(80)


async def test_a_broadcast_to_nobody_ends_at_once(harness: WorkerHarness) -> None:
    await harness.start()
    harness.start_worker()
    assert (await harness.ended()).state == "finished"
    assert harness.reports.ends == [("finished", Tally(total=0), "")]


class TestWithdrawals:
    async def test_nothing_is_sent_after_a_withdrawal_but_what_was_in_flight(
        self, harness: WorkerHarness
    ) -> None:
        await harness.people.sign(range(1, 101))
        withdrawn: set[int] = set()
        late: list[int] = []

        def notice(chat: int) -> None:
            if chat in withdrawn:
                late.append(chat)

        harness.telegram.before = notice
        await harness.start()
        harness.start_worker(rate=300.0)
        for number in range(100, 0, -5):
            await harness.people.withdraw(number)
            withdrawn.add(1000 + number)
            await asyncio.sleep(0.005)
        await harness.ended()
        # Claimed deliveries may already be on their way to the gate, but no more than a batch.
        assert len(late) <= 30 + 30
        tally = await harness.tally()
        assert tally.open == 0
        # Whoever withdrew before the deliveries were enqueued has none.
        assert tally.withdrawn + tally.delivered == tally.total <= 100
        assert all(harness.telegram.received[1000 + n] == 1 for n in range(1, 101) if n % 5)

    async def test_during_a_pause_nobody_is_claimed(self, harness: WorkerHarness) -> None:
        await harness.people.sign(range(1, 11))
        running = harness.start_worker()
        running.gate.pause = 0.05
        await harness.start()
        running.woken.set()

        async def all_have_rows() -> bool:
            return (await harness.tally()).total == 10

        await until(all_have_rows)
        await asyncio.sleep(0.2)
        assert await harness.tally() == Tally(total=10, pending=10)
        await harness.people.withdraw(3)
        running.gate.pause = 0.0
        await harness.ended()
        assert harness.telegram.received[1003] == 0
        assert await harness.tally() == Tally(total=10, delivered=9, withdrawn=1)

    async def test_a_chat_that_is_paused_for_long_comes_later(
        self, harness: WorkerHarness
    ) -> None:
        await harness.people.sign(range(1, 6))
        running = harness.start_worker()
        running.gate.paused_chats[1002] = 60.0
        await harness.start()
        running.woken.set()
        await until(lambda: received(harness.telegram, 4))
        await asyncio.sleep(0.1)
        assert harness.telegram.received[1002] == 0
        running.gate.paused_chats.clear()
        await harness.ended()
        assert dict(harness.telegram.received) == everyone_once(5)


class TestReports:
    async def test_progress_comes_with_the_speed_and_the_end_comes_once(
        self, harness: WorkerHarness
    ) -> None:
        await harness.sent_to(range(1, 61), rate=100.0, progress=0.1)
        shown = [tally.done for what, tally, _ in harness.reports.told if what == "progress"]
        assert len(shown) >= 2
        assert shown == sorted(shown)
        assert harness.reports.rates[-1] > 0
        assert [what for what, *_ in harness.reports.ends] == ["finished"]
        assert harness.reports.told[-1][0] == "finished"
        gaps = [b - a for a, b in zip(harness.reports.at, harness.reports.at[1:-1], strict=False)]
        assert min(gaps, default=1.0) >= 0.09

    async def test_the_speed_is_that_of_the_last_reports_and_never_below_nothing(
        self, harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Of five hundred who were done, a hundred come back and wait for it again.
        done = chain([0, 500], repeat(400))

        async def tally(_: Proceed, _broadcast: bytes) -> Tally:
            return Tally(total=1000, pending=1000 - next(done))

        call_instead(monkeypatch, tally_of_broadcast, tally)
        running = await harness.sends_to([1])
        running.gate.pause = 60.0  # so that the reports alone ask how many are done
        await until(lambda: harness.reports.rates[-1:] == [0.0])
        assert harness.reports.rates[0] > 0
        assert min(harness.reports.rates) == 0.0

    async def test_an_end_that_cannot_be_told_is_tried_less_and_less_and_holds_up_nobody(
        self, harness: WorkerHarness
    ) -> None:
        await harness.people.sign([1])
        harness.reports.failures = 1000
        first = await harness.start()
        running = harness.start_worker(rest=0.1, poll=0.02)
        await until(lambda: has_state(harness, "finished"))
        tried, at = len(harness.reports.at), harness.reports.at
        await until(lambda: len(at) >= tried + 5)
        # Without longer and longer pauses it would be tried every tenth of a second.
        assert at[tried + 4] - at[tried + 3] >= 0.35
        unreported = await harness.storage.read(broadcast_with, first.id)
        assert unreported is not None
        assert unreported.reported_at is None
        await harness.people.sign([2])
        await harness.start()
        running.woken.set()
        await until(lambda: received(harness.telegram, 2))
        harness.reports.failures = 0
        await until(lambda: nothing_is_due(harness))
        assert [what for what, *_ in harness.reports.ends] == ["finished", "finished"]

    async def test_an_end_that_a_kill_swallowed_is_reported_by_the_next_process(
        self, harness: WorkerHarness
    ) -> None:
        broadcast = await harness.queued(await harness.start())
        await harness.storage.write(finish_broadcast, broadcast.id, time_of_day())
        harness.start_worker()
        await harness.ended()
        assert [what for what, *_ in harness.reports.ends] == ["finished"]
        await asyncio.sleep(0.2)
        assert len(harness.reports.ends) == 1

    async def test_one_that_was_stopped_by_someone_else_ends_with_a_report(
        self, harness: WorkerHarness
    ) -> None:
        await harness.people.sign(range(1, 201))
        broadcast = await harness.start()
        harness.start_worker(rate=100.0)
        await until(lambda: received(harness.telegram, 5))
        await harness.storage.write(
            interrupt_broadcast, broadcast.id, StopReason.CONTENT, time_of_day()
        )
        ended = await harness.ended()
        assert (ended.state, ended.stop_reason) == ("stopped", StopReason.CONTENT)
        ((what, tally, reason),) = harness.reports.ends
        assert (what, reason, tally.sending) == ("stopped", StopReason.CONTENT, 0)
        assert tally.delivered + tally.pending == 200


async def test_a_report_that_breaks_is_not_the_last(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.people.sign(range(1, 61))
    await harness.start()
    mistakes = 2

    async def mistaken(tally: Proceed, broadcast: bytes) -> object:
        nonlocal mistakes
        if mistakes:
            mistakes -= 1
            raise KeyError("state")
        return await tally(broadcast)

    call_instead(monkeypatch, tally_of_broadcast, mistaken)
    harness.start_worker(rate=60.0)
    await harness.ended()
    assert mistakes == 0
    assert len(harness.reports.rates) > 3
    assert dict(harness.telegram.received) == everyone_once(60)


async def test_a_pause_that_telegram_asks_for_is_reported(harness: WorkerHarness) -> None:
    running = await harness.sends_to(range(1, 21), rate=20.0)
    running.gate.pause, running.gate.announced = 4.0, 3600.0
    await until(lambda: harness.reports.pauses[-1:] == [3600.0])
    running.gate.pause = 0.0
    await harness.cancel()
