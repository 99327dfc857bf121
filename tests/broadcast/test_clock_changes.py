"""A system clock that is set during a broadcast neither ends it nor sends anything twice."""

from datetime import datetime, timedelta

import pytest

from storage.broadcast_types import Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, received
from tests.support.accelerated_loop import time_of_day
from tests.support.fake_telegram import FakeTelegram
from tests.support.waiting import until


@pytest.mark.parametrize("hours", [2, -2])
async def test_what_is_on_its_way_arrives_once(harness: WorkerHarness, hours: int) -> None:
    set_by = timedelta()

    def now() -> datetime:
        return time_of_day() + set_by

    harness.telegram.latency = 0.4
    await harness.sends_to(range(1, 151), rate=100.0, now=now)
    await until(lambda: received(harness.telegram, 50))
    assert harness.telegram.in_flight > 10
    set_by = timedelta(hours=hours)
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=150, delivered=150)
    assert dict(harness.telegram.received) == everyone_once(150)


async def test_one_that_starts_with_its_clock_set_back_repeats_at_once_what_was_claimed(
    harness: WorkerHarness,
) -> None:
    """A small computer without a clock that runs on, after a power cut."""
    first = await harness.sends_to(range(1, 101), telegram=FakeTelegram(), rate=100.0)
    await until(lambda: received(first.telegram, 10))
    first.kill()
    await first.database.written()
    assert (await harness.tally()).sending > 0
    second = harness.start_worker(
        telegram=FakeTelegram(), now=lambda: time_of_day() - timedelta(hours=1)
    )
    await harness.ended()
    assert set(first.telegram.received + second.telegram.received) == set(everyone_once(100))
    assert await harness.tally() == Tally(total=100, delivered=100)
