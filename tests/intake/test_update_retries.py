"""How often and how long an update is tried again, and when it is passed over for the others."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.back_off import BackOff
from bot.intake.dispatcher import Dispatcher, TryAgain, UpdatesBehind
from tests.intake.running_polling import finished
from tests.intake.test_dispatcher import message

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


async def test_it_is_kept_while_fewer_than_fifty_others_went_well(
    failing: FailingDispatcher,
) -> None:
    failing.work.take(message(0, chat=1000))
    await failing.fails()
    await failing.others(1, 49)
    failing.now = 5000.0
    await failing.fails()
    assert failing.work.counts.passed_over == 0
    await failing.others(50, 50)
    await finished(failing.work)
    assert failing.work.counts.passed_over == 1


async def test_what_went_well_before_it_failed_says_nothing_about_it(
    failing: FailingDispatcher,
) -> None:
    await failing.others(1, 60)
    failing.work.take(message(0, chat=1000))
    await failing.fails()
    failing.now = 5000.0
    await failing.fails()
    assert failing.work.counts.passed_over == 0
    await failing.work.drain(1)


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
