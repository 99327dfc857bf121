"""Accelerated time: everything waits as long as it says, and it is over sooner."""

import asyncio
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bot.transport.send_gate import Gate, Lane
from bot.tryout.rehearsal.accelerated_time import (
    FACTOR,
    AcceleratedTime,
    accelerated_clocks,
    run_accelerated,
)
from simulator.errors import Refused
from simulator.rate_limits import RateLimits


class Watch:
    """Real time that goes on only while something waits."""

    def __init__(self, late: float = 0.0) -> None:
        self.now = 100.0
        self.late = late
        self.waits: list[float | None] = []

    def __call__(self) -> float:
        return self.now

    def nothing(self, seconds: float | None) -> bool:
        self.waits.append(seconds)
        self.now += (seconds or 0.0) + (self.late if seconds else 0.0)
        return False


async def _in_a_thread() -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.to_thread(time.sleep, 0.02)
    return loop.time() - begun


def test_what_runs_in_a_thread_is_not_taken_for_idleness() -> None:
    assert 0.02 <= run_accelerated(_in_a_thread(), AcceleratedTime(FACTOR)) < 2.0


def test_a_system_that_wakes_late_makes_no_wait_longer() -> None:
    watch = Watch(late=0.001)
    clock = AcceleratedTime(50, watch)
    for _ in range(100):
        clock.idle(watch.nothing, 0.5)
    assert clock() == pytest.approx(150.0)


def test_waits_too_short_for_the_system_are_added_up() -> None:
    watch = Watch()
    clock = AcceleratedTime(50, watch)
    for _ in range(1000):
        clock.idle(watch.nothing, 0.01)
    assert clock() == pytest.approx(110.0)
    assert watch.now == pytest.approx(100.2, abs=0.001)
    assert all(wait == 0 or (wait is not None and wait >= 0.001) for wait in watch.waits)


def test_the_accelerated_gate_lets_no_more_through_in_a_second_and_telegram_counts_too() -> None:
    """What hurries a rehearsal is the clock: neither limit is switched off or any looser."""
    clock = AcceleratedTime(FACTOR)
    sent: list[float] = []

    async def sends(messages: int, rate: float) -> int:
        gate = Gate(rate, clock=clock)
        limits = RateLimits(accelerated_clocks(clock, datetime.now(UTC)).monotonic)
        refused = 0
        sent.clear()
        for number in range(messages):
            await gate.acquire(Lane.BROADCAST, number)
            sent.append(asyncio.get_running_loop().time())
            try:
                limits.count(number)
            except Refused:  # a 429
                refused += 1
        return refused

    begun = time.monotonic()
    assert run_accelerated(sends(200, 28.0), clock) == 0
    took = time.monotonic() - begun
    assert all(later >= earlier for earlier, later in pairwise(sent))
    assert max(sum(at <= each < at + 1 for each in sent) for at in sent) <= 30
    assert sent[-1] - sent[0] > 6.5
    assert took < (sent[-1] - sent[0]) / 2
    assert run_accelerated(sends(200, 60.0), clock) > 0
