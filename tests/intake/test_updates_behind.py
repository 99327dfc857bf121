"""What a handler can learn about the updates that wait behind its own."""

import asyncio
from typing import Any

import pytest

from bot.intake.dispatcher import Dispatcher, UpdatesBehind
from tests.intake.test_dispatcher import QUICK, message


def numbers(behind: UpdatesBehind) -> list[int]:
    return [update["update_id"] for update in behind.waiting]


@pytest.mark.parametrize(
    ("chats", "expected"),
    [((1, 1, 1), {1: [2, 3], 2: [3], 3: []}), ((1, 2, 3), {1: [], 2: [], 3: []})],
)
async def test_a_handler_sees_what_waits_in_its_own_line_in_order(
    chats: tuple[int, ...], expected: dict[int, list[int]]
) -> None:
    seen: dict[int, list[int]] = {}

    async def handle(update: dict[str, Any], behind: UpdatesBehind) -> None:
        seen[update["update_id"]] = numbers(behind)

    work = Dispatcher(handle, QUICK)
    for number, chat in enumerate(chats, start=1):
        work.take(message(number, chat=chat))
    await work.drain(5)
    assert seen == expected


async def test_fifty_updates_later_an_update_is_in_the_way_of_others() -> None:
    seen: list[bool] = []
    goes_on = asyncio.Event()

    async def handle(update: dict[str, Any], behind: UpdatesBehind) -> None:
        if update["update_id"] != 1:
            return
        seen.append(behind.are_held_up)
        for number in range(2, 51):
            work.take(message(number, chat=number))
        seen.append(behind.are_held_up)
        work.take(message(51, chat=51))
        seen.append(behind.are_held_up)
        goes_on.set()

    work = Dispatcher(handle, QUICK)
    work.take(message(1))
    await goes_on.wait()
    await work.drain(5)
    assert seen == [False, False, True]


def written(number: int) -> dict[str, Any]:
    """Returns an update with a text message whose id is the update's number."""
    chat = {"id": 1, "type": "private"}
    return {"update_id": number, "message": {"chat": chat, "from": chat, "message_id": number}}


async def flooded(
    *updates: dict[str, Any], spared: frozenset[int] = frozenset()
) -> dict[int, list[int]]:
    """Returns the messages dropped behind each update, as its handler sees them."""
    seen: dict[int, list[int]] = {}

    async def handle(update: dict[str, Any], behind: UpdatesBehind) -> None:
        seen[update["update_id"]] = list(behind.dropped)

    work = Dispatcher(handle, QUICK, is_spared=lambda update: update["update_id"] in spared)
    for update in updates:
        work.take(update)
    await work.drain(5)
    return {number: dropped for number, dropped in seen.items() if dropped}


async def test_what_was_dropped_is_known_to_the_update_it_came_behind() -> None:
    assert await flooded(*map(written, range(1, 22))) == {}
    assert await flooded(*map(written, range(1, 25))) == {21: [22, 23, 24]}


async def test_what_gives_way_to_one_that_is_spared_is_known_to_the_one_before_it() -> None:
    assert await flooded(*map(written, range(1, 26)), spared=frozenset({2, 3, 24, 25})) == {
        3: [4, 5],
        21: [22, 23],
    }


async def test_what_was_dropped_behind_one_that_gives_way_is_not_forgotten() -> None:
    spared = frozenset({*range(2, 21), 24})
    assert await flooded(*map(written, range(1, 25)), spared=spared) == {20: [21, 22, 23]}


async def test_only_messages_of_private_chats_are_noted() -> None:
    of_a_group = written(23)
    of_a_group["message"]["chat"]["type"] = "supergroup"
    without_number = written(24)
    del without_number["message"]["message_id"]
    edit = {"update_id": 25, "edited_message": written(25)["message"]}
    tap = {"update_id": 26, "callback_query": {"message": written(26)["message"]}}
    broken = {"update_id": 27, "message": {"chat": {"id": 1}}}
    dropped = [of_a_group, without_number, edit, tap, broken, written(28)]
    assert await flooded(*map(written, range(1, 22)), *dropped) == {21: [28]}


async def test_no_more_than_a_hundred_are_noted() -> None:
    assert await flooded(*map(written, range(1, 200))) == {21: list(range(22, 122))}
