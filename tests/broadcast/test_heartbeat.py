"""Progress is reported all along, and a bug in that ends nothing."""

import pytest

from storage.broadcasts import tally_of_broadcast
from tests.broadcast.workers import WorkerHarness, everyone_once
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until


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
