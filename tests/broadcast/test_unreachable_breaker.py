"""When none of the first recipients can be reached, nobody is marked as unreachable."""

from bot.broadcast.circuit_breakers import MOST_UNREACHABLE, UnreachableBreaker
from bot.broadcast.lease import utc_now
from storage import Broadcast, Outcome, PauseReason, Result, Tally
from tests.broadcast.workers import WorkerHarness, everyone_once, until
from tests.support import fake_telegram as answers
from tests.support.supporters import ADMIN


async def held(bench: WorkerHarness) -> Broadcast:
    async def is_held() -> bool:
        return bench.reports.told[-1:] != [] and bench.reports.told[-1][0] == "waiting"

    await until(is_held)
    latest = await bench.broadcasts.latest()
    assert latest is not None
    assert latest.pause_reason is not None
    return latest


async def test_with_the_token_of_another_bot_nobody_is_marked(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 61))
    bench.telegram.everyone(answers.BLOCKED)
    await bench.start()
    hand = bench.hire()
    found = await held(bench)
    assert (found.pause_reason, found.reason_detail) == (PauseReason.NOBODY, str(MOST_UNREACHABLE))
    assert await bench.people.unreachable() == []
    assert await bench.tally() == Tally(total=60, pending=60)
    await hand.worker.stop(1.0)
    # With the right token it is sent to everybody.
    bench.telegram.everyone(None)
    bench.hire()
    latest = await bench.broadcasts.latest()
    assert latest is not None
    await bench.broadcasts.resume(latest.id, ADMIN, utc_now())
    assert (await bench.ended()).state == "finished"
    assert dict(bench.telegram.received) == everyone_once(60)


async def test_who_goes_on_all_the_same_is_not_asked_again(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 61))
    for number in range(1, 51):
        bench.telegram.always(1000 + number, answers.BLOCKED)
    broadcast = await bench.start()
    bench.hire()
    await held(bench)
    await bench.broadcasts.resume(broadcast.id, ADMIN, utc_now())
    assert (await bench.ended()).state == "finished"
    assert await bench.tally() == Tally(total=60, delivered=10, unreachable=50)
    assert await bench.people.unreachable() == list(range(1, 51))


async def test_a_few_who_have_gone_are_marked_though_nobody_is_left(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, MOST_UNREACHABLE))
    bench.telegram.everyone(answers.BLOCKED)
    await bench.start()
    bench.hire()
    assert (await bench.ended()).state == "finished"
    assert await bench.people.unreachable() == list(range(1, MOST_UNREACHABLE))


async def test_a_pause_in_between_marks_nobody(bench: WorkerHarness) -> None:
    await bench.people.sign(range(1, 61))
    bench.telegram.everyone(answers.BLOCKED)
    broadcast = await bench.start()
    bench.hire(rate=20.0)

    async def some_called() -> bool:
        return len(bench.telegram.calls) >= 5

    await until(some_called)
    await bench.broadcasts.pause(broadcast.id, ADMIN, utc_now())

    async def is_paused() -> bool:
        return bench.reports.told[-1:] != [] and bench.reports.told[-1][0] == "paused"

    await until(is_paused)
    assert await bench.people.unreachable() == []
    assert await bench.tally() == Tally(total=60, pending=60)


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
