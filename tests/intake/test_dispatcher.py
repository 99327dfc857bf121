"""Updates are handled in order within a chat and concurrently across chats; failures."""

import asyncio
from typing import Any

import pytest

from bot.back_off import BackOff
from bot.intake import Counts, Dispatcher, TryAgain, UpdatesBehind
from bot.intake.dispatcher import Handle, ordering_key
from bot.logs import ALLOWED
from bot.transport import Gate, Lane
from tests.transport.test_gate_replies import Timeline

QUICK = BackOff(0.001, 0.002)


def message(number: int, chat: int = 1) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": chat}, "from": {"id": chat}}}


def dispatch(handle: Handle) -> Dispatcher:
    return Dispatcher(handle, QUICK)


async def test_updates_of_one_chat_are_handled_one_after_the_other() -> None:
    running, order = 0, []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        order.append(update["update_id"])
        running -= 1

    work = dispatch(handle)
    for number in range(10):
        work.take(message(number))
    await work.drain(5)
    assert order == list(range(10))


async def test_a_slow_chat_holds_up_no_other() -> None:
    slow, done = asyncio.Event(), []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        if update["message"]["chat"]["id"] == 1:
            await slow.wait()
        done.append(update["update_id"])

    work = dispatch(handle)
    first, second = work.take(message(1, chat=1)), work.take(message(2, chat=2))
    await second
    assert done == [2]
    assert not first.done()
    slow.set()
    await first


async def test_an_update_that_comes_again_meanwhile_is_handled_once_and_done_for_both() -> None:
    """As a webhook does, whose caller gives up waiting and sends it again."""
    handled, goes_on = [], asyncio.Event()

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        await goes_on.wait()
        handled.append(update["update_id"])

    async def answer_a_webhook(update: dict[str, Any]) -> int:
        try:
            async with asyncio.timeout(5):
                await asyncio.shield(work.take(update))
        except asyncio.CancelledError:
            return 503
        return 200

    work = dispatch(handle)
    async with asyncio.TaskGroup() as callers:
        gives_up = callers.create_task(answer_a_webhook(message(1)))
        await asyncio.sleep(0)
        gives_up.cancel()
        again = [callers.create_task(answer_a_webhook(message(1))) for _ in range(2)]
        other = callers.create_task(answer_a_webhook(message(2)))
        await asyncio.sleep(0)
        goes_on.set()
    assert [gives_up.result(), *(each.result() for each in again), other.result()] == [
        *(503, 200, 200, 200)
    ]
    assert handled == [1, 2]


async def test_a_poisoned_update_is_counted_and_passed_over() -> None:
    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        if update["update_id"] == 1:
            raise ValueError("Canaria Pérez")

    work = dispatch(handle)
    await work.take(message(1))
    await work.take(message(2))
    assert (work.counts.passed_over, work.counts.handled) == (1, 1)


async def test_what_is_not_done_when_draining_ends_stays_unacknowledged() -> None:
    async def handle(_update: dict[str, Any], _behind: UpdatesBehind) -> None:
        await asyncio.Event().wait()

    work = dispatch(handle)
    done = work.take(message(7))
    assert await work.drain(0.01) == 1
    assert done.cancelled()


async def test_while_one_person_floods_nobody_else_waits_for_a_second() -> None:
    """In simulated time, at the rate at which answers leave."""
    clock = Timeline()
    gate, waits = Gate(28, clock=clock, sleep=clock.sleep), {}

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        number, chat = update["update_id"], update["message"]["chat"]["id"]
        await gate.acquire(Lane.REPLY, chat, new=True)
        if chat > 1:
            waits[chat] = clock.now - 100.0 - number / 100

    work = dispatch(handle)
    for number in range(2_000):  # a hundred a second, of which every tenth is somebody else's
        await clock.pass_to(100.0 + number / 100)
        work.take(message(number, chat=number if number % 10 == 5 else 1))
    await clock.pass_until_nobody_sleeps()
    await work.drain(5)
    assert work.counts.dropped > 1_000
    assert len(waits) == 200
    assert max(waits.values()) < 1.0


async def test_twenty_wait_behind_the_one_in_hand_and_the_next_is_dropped() -> None:
    gate, done = asyncio.Event(), []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        await gate.wait()
        done.append(update["update_id"])

    work = dispatch(handle)
    for number in range(1, 22):
        assert not work.take(message(number)).done()
    assert work.counts.dropped == 0
    assert work.take(message(22)).done()
    assert (work.counts.dropped, work.in_progress) == (1, 21)
    gate.set()
    await work.drain(5)
    assert done == list(range(1, 22))


async def test_who_wants_to_leave_is_heard_behind_any_number_of_their_own_messages() -> None:
    gate, done = asyncio.Event(), []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        await gate.wait()
        done.append(update["update_id"])

    work = Dispatcher(handle, QUICK, is_spared=lambda update: update["update_id"] in {5, 23, 24})
    for number in range(1, 25):
        work.take(message(number))
    assert (work.counts.dropped, work.in_progress) == (3, 21)
    gate.set()
    await work.drain(5)
    assert done == [1, *range(4, 22), 23, 24], "the oldest that wait give way, in their order"


async def test_leaving_twenty_times_over_takes_no_more_room_than_anything_else() -> None:
    gate = asyncio.Event()

    async def handle(_update: dict[str, Any], _behind: UpdatesBehind) -> None:
        await gate.wait()

    work = Dispatcher(handle, QUICK, is_spared=lambda _update: True)
    for number in range(1, 31):
        work.take(message(number))
    assert (work.counts.dropped, work.in_progress) == (9, 21)
    gate.set()
    assert await work.drain(5) == 0


async def test_a_failing_update_holds_the_order_of_its_chat() -> None:
    handled: list[int] = []
    tries = 0

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        nonlocal tries
        if update["update_id"] == 1 and (tries := tries + 1) < 4:
            raise TryAgain
        handled.append(update["update_id"])

    work = dispatch(handle)
    for number in (1, 2, 3):
        work.take(message(number))
    await work.wait_until_at_most(0, 5)
    assert handled == [1, 2, 3]


async def test_a_cancellation_that_nobody_asked_for_ends_no_chat() -> None:
    handled = []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        handled.append(update["update_id"])
        if len(handled) == 1:
            given_up = asyncio.get_running_loop().create_future()
            given_up.cancel()
            await given_up

    work = dispatch(handle)
    async with asyncio.timeout(5):
        await asyncio.gather(work.take(message(1)), work.take(message(2)))
    assert handled == [1, 1, 2]
    assert work.counts == Counts(handled=2, retried=1)


async def test_draining_tries_nothing_again_and_keeps_what_stands_behind_a_failure() -> None:
    handled = []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        if update["update_id"] == 1:
            raise TryAgain
        handled.append(update["update_id"])

    work = Dispatcher(handle, BackOff(30, 30))
    for number in (1, 2):
        work.take(message(number, chat=1))
    work.take(message(3, chat=2))
    await work.wait_until_at_most(2, 5)
    started = asyncio.get_running_loop().time()
    left = await work.drain(5)
    assert asyncio.get_running_loop().time() - started < 1
    assert (handled, left) == ([3], 2)


async def test_a_handler_that_hangs_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.intake.dispatcher._HANDLER_SECONDS", 0.01)
    tries = 0

    async def handle(_update: dict[str, Any], _behind: UpdatesBehind) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()

    work = dispatch(handle)
    work.take(message(1))
    await work.wait_until_at_most(0, 5)
    assert (tries, work.counts.retried, work.counts.handled) == (2, 1, 1)


async def test_an_update_without_a_number_is_counted_and_stops_nothing() -> None:
    async def handle(_update: dict[str, Any], _behind: UpdatesBehind) -> None: ...

    work = dispatch(handle)
    assert work.take({"message": {"chat": {"id": 1}}}).done()
    assert work.take({"update_id": "7"}).done()
    assert (work.counts.passed_over, work.in_progress) == (2, 0)


def test_the_chat_is_found_in_every_kind_of_update() -> None:
    chat = {"chat": {"id": 5}}
    assert ordering_key({"update_id": 1, "message": chat}) == 5
    assert ordering_key({"update_id": 1, "edited_message": chat}) == 5
    assert (
        ordering_key({"update_id": 1, "callback_query": {"from": {"id": 9}, "message": chat}}) == 5
    )
    assert ordering_key({"update_id": 1, "inline_query": {"from": {"id": 9}}}) == 9
    assert ordering_key({"update_id": 1, "poll": {"id": "x"}}) == ("update", 1)


def test_the_counts_may_all_stand_in_a_log() -> None:
    assert set(Counts(handled=3).as_fields()) <= ALLOWED
