"""What goes on beside the sending survives a mistake of ours."""

from datetime import datetime
from typing import Any

import pytest

from bot.broadcast.tenure import utc_now
from storage import Broadcasts, Lease, Leases, Tally
from tests.broadcast.petitioners import ADMIN
from tests.broadcast.workers import Bench, everyone_once, until


async def test_a_report_that_breaks_is_not_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.people.sign(range(1, 61))
    await bench.start()
    tally, mistakes = Broadcasts.tally, 2

    async def mistaken(broadcasts: Broadcasts, id: bytes) -> Tally:  # noqa: A002
        nonlocal mistakes
        if mistakes:
            mistakes -= 1
            raise KeyError("state")
        return await tally(broadcasts, id)

    monkeypatch.setattr(Broadcasts, "tally", mistaken)
    bench.hire(rate=60.0)
    await bench.ended()
    assert mistakes == 0
    assert len(bench.reports.rates) > 3
    assert dict(bench.telegram.received) == everyone_once(60)


async def test_a_renewal_that_breaks_is_tried_again_while_the_lease_lasts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.people.sign(range(1, 61))
    await bench.start()
    renew, mistakes = Leases.renew, 1

    async def mistaken(
        leases: Leases, name: str, holder: str, *, seconds: float, now: datetime
    ) -> Lease | None:
        nonlocal mistakes
        if mistakes:
            mistakes -= 1
            raise KeyError("holder")
        return await renew(leases, name, holder, seconds=seconds, now=now)

    take, taken = Leases.take, 0

    async def taking(leases: Leases, *args: Any, **kwargs: Any) -> Lease | None:
        nonlocal taken
        taken += 1
        return await take(leases, *args, **kwargs)

    monkeypatch.setattr(Leases, "renew", mistaken)
    monkeypatch.setattr(Leases, "take", taking)
    bench.hire(rate=25.0, lease=1.8)
    await bench.ended()
    assert (mistakes, taken) == (0, 1)
    assert dict(bench.telegram.received) == everyone_once(60)


async def test_a_pause_that_telegram_asks_for_is_reported(bench: Bench) -> None:
    await bench.people.sign(range(1, 21))
    await bench.start()
    hand = bench.hire(rate=20.0)
    hand.gate.pause, hand.gate.announced = 4.0, 3600.0

    async def reported() -> bool:
        return bench.reports.pauses[-1:] == [3600.0]

    await until(reported)
    hand.gate.pause = 0.0
    await bench.broadcasts.cancel((await bench.broadcasts.history())[0].id, ADMIN, utc_now())
