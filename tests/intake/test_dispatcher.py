"""Updates are handled in order within a chat and concurrently across chats; failures."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.back_off import BackOff
from bot.intake.dispatcher import Counts, Dispatcher, TryAgain, UpdatesBehind, ordering_key
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
    tap = {"from": {"id": 9}, "message": chat}
    assert ordering_key({"update_id": 1, "callback_query": tap}) == 5
    assert ordering_key({"update_id": 1, "inline_query": {"from": {"id": 9}}}) == 9
    assert ordering_key({"update_id": 1, "poll": {"id": "x"}}) == ("update", 1)


AT_ONCE = BackOff(0.0, 0.0)


class FailingDispatcher:
    """A dispatcher in which update 0 always fails and others go well, with a clock to set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tries = 0
        self.refusals: list[BaseException] = []  # to give it up
        self.work = Dispatcher(self.handle, AT_ONCE, clock=lambda: self.now, give_up=self.give_up)

    async def give_up(self, _: dict[str, Any]) -> None:
        if self.refusals:
            raise self.refusals.pop()

    async def handle(self, update: dict[str, Any], _behind: UpdatesBehind) -> None:
        if update["update_id"] == 0:
            self.tries += 1
            raise TryAgain

    async def fails(self) -> None:
        """Waits until update 0 has failed twice more."""
        after = self.tries + 2
        while self.tries < after and self.work.in_progress:  # noqa: ASYNC110 - it is at once
            await asyncio.sleep(0)

    async def others(self, first: int, last: int) -> None:
        left = len(self.work.in_progress)
        for number in range(first, last + 1):
            self.work.take(message(number, chat=number))
        await finished(self.work, left)


@pytest.fixture
def failing() -> FailingDispatcher:
    return FailingDispatcher()


async def test_it_is_given_up_after_a_minute_in_which_fifty_others_went_well(
    failing: FailingDispatcher,
) -> None:
    failing.work.take(message(0, chat=1000))
    await failing.fails()
    await failing.others(1, 50)
    failing.now = 1059.9
    await failing.fails()
    assert failing.work.counts.passed_over == 0
    failing.now = 1060.0
    await finished(failing.work)
    assert failing.work.counts.passed_over == 1


async def test_it_is_kept_while_fewer_than_fifty_others_went_well_since_it_failed(
    failing: FailingDispatcher,
) -> None:
    await failing.others(51, 110)
    failing.work.take(message(0, chat=1000))
    await failing.fails()
    await failing.others(1, 49)
    failing.now = 5000.0
    await failing.fails()
    assert failing.work.counts.passed_over == 0
    await failing.others(50, 50)
    await finished(failing.work)
    assert failing.work.counts.passed_over == 1


@pytest.mark.parametrize("error", [TryAgain(), RuntimeError("a bug"), asyncio.CancelledError()])
async def test_it_is_tried_again_where_that_it_is_given_up_cannot_be_recorded(
    failing: FailingDispatcher, error: BaseException
) -> None:
    """And what comes after it in the chat is handled in the end."""
    failing.refusals = [error, error]
    failing.work.take(message(0, chat=1000))
    failing.work.take(message(99, chat=1000))
    await failing.fails()
    await failing.others(1, 50)
    failing.now = 1060.0
    with capture_logs() as logged:
        await finished(failing.work)
    assert [each["event"] for each in logged].count("update_not_given_up") == 2
    assert (failing.work.counts.passed_over, failing.work.counts.handled) == (1, 51)


async def test_what_is_cut_off_by_draining_has_ended_before_that_returns() -> None:
    ended: list[str] = []

    async def handle(_: dict[str, Any], _behind: UpdatesBehind) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("ended")

    work = Dispatcher(handle, AT_ONCE)
    work.take(message(1))
    await asyncio.sleep(0)
    await work.drain(0)
    assert ended == ["ended"]


async def test_nothing_is_kept_of_a_line_that_has_ended() -> None:
    async def handle(_: dict[str, Any], _behind: UpdatesBehind) -> None: ...

    work = Dispatcher(handle, AT_ONCE)
    for number in range(5):
        work.take(message(number, chat=number))
    await finished(work)
    await asyncio.sleep(0)
    assert (work._tasks, work._queues, work.in_progress) == (set(), {}, {})


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
            dispatcher.take(message(number, chat=number))
        seen.append(behind.are_held_up)
        dispatcher.take(message(51, chat=51))
        seen.append(behind.are_held_up)
        goes_on.set()

    dispatcher = Dispatcher(handle, QUICK)
    dispatcher.take(message(1))
    await goes_on.wait()
    await dispatcher.drain(5)
    assert seen == [False, False, True]


def written(number: int) -> dict[str, Any]:
    """Returns an update with a text message whose id is the update's number."""
    chat = {"id": 1, "type": "private"}
    return {"update_id": number, "message": {"chat": chat, "from": chat, "message_id": number}}


async def flooded(*updates: dict[str, Any], spared: tuple[int, ...] = ()) -> dict[int, list[int]]:
    """Returns the messages dropped behind each update, as its handler sees them."""
    seen: dict[int, list[int]] = {}

    async def handle(update: dict[str, Any], behind: UpdatesBehind) -> None:
        seen[update["update_id"]] = list(behind.dropped)

    work = Dispatcher(handle, QUICK, is_spared=lambda update: update["update_id"] in spared)
    for update in updates:
        work.take(update)
    await work.drain(5)
    return {number: dropped for number, dropped in seen.items() if dropped}


@pytest.mark.parametrize(
    ("last", "spared", "dropped"),
    [
        (21, (), {}),
        (24, (), {21: [22, 23, 24]}),  # is known to the update it came behind
        (199, (), {21: list(range(22, 122))}),  # and no more than a hundred are noted
        (25, (2, 3, 24, 25), {3: [4, 5], 21: [22, 23]}),  # and what gives way to one spared
        (24, (*range(2, 21), 24), {20: [21, 22, 23]}),  # and not forgotten where that gives way
    ],
)
async def test_what_was_dropped_is_known_to_the_one_before_it(
    last: int, spared: tuple[int, ...], dropped: dict[int, list[int]]
) -> None:
    assert await flooded(*map(written, range(1, last + 1)), spared=spared) == dropped


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
