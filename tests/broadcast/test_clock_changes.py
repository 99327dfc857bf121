"""A system clock that is set during a broadcast neither ends it nor sends anything twice."""

from datetime import datetime, timedelta

import pytest

from bot.broadcast.lease import utc_now
from storage import Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, received, until


@pytest.mark.parametrize("hours", [2, -2])
async def test_what_is_on_its_way_arrives_once(bench: WorkerHarness, hours: int) -> None:
    set_by = timedelta()

    def now() -> datetime:
        return utc_now() + set_by

    bench.telegram.latency = 0.4
    await bench.people.sign(range(1, 151))
    await bench.start()
    bench.hire(rate=100.0, lease=30.0, now=now)
    await until(lambda: received(bench.telegram, 50))
    assert bench.telegram.in_flight > 10
    set_by = timedelta(hours=hours)
    assert (await bench.ended()).state == "finished"
    assert await bench.tally() == Tally(total=150, delivered=150)
    assert dict(bench.telegram.received) == everyone_once(150)
