"""A system clock that is set during a broadcast neither ends it nor sends anything twice."""

from datetime import datetime, timedelta

import pytest

from storage.broadcast_types import Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, received
from tests.support.accelerated_loop import time_of_day
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
