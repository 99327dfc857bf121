import asyncio

import pytest

from bot.broadcast.task_pool import TaskPool


class Work:
    """Work that waits until it is released, and records what was begun and done."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.dropped: list[int] = []
        self.gate = asyncio.Event()

    async def do(self, item: int) -> None:
        self.begun.append(item)
        await self.gate.wait()
        self.done.append(item)


async def nothing_left(pool: TaskPool[int]) -> None:
    async with asyncio.timeout(5):
        await pool.wait_until_below(1)


async def test_no_more_are_begun_than_there_are_lanes() -> None:
    work = Work()
    pool = TaskPool(work.do, most=3)
    pool.add(range(10))
    await asyncio.sleep(0)
    assert (work.begun, len(pool)) == ([0, 1, 2], 10)
    work.gate.set()
    await pool.wait_until_below(1)
    assert (sorted(work.done), len(pool)) == (list(range(10)), 0)


async def test_it_begins_with_few_and_each_that_is_done_lets_one_more_in() -> None:
    one, begun = asyncio.Semaphore(0), list[int]()

    async def do(item: int) -> None:
        begun.append(item)
        await one.acquire()

    pool = TaskPool(do, most=34)
    pool.add(range(100))
    in_hand = list[int]()
    for done in range(4):
        await asyncio.sleep(0.001)
        in_hand.append(len(begun) - done)
        one.release()
    assert in_hand == [32, 33, 34, 34]
    pool.cancel()
    await nothing_left(pool)


async def test_what_comes_later_is_done_too() -> None:
    work = Work()
    work.gate.set()
    pool = TaskPool(work.do, most=3)
    for number in range(5):
        pool.add([number, -number])
        await pool.wait_until_below(1)
    assert len(work.done) == 10


async def test_waiting_ends_as_soon_as_few_enough_are_left() -> None:
    one = asyncio.Semaphore(0)

    async def do(_: int) -> None:
        await one.acquire()

    pool = TaskPool(do, most=2)
    pool.add(range(5))
    below = asyncio.create_task(pool.wait_until_below(3))
    for left in (4, 3):
        one.release()
        await asyncio.sleep(0.001)
        assert (len(pool), below.done()) == (left, False)
    one.release()
    await below
    assert len(pool) == 2
    pool.cancel()
    await nothing_left(pool)


async def test_as_many_as_asked_for_are_not_fewer() -> None:
    work = Work()
    pool = TaskPool(work.do, most=2)
    pool.add(range(3))
    below = asyncio.create_task(pool.wait_until_below(3))
    await asyncio.sleep(0.001)
    assert not below.done()
    work.gate.set()
    await below


async def test_cut_off_it_drops_what_is_not_begun_and_ends_what_is() -> None:
    work = Work()
    pool = TaskPool(work.do, work.dropped.append, most=2)
    pool.add(range(6))
    await asyncio.sleep(0)
    pool.cancel()
    await nothing_left(pool)
    assert (work.begun, work.done, work.dropped) == ([0, 1], [], [2, 3, 4, 5])


async def test_a_mistake_in_the_work_is_raised_to_whoever_waits() -> None:
    async def fail(item: int) -> None:
        raise RuntimeError(item)

    pool = TaskPool(fail, most=1)
    pool.add([7, 8])
    with pytest.raises(RuntimeError, match="7"):
        await pool.wait_until_below(1)


async def test_a_lane_that_is_cancelled_from_within_leaves_nobody_waiting() -> None:
    done: list[int] = []

    async def do(item: int) -> None:
        if item == 0:
            raise asyncio.CancelledError
        done.append(item)

    pool = TaskPool(do, most=1)
    pool.add(range(5))
    async with asyncio.timeout(5):
        await pool.wait_until_below(1)
    assert done == [1, 2, 3, 4]
