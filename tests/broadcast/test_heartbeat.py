"""A bug in renewing the lease or in reporting progress does not end either."""

from contextlib import suppress
from typing import Any

import pytest

from storage.broadcasts import tally_of_broadcast
from storage.deliveries import renew_lease
from tests.broadcast.workers import WorkerHarness, everyone_once, until
from tests.support.storage_calls import Proceed, call_instead


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


async def test_a_renewal_that_breaks_is_tried_again_while_the_lease_lasts(
    harness: WorkerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.people.sign(range(1, 61))
    await harness.start()
    calls = 0

    async def mistaken(renew: Proceed, *args: Any, **kwargs: Any) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise KeyError("holder")
        return await renew(*args, **kwargs)

    call_instead(monkeypatch, renew_lease, mistaken)
    harness.start_worker(rate=25.0, lease=1.8)
    await harness.ended()
    assert calls > 1
    assert dict(harness.telegram.received) == everyone_once(60)


async def test_a_pause_that_telegram_asks_for_is_reported(harness: WorkerHarness) -> None:
    running = await harness.sends_to(range(1, 21), rate=20.0)
    running.gate.pause, running.gate.announced = 4.0, 3600.0
    await until(lambda: harness.reports.pauses[-1:] == [3600.0])
    running.gate.pause = 0.0
    await harness.cancel()


async def test_what_is_in_flight_is_cut_off_once_the_lease_has_run_out_unrenewed(
    harness: WorkerHarness,
) -> None:
    harness.telegram.latency = 60.0
    await harness.people.sign([1, 2, 3])
    await harness.queued(await harness.start())
    # Two at a time, so that it waits for the answers without asking the database anything.
    running = harness.start_worker(lease=0.3, rate=20.0, window=0.1)
    await until(lambda: harness.telegram.in_flight == 2)
    running.database.away = True
    with suppress(TimeoutError):
        await until(lambda: harness.telegram.in_flight == 0, seconds=5.0)
    assert harness.telegram.in_flight == 0, "still in flight when somebody else may send"


async def test_while_the_lease_lasts_a_database_that_is_away_cuts_nothing_off(
    harness: WorkerHarness,
) -> None:
    harness.telegram.latency = 0.3
    running = await harness.sends_to([1, 2], lease=0.6)
    await until(lambda: harness.telegram.in_flight == 2)
    running.database.away = True
    await until(lambda: harness.telegram.in_flight == 0)
    running.database.away = False
    await harness.ended()
    assert dict(harness.telegram.received) == everyone_once(2)
