"""When none of the first recipients can be reached, nobody is marked as unreachable."""

from bot.broadcast.circuit_breakers import MOST_UNREACHABLE, UnreachableBreaker
from storage.broadcast_types import Outcome, PauseReason, Result, Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, until
from tests.support import fake_telegram as answers


async def test_with_the_token_of_another_bot_nobody_is_marked(harness: WorkerHarness) -> None:
    harness.telegram.everyone(answers.BLOCKED)
    running = await harness.sends_to(range(1, 61))
    found = await harness.held()
    assert (found.pause_reason, found.reason_detail) == (PauseReason.NOBODY, str(MOST_UNREACHABLE))
    assert await harness.people.unreachable() == []
    assert await harness.tally() == Tally(total=60, pending=60)
    await running.worker.stop(1.0)
    # With the right token it is sent to everybody.
    harness.telegram.everyone(None)
    harness.start_worker()
    await harness.resume()
    assert (await harness.ended()).state == "finished"
    assert dict(harness.telegram.received) == everyone_once(60)


async def test_who_goes_on_all_the_same_is_not_asked_again(harness: WorkerHarness) -> None:
    await harness.people.sign(range(1, 61))
    for number in range(1, 51):
        harness.telegram.always(1000 + number, answers.BLOCKED)
    await harness.start()
    harness.start_worker()
    await harness.held()
    await harness.resume()
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
    harness.telegram.everyone(answers.BLOCKED)
    await harness.sends_to(range(1, 61), rate=20.0)

    async def some_called() -> bool:
        return len(harness.telegram.calls) >= 5

    await until(some_called)
    await harness.pause()

    async def is_paused() -> bool:
        return harness.reports.told[-1:] != [] and harness.reports.told[-1][0] == "paused"

    await until(is_paused)
    assert await harness.people.unreachable() == []
    assert await harness.tally() == Tally(total=60, pending=60)


def test_until_somebody_is_reached_nobody_is_recorded_and_with_too_many_it_opens() -> None:
    settled: list[Result] = []
    breaker = UnreachableBreaker(settled.append, is_confirmed=False)
    failures = [Result(number, b"c", Outcome.UNREACHABLE) for number in range(MOST_UNREACHABLE)]
    assert [breaker.record_failure(each) for each in failures].index(True) == len(failures) - 1
    assert settled == []
    breaker.give_back()
    assert {each.outcome for each in settled} == {Outcome.UNSENT}
    settled.clear()
    breaker.record_failure(failures[0])
    breaker.record_delivery()
    breaker.record_failure(failures[1])
    assert settled == failures[:2]
