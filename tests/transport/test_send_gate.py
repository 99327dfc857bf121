import asyncio

import pytest

from bot.transport.send_gate import Gate, Lane
from tests.transport.limit_simulation import most_at_once


class Clock:
    """A simulated clock that moves only during sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def gate_at(clock: Clock, rate: float = 10, burst: int = 1) -> Gate:
    return Gate(rate, burst, clock=clock, sleep=clock.sleep)


async def left_at(gate: Gate, clock: Clock, number: int) -> list[float]:
    """Returns after how many seconds so many messages of a broadcast leave."""
    begun, left = clock.now, list[float]()
    for chat in range(number):
        await gate.acquire(Lane.BROADCAST, chat)
        left.append(clock.now - begun)
    return left


async def test_without_a_burst_two_messages_may_make_up_for_a_late_timer() -> None:
    clock = Clock()
    gate = Gate(28, clock=clock, sleep=clock.sleep)
    assert await left_at(gate, clock, 3) == pytest.approx([0, 0, 1 / 28])


async def test_at_a_high_rate_several_messages_leave_each_time_that_the_gate_wakes() -> None:
    clock = Clock()
    gate = Gate(1000, clock=clock, sleep=clock.sleep)
    left = await left_at(gate, clock, 1066)
    assert len(set(left)) <= 101
    assert left[-1] == pytest.approx(1.0, abs=0.01)
    assert most_at_once(left, 1000) <= 68


async def test_a_reply_goes_ahead_of_all_who_wait_in_the_broadcast() -> None:
    gate = Gate(rate=2, burst=1, clock=asyncio.get_running_loop().time)
    waiting = [asyncio.create_task(gate.acquire(Lane.BROADCAST, chat)) for chat in range(100)]
    await asyncio.sleep(0)
    async with asyncio.timeout(0.1):
        await gate.acquire(Lane.REPLY, 7)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_new_message_to_a_person_takes_a_slot_of_the_broadcast_and_no_edit_does() -> None:
    clock = Clock()
    gate = gate_at(clock, rate=28)
    await gate.acquire(Lane.BROADCAST, 1)
    for chat in (2, 3):
        await gate.acquire(Lane.REPLY, chat, new=True)
        await gate.acquire(Lane.REPLY, chat)
    assert await left_at(gate, clock, 1) == pytest.approx([3 / 28])
