"""What a handler can know of the updates that wait behind its own."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.intake import Dispatch, TryAgain, holds_others_up, updates_behind

from .test_dispatch import QUICK, message


def numbers() -> list[int]:
    return [update["update_id"] for update in updates_behind()]


def test_outside_of_a_handler_nothing_waits() -> None:
    assert updates_behind() == []


async def test_a_handler_sees_what_waits_in_its_line_in_order() -> None:
    seen: dict[int, list[int]] = {}

    async def handle(update: dict[str, Any]) -> None:
        seen[update["update_id"]] = numbers()

    work = Dispatch(handle, QUICK)
    for number in (1, 2, 3):
        work.offer(message(number))
    await work.drain(5)
    assert seen == {1: [2, 3], 2: [3], 3: []}


async def test_a_handler_sees_nothing_of_another_line() -> None:
    seen: list[list[int]] = []

    async def handle(_update: dict[str, Any]) -> None:
        seen.append(numbers())

    work = Dispatch(handle, QUICK)
    for number in (1, 2, 3):
        work.offer(message(number, chat=number))
    await work.drain(5)
    assert seen == [[], [], []]


async def test_what_comes_while_the_handler_runs_is_seen_at_once() -> None:
    arrived, seen = asyncio.Event(), list[list[int]]()

    async def handle(update: dict[str, Any]) -> None:
        if update["update_id"] == 1:
            seen.append(numbers())
            await arrived.wait()
            seen.append(numbers())

    work = Dispatch(handle, QUICK)
    work.offer(message(1))
    await asyncio.sleep(0)
    work.offer(message(2))
    arrived.set()
    await work.drain(5)
    assert seen == [[], [2]]


async def test_a_task_that_a_handler_starts_sees_the_same_line() -> None:
    seen: list[list[int]] = []

    async def look() -> None:
        seen.append(numbers())

    async def handle(_update: dict[str, Any]) -> None:
        await asyncio.create_task(look())

    work = Dispatch(handle, QUICK)
    work.offer(message(1))
    work.offer(message(2))
    await work.drain(5)
    assert seen == [[2], []]


async def test_an_update_that_is_tried_again_is_not_behind_itself() -> None:
    seen: list[list[int]] = []

    async def handle(update: dict[str, Any]) -> None:
        seen.append(numbers())
        if update["update_id"] == 1 and len(seen) == 1:
            raise TryAgain

    work = Dispatch(handle, QUICK)
    work.offer(message(1))
    work.offer(message(2))
    await work.until_at_most(0, 5)
    await work.drain(5)
    assert seen == [[2], [2], []]


async def test_whoever_offers_updates_sees_no_line() -> None:
    async def handle(_update: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    work = Dispatch(handle, QUICK)
    work.offer(message(1))
    work.offer(message(2))
    await asyncio.sleep(0)
    assert updates_behind() == []
    await work.drain(5)


async def test_fifty_updates_later_an_update_is_in_the_way_of_others() -> None:
    seen: list[bool] = []
    goes_on = asyncio.Event()

    async def handle(update: dict[str, Any]) -> None:
        if update["update_id"] != 1:
            return
        seen.append(holds_others_up())
        work.offer(message(50, chat=50))
        seen.append(holds_others_up())
        work.offer(message(51, chat=51))
        seen.append(holds_others_up())
        goes_on.set()

    work = Dispatch(handle, QUICK)
    work.offer(message(1))
    await goes_on.wait()
    await work.drain(5)
    assert seen == [False, False, True]
    assert not holds_others_up(), "who handles nothing is in nobody's way"
