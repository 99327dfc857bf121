"""What looks again every so many seconds goes on whatever a look ends with."""

import asyncio

import pytest

from bot.back_off import BackOff
from bot.periodic import run_periodically
from storage.errors import Unavailable
from tests.support.waiting import until


@pytest.mark.parametrize("failure", [Unavailable(), KeyError(), asyncio.CancelledError()])
async def test_it_looks_again_after_a_failure(failure: BaseException) -> None:
    looked = 0

    async def look() -> None:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise failure

    looking = asyncio.create_task(run_periodically("test", 0.001, look))
    await until(lambda: looked >= 3)
    looking.cancel()
    await asyncio.wait({looking})
    assert looking.cancelled()


def test_each_pause_is_twice_the_last_one_up_to_the_longest() -> None:
    back_off = BackOff(0.5, longest=3.0)
    assert [back_off.pause(failures) for failures in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_pause_is_spread_by_the_share_that_is_asked_for() -> None:
    drawn: list[tuple[float, float]] = []

    def dice(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    back_off = BackOff(1.0, longest=2.0, spread=0.2, dice=dice)
    assert [back_off.pause(failures) for failures in (1, 3)] == [1.2, 2.4]
    assert drawn == [(0.8, 1.2)] * 2
