"""When none of the first recipients can be reached, nobody is marked as unreachable."""

from bot.broadcast.circuit_breakers import MOST_UNREACHABLE, UnreachableBreaker
from storage import Broadcast, Outcome, PauseReason, Result, Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, until
from tests.support import fake_telegram as answers
from tests.support.accelerated_loop import time_of_day
from tests.support.supporters import ADMIN


async def held(harness: WorkerHarness) -> Broadcast:
    async def is_held() -> bool:
        return harness.reports.told[-1:] != [] and harness.reports.told[-1][0] == "waiting"

    await until(is_held)
    latest = await harness.broadcasts.latest()
    assert latest is not None
    assert latest.pause_reason is not None
    return latest


async def test_with_the_token_of_another_bot_nobody_is_marked(harness: WorkerHarness) -> None:
    harness.telegram.everyone(answers.BLOCKED)
    running = await harness.sends_to(range(1, 61))
    found = await held(harness)
    assert (found.pause_reason, found.reason_detail) == (PauseReason.NOBODY, str(MOST_UNREACHABLE))
    assert await harness.people.unreachable() == []
    assert await harness.tally() == Tally(total=60, pending=60)
    await running.worker.stop(1.0)
    # With the right token it is sent to everybody.
    harness.telegram.everyone(None)
    harness.start_worker()
    latest = await harness.broadcasts.latest()
    assert latest is not None
    await harness.broadcasts.resume(latest.id, ADMIN, time_of_day())
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(60)


async def test_who_goes_on_all_the_same_is_not_asked_again(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 61))
    for number in range(1, 51):
        harness.telegram.always(1000 + number, answers.BLOCKED)
    broadcast = await harness.start()
    harness.start_worker()
    await held(harness)
    await harness.broadcasts.resume(broadcast.id, ADMIN, time_of_day())
    assert (await harness.ended()).state == "finished"
    assert await harness.tally() == Tally(total=60, delivered=10, unreachable=50)
    assert await harness.people.unreachable() == list(range(1, 51))


async def test_a_few_who_have_gone_are_marked_though_nobody_is_left(
    harness: WorkerHarness,
) -> None:
    harness.telegram.everyone(answers.BLOCKED)
    await harness.sends_to(range(1, MOST_UNREACHABLE))
    assert (await harness.ended()).state == "finished"
    assert await harness.people.unreachable() == list(range(1, MOST_UNREACHABLE))


async def test_a_pause_in_between_marks_nobody(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 61))
    harness.telegram.everyone(answers.BLOCKED)
    broadcast = await harness.start()
    harness.start_worker(rate=20.0)

    async def some_called() -> bool:
        return len(harness.telegram.calls) >= 5

    await until(some_called)
    await harness.broadcasts.pause(broadcast.id, ADMIN, time_of_day())

    async def is_paused() -> bool:
        return harness.reports.told[-1:] != [] and harness.reports.told[-1][0] == "paused"

    await until(is_paused)
    assert await harness.people.unreachable() == []
    assert await harness.tally() == Tally(total=60, pending=60)


def outcomes(unreachable_breaker: int, *, met_after: int | None = None) -> list[str]:
    """Returns the outcomes in the order in which they are recorded."""
    settled: list[Result] = []
    found = UnreachableBreaker(settled.append, is_confirmed=False)
    for number in range(unreachable_breaker):
        if number == met_after:
            found.record_delivery()
        found.record_failure(Result(number, b"c", Outcome.UNREACHABLE))
    return [each.outcome.value for each in settled]


def test_once_somebody_is_reached_everybody_is_settled_at_once() -> None:
    assert outcomes(MOST_UNREACHABLE - 1) == []
    assert outcomes(MOST_UNREACHABLE - 1, met_after=10) == ["unreachable"] * (MOST_UNREACHABLE - 1)


def test_one_too_many_and_all_are_given_back_and_the_later_ones_too() -> None:
    assert outcomes(MOST_UNREACHABLE + 5) == ["unsent"] * (MOST_UNREACHABLE + 5)
