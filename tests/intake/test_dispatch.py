"""Order within a chat, concurrency across chats, and what becomes of failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.intake import Dispatch, TryAgain
from bot.intake.dispatch import chat_of


def message(number: int, chat: int = 1) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": chat}, "from": {"id": chat}}}


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


def dispatch(handle: Callable[[dict[str, Any]], Awaitable[None]]) -> Dispatch:
    return Dispatch(handle, sleep=no_sleep)


async def test_updates_of_one_chat_are_handled_one_after_the_other() -> None:
    running, order = 0, []

    async def handle(update: dict[str, Any]) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        order.append(update["update_id"])
        running -= 1

    work = dispatch(handle)
    for number in range(10):
        work.offer(message(number))
    await work.drain(5)
    assert order == list(range(10))


async def test_a_slow_chat_holds_up_no_other() -> None:
    slow, done = asyncio.Event(), []

    async def handle(update: dict[str, Any]) -> None:
        if update["message"]["chat"]["id"] == 1:
            await slow.wait()
        done.append(update["update_id"])

    work = dispatch(handle)
    work.offer(message(1, chat=1))
    work.offer(message(2, chat=2))
    await work.until_at_most(1, 5)
    assert done == [2]
    assert work.offset == 1
    slow.set()
    await work.drain(5)
    assert work.offset == 3


async def test_a_known_update_is_not_handled_again() -> None:
    handled = []

    async def handle(update: dict[str, Any]) -> None:
        handled.append(update["update_id"])

    held = asyncio.Event()

    async def hold_the_first(update: dict[str, Any]) -> None:
        if update["update_id"] == 1:
            await held.wait()
        await handle(update)

    work = dispatch(hold_the_first)
    assert work.offer(message(1, chat=1))
    assert work.offer(message(2, chat=2))
    await work.until_at_most(1, 5)
    assert not work.offer(message(1, chat=1))
    assert not work.offer(message(2, chat=2))
    held.set()
    await work.drain(5)
    assert handled == [2, 1]


async def test_a_passing_failure_is_tried_again_until_it_works() -> None:
    failures = 3

    async def handle(_update: dict[str, Any]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise TryAgain

    work = dispatch(handle)
    work.offer(message(1))
    await work.drain(5)
    assert (work.counts.retried, work.counts.handled) == (3, 1)
    assert work.offset == 2


async def test_a_poisoned_update_is_counted_and_passed_over() -> None:
    async def handle(update: dict[str, Any]) -> None:
        if update["update_id"] == 1:
            raise ValueError("Canaria Pérez")

    work = dispatch(handle)
    work.offer(message(1))
    work.offer(message(2))
    await work.drain(5)
    assert (work.counts.passed_over, work.counts.handled) == (1, 1)
    assert work.offset == 3


async def test_what_is_not_done_when_draining_ends_stays_unacknowledged() -> None:
    async def handle(_update: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    work = dispatch(handle)
    work.offer(message(7))
    await work.drain(0.01)
    assert work.offset == 7


async def test_a_flood_of_one_chat_is_dropped_and_others_do_not_notice() -> None:
    gate, done = asyncio.Event(), []

    async def handle(update: dict[str, Any]) -> None:
        if update["message"]["chat"]["id"] == 1:
            await gate.wait()
        done.append(update["update_id"])

    work = dispatch(handle)
    for number in range(1, 91):
        work.offer(message(number, chat=1))
    work.offer(message(91, chat=2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == [91]
    assert work.counts.dropped > 60
    gate.set()
    await work.drain(5)
    assert work.counts.handled + work.counts.dropped == 91


@given(st.lists(st.sampled_from(["offer", "finish"]), max_size=60), st.randoms())
def test_the_offset_never_passes_an_unfinished_update(steps: list[str], random: Any) -> None:
    async def play() -> None:
        open_: dict[int, asyncio.Event] = {}

        async def handle(update: dict[str, Any]) -> None:
            await open_[update["update_id"]].wait()

        work, number = dispatch(handle), 0
        unfinished: set[int] = set()
        for step in steps:
            if step == "offer":
                number += 1
                open_[number] = asyncio.Event()
                unfinished.add(number)
                work.offer(message(number, chat=number))
            elif unfinished:
                finished = random.choice(sorted(unfinished))
                unfinished.discard(finished)
                open_[finished].set()
                await work.until_at_most(len(unfinished), 5)
            if number:
                assert work.offset == min(unfinished, default=number + 1)
        await work.drain(0)

    asyncio.run(play())


def test_the_chat_is_found_in_every_kind_of_update() -> None:
    chat = {"chat": {"id": 5}}
    assert chat_of({"update_id": 1, "message": chat}) == 5
    assert chat_of({"update_id": 1, "edited_message": chat}) == 5
    assert chat_of({"update_id": 1, "callback_query": {"from": {"id": 9}, "message": chat}}) == 5
    assert chat_of({"update_id": 1, "inline_query": {"from": {"id": 9}}}) == 9
    assert chat_of({"update_id": 1, "poll": {"id": "x"}}) == ("update", 1)
