import asyncio
import time

import pytest

from bot.broadcast.lease import utc_now
from storage import StopReason, Tally
from tests.broadcast.workers import (
    WorkerHarness,
    everyone_once,
    has_state,
    nothing_is_due,
    received,
    until,
)
from tests.support.broadcasts import CONTENT

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)


@BOTH
async def test_everyone_is_told_once_in_their_language(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 41), "es")
    await bench.people.sign(range(41, 61), "en")
    await bench.start()
    bench.hire()
    ended = await bench.ended()
    assert ended.state == "finished"
    assert dict(bench.telegram.received) == everyone_once(60)
    assert bench.telegram.texts[1001] == CONTENT["es"]
    assert bench.telegram.texts[1060] == CONTENT["en"]
    assert bench.reports.ends == [("finished", Tally(total=60, delivered=60), "")]


async def test_a_closing_update_is_html_without_a_preview(bench: WorkerHarness) -> None:
    await bench.people.sign([1])
    await bench.start()
    bench.hire()
    await bench.ended()
    assert bench.telegram.calls == [
        (
            "sendMessage",
            {
                "chat_id": 1001,
                "text": CONTENT["es"],
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
            },
        )
    ]


async def test_woken_it_begins_at_once(bench: WorkerHarness) -> None:
    hand = bench.hire(poll=60.0)
    await asyncio.sleep(0.05)
    await bench.people.sign([1])
    await bench.start()
    hand.woken.set()
    await bench.ended(seconds=2)
    assert dict(bench.telegram.received) == everyone_once(1)


async def test_not_woken_it_finds_the_broadcast_by_itself(bench: WorkerHarness) -> None:
    bench.hire()
    await bench.people.sign([1])
    await bench.start()
    await bench.ended()


async def test_a_cancellation_that_nobody_asked_for_does_not_end_it(bench: WorkerHarness) -> None:
    await bench.people.sign([1])
    await bench.start()
    bench.reports.failures, bench.reports.failure = 1, asyncio.CancelledError()
    hand = bench.hire(progress=60.0)
    await bench.ended()
    assert bench.reports.failures == 0
    assert not hand.task.done()
    assert dict(bench.telegram.received) == everyone_once(1)


async def test_it_keeps_to_the_rate(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 51))
    await bench.start()
    began = time.monotonic()
    bench.hire(rate=100.0)
    await bench.ended()
    # 50 messages at 100 a second, less those that may be claimed early.
    assert time.monotonic() - began >= 0.3


async def test_no_more_than_the_window_is_ever_under_way(bench: WorkerHarness) -> None:
    bench.telegram.latency = 0.2
    await bench.people.sign(range(1, 81))
    await bench.start()
    bench.hire(rate=400.0, window=0.05)
    await bench.ended()
    assert bench.telegram.most_in_flight <= 40
    assert dict(bench.telegram.received) == everyone_once(80)


async def test_a_broadcast_to_nobody_ends_at_once(bench: WorkerHarness) -> None:
    await bench.start()
    bench.hire()
    assert (await bench.ended()).state == "finished"
    assert bench.reports.ends == [("finished", Tally(total=0), "")]


class TestWithdrawals:
    async def test_nothing_is_sent_after_a_withdrawal_but_what_was_in_flight(
        self, bench: WorkerHarness
    ) -> None:
        await bench.people.sign(range(1, 101))
        withdrawn: set[int] = set()
        late: list[int] = []

        def notice(chat: int) -> None:
            if chat in withdrawn:
                late.append(chat)

        bench.telegram.before = notice
        await bench.start()
        bench.hire(rate=300.0)
        for number in range(100, 0, -5):
            await bench.people.withdraw(number)
            withdrawn.add(1000 + number)
            await asyncio.sleep(0.005)
        await bench.ended()
        # Claimed deliveries may already be on their way to the gate, but no more than a batch.
        assert len(late) <= 30 + 30
        tally = await bench.tally()
        assert tally.open == 0
        # Whoever withdrew before the deliveries were enqueued has none.
        assert tally.withdrawn + tally.delivered == tally.total <= 100
        assert all(bench.telegram.received[1000 + n] == 1 for n in range(1, 101) if n % 5)

    async def test_during_a_pause_nobody_is_claimed(self, bench: WorkerHarness) -> None:
        await bench.people.sign(range(1, 11))
        hand = bench.hire()
        hand.gate.pause = 0.05
        await bench.start()
        hand.woken.set()
        await asyncio.sleep(0.2)
        assert await bench.tally() == Tally(total=10, pending=10)
        await bench.people.withdraw(3)
        hand.gate.pause = 0.0
        await bench.ended()
        assert bench.telegram.received[1003] == 0
        assert await bench.tally() == Tally(total=10, delivered=9, withdrawn=1)

    async def test_a_chat_that_is_paused_for_long_comes_later(self, bench: WorkerHarness) -> None:
        await bench.people.sign(range(1, 6))
        hand = bench.hire()
        hand.gate.paused_chats[1002] = 60.0
        await bench.start()
        hand.woken.set()
        await until(lambda: received(bench.telegram, 4))
        await asyncio.sleep(0.1)
        assert bench.telegram.received[1002] == 0
        hand.gate.paused_chats.clear()
        await bench.ended()
        assert dict(bench.telegram.received) == everyone_once(5)


class TestReports:
    async def test_progress_comes_with_the_speed_and_the_end_comes_once(
        self, bench: WorkerHarness
    ) -> None:
        await bench.people.sign(range(1, 61))
        await bench.start()
        bench.hire(rate=100.0, progress=0.1)
        await bench.ended()
        shown = [tally.done for what, tally, _ in bench.reports.told if what == "progress"]
        assert len(shown) >= 2
        assert shown == sorted(shown)
        assert bench.reports.rates[-1] > 0
        assert [what for what, *_ in bench.reports.ends] == ["finished"]
        assert bench.reports.told[-1][0] == "finished"
        gaps = [b - a for a, b in zip(bench.reports.at, bench.reports.at[1:-1], strict=False)]
        assert min(gaps, default=1.0) >= 0.09

    async def test_a_reporter_that_fails_stops_nothing_and_the_end_is_tried_again(
        self, bench: WorkerHarness
    ) -> None:
        await bench.people.sign(range(1, 11))
        bench.reports.failures = 2
        await bench.start()
        bench.hire()
        await bench.ended()
        assert [what for what, *_ in bench.reports.ends] == ["finished"]

    async def test_an_end_that_cannot_be_told_is_tried_less_and_less_and_holds_up_nobody(
        self, bench: WorkerHarness
    ) -> None:
        await bench.people.sign([1])
        bench.reports.failures = 1000
        first = await bench.start()
        hand = bench.hire(rest=0.1, poll=0.02)
        await until(lambda: has_state(bench, "finished"))
        tried, at = len(bench.reports.at), bench.reports.at

        async def is_tried_five_times_more() -> bool:
            return len(at) >= tried + 5

        await until(is_tried_five_times_more)
        # Without longer and longer pauses it would be tried every tenth of a second.
        assert at[tried + 4] - at[tried + 3] >= 0.35
        unreported = await bench.broadcasts.get(first.id)
        assert unreported is not None
        assert unreported.reported_at is None
        await bench.people.sign([2])
        await bench.start()
        hand.woken.set()
        await until(lambda: received(bench.telegram, 2))
        bench.reports.failures = 0
        await until(lambda: nothing_is_due(bench))
        assert [what for what, *_ in bench.reports.ends] == ["finished", "finished"]

    async def test_an_end_that_a_kill_swallowed_is_reported_by_the_next_process(
        self, bench: WorkerHarness
    ) -> None:
        broadcast = await bench.queued(await bench.start())
        assert await bench.broadcasts.finish(broadcast.id, utc_now())
        bench.hire()
        await bench.ended()
        assert [what for what, *_ in bench.reports.ends] == ["finished"]
        await asyncio.sleep(0.2)
        assert len(bench.reports.ends) == 1

    async def test_one_that_was_stopped_by_someone_else_ends_with_a_report(
        self, bench: WorkerHarness
    ) -> None:
        await bench.people.sign(range(1, 201))
        broadcast = await bench.start()
        bench.hire(rate=100.0)
        await until(lambda: received(bench.telegram, 5))
        await bench.broadcasts.stop(broadcast.id, StopReason.CONTENT, utc_now())
        ended = await bench.ended()
        assert (ended.state, ended.stop_reason) == ("stopped", StopReason.CONTENT)
        ((what, tally, reason),) = bench.reports.ends
        assert (what, reason, tally.sending) == ("stopped", StopReason.CONTENT, 0)
        assert tally.delivered + tally.pending == 200
