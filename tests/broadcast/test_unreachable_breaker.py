"""When none of the first recipients can be reached, nobody is marked as unreachable."""

from bot.broadcast.failing_deliveries import MOST_UNREACHABLE
from storage.broadcast_types import PauseReason, Tally
from tests.broadcast.workers import WorkerHarness, called, everyone_once, told
from tests.support import fake_telegram as answers
from tests.support.waiting import until


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
    harness.telegram.everyone(answers.BLOCKED)  # the others too, until it is held
    await harness.start()
    harness.start_worker()
    await harness.held()
    harness.telegram.everyone(None)
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


async def test_once_somebody_was_reached_those_who_cannot_be_are_marked(
    harness: WorkerHarness,
) -> None:
    gone = range(2, MOST_UNREACHABLE + 5)
    for number in gone:
        harness.telegram.always(1000 + number, answers.BLOCKED)
    assert (await harness.sent_to([1, *gone], rate=50.0)).state == "finished"
    assert await harness.people.unreachable() == [*gone]


async def test_a_pause_in_between_marks_nobody(harness: WorkerHarness) -> None:
    harness.telegram.everyone(answers.BLOCKED)
    await harness.sends_to(range(1, 61), rate=5.0)
    await until(lambda: called(harness.telegram, 5))
    await harness.pause()
    await until(lambda: told(harness, "paused"))
    assert await harness.people.unreachable() == []
    assert await harness.tally() == Tally(total=60, pending=60)
