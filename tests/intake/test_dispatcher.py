"""Updates are handled in order within a chat and concurrently across chats; failures."""

import asyncio
from typing import Any

import pytest

from bot.back_off import BackOff
from bot.intake.dispatcher import Counts, Dispatcher, UpdatesBehind, ordering_key
from bot.transport.send_gate import Gate, Lane
from tests.intake.running_polling import RecordingHandler, finished
from tests.transport.limit_simulation import Timeline

QUICK = BackOff(0.001, 0.002)


def message(number: int, chat: int = 1) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": chat}, "from": {"id": chat}}}


@pytest.fixture
def handler() -> RecordingHandler:
    return RecordingHandler()


@pytest.fixture
def work(handler: RecordingHandler) -> Dispatcher:
    return Dispatcher(handler, QUICK)


async def test_updates_of_one_chat_are_handled_one_after_the_other() -> None:
    running, order = 0, []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        order.append(update["update_id"])
        running -= 1

    work = Dispatcher(handle, QUICK)
    for number in range(10):
        work.take(message(number))
    await work.drain(5)
    assert order == list(range(10))


async def test_a_slow_chat_holds_up_no_other(handler: RecordingHandler, work: Dispatcher) -> None:
    slow = handler.held[1] = asyncio.Event()
    first, second = work.take(message(1, chat=1)), work.take(message(2, chat=2))
    await second
    assert handler.done == [2]
    assert not first.done()
    slow.set()
    await first


async def test_an_update_that_comes_again_meanwhile_is_handled_once_and_done_for_both(
    handler: RecordingHandler, work: Dispatcher
) -> None:
    """As a webhook does, whose caller gives up waiting and sends it again."""
    goes_on = handler.held[1] = handler.held[2] = asyncio.Event()

    async def answer_a_webhook(update: dict[str, Any]) -> int:
        try:
            async with asyncio.timeout(5):
                await asyncio.shield(work.take(update))
        except asyncio.CancelledError:
            return 503
        return 200

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
    assert handler.done == [1, 2]


async def test_a_poisoned_update_is_counted_and_passed_over(
    handler: RecordingHandler, work: Dispatcher
) -> None:
    handler.broken.add(1)
    await work.take(message(1))
    await work.take(message(2))
    assert (work.counts.passed_over, work.counts.handled) == (1, 1)


async def test_while_one_person_floods_nobody_else_waits_for_a_second() -> None:
    """In simulated time, at the rate at which answers leave."""
    clock = Timeline()
    gate, waits = Gate(28, clock=clock, sleep=clock.sleep), {}

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        number, chat = update["update_id"], update["message"]["chat"]["id"]
        await gate.acquire(Lane.REPLY, chat, new=True)
        if chat > 1:
            waits[chat] = clock.now - 100.0 - number / 100

    work = Dispatcher(handle, QUICK)
    for number in range(2_000):  # a hundred a second, of which every tenth is somebody else's
        await clock.pass_to(100.0 + number / 100)
        work.take(message(number, chat=number if number % 10 == 5 else 1))
    await clock.pass_until_nobody_sleeps()
    await work.drain(5)
    assert work.counts.dropped > 1_000
    assert len(waits) == 200
    assert max(waits.values()) < 1.0


async def test_who_wants_to_leave_is_heard_behind_any_number_of_their_own_messages(
    handler: RecordingHandler,
) -> None:
    gate = handler.held[1] = asyncio.Event()
    work = Dispatcher(handler, QUICK, is_spared=lambda update: update["update_id"] in {5, 23, 24})
    for number in range(1, 25):
        work.take(message(number))
    assert (work.counts.dropped, len(work.in_progress)) == (3, 21)
    gate.set()
    await work.drain(5)
    assert handler.done == [1, *range(4, 22), 23, 24], "the oldest that wait give way, in order"


async def test_leaving_twenty_times_over_takes_no_more_room_than_anything_else(
    handler: RecordingHandler,
) -> None:
    gate = handler.held[1] = asyncio.Event()
    work = Dispatcher(handler, QUICK, is_spared=lambda _update: True)
    for number in range(1, 31):
        work.take(message(number))
    assert (work.counts.dropped, len(work.in_progress)) == (9, 21)
    gate.set()
    await work.drain(5)
    assert not work.in_progress


async def test_a_failing_update_holds_the_order_of_its_chat(
    handler: RecordingHandler, work: Dispatcher
) -> None:
    handler.failing.add(1)
    for number in (1, 2, 3):
        work.take(message(number))
    async with asyncio.timeout(5):
        while work.counts.retried < 3:  # noqa: ASYNC110 - it is tried again by itself
            await asyncio.sleep(0)
    assert handler.done == []
    handler.failing.clear()
    await finished(work)
    assert handler.done == [1, 2, 3]


async def test_a_cancellation_that_nobody_asked_for_ends_no_chat() -> None:
    handled = []

    async def handle(update: dict[str, Any], _behind: UpdatesBehind) -> None:
        handled.append(update["update_id"])
        if len(handled) == 1:
            given_up = asyncio.get_running_loop().create_future()
            given_up.cancel()
            await given_up

    work = Dispatcher(handle, QUICK)
    async with asyncio.timeout(5):
        await asyncio.gather(work.take(message(1)), work.take(message(2)))
    assert handled == [1, 1, 2]
    assert work.counts == Counts(handled=2, retried=1)


async def test_draining_tries_nothing_again_and_keeps_what_stands_behind_a_failure(
    handler: RecordingHandler,
) -> None:
    handler.failing.add(1)
    work = Dispatcher(handler, BackOff(30, 30))
    for number in (1, 2):
        work.take(message(number, chat=1))
    work.take(message(3, chat=2))
    await finished(work, 2)
    started = asyncio.get_running_loop().time()
    await work.drain(5)
    assert asyncio.get_running_loop().time() - started < 1
    assert (handler.done, list(work.in_progress)) == ([3], [1, 2])


async def test_a_handler_that_hangs_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.intake.dispatcher._HANDLER_SECONDS", 0.01)
    tries = 0

    async def handle(_update: dict[str, Any], _behind: UpdatesBehind) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()

    work = Dispatcher(handle, QUICK)
    work.take(message(1))
    await finished(work)
    assert (tries, work.counts.retried, work.counts.handled) == (2, 1, 1)


def test_the_chat_is_found_in_every_kind_of_update() -> None:
    chat = {"chat": {"id": 5}}
    assert ordering_key({"update_id": 1, "message": chat}) == 5
    assert ordering_key({"update_id": 1, "edited_message": chat}) == 5
    assert (
        ordering_key({"update_id": 1, "callback_query": {"from": {"id": 9}, "message": chat}}) == 5
    )
    assert ordering_key({"update_id": 1, "inline_query": {"from": {"id": 9}}}) == 9
    assert ordering_key({"update_id": 1, "poll": {"id": "x"}}) == ("update", 1)
