"""When a delivery is given up, and when it is not one recipient who is to blame."""

from collections.abc import Callable

import pytest

from bot.broadcast.failing_deliveries import MOST_UNREACHABLE, OutageBreaker
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
    for number in range(1, 51):
        harness.telegram.always(1000 + number, answers.BLOCKED)
    harness.telegram.everyone(answers.BLOCKED)  # the others too, until it is held
    await harness.sends_to(range(1, 61))
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


def test_when_nothing_gets_through_the_pause_doubles_up_to_half_a_minute() -> None:
    outage_breaker, now, pauses = OutageBreaker(), 0.0, list[float]()
    for position in range(12):
        outage_breaker.record_failure(position, now)
        pauses.append(outage_breaker.pause())
        now += pauses[-1]
    assert pauses == [0, 0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_a_proxy_that_is_started_anew_with_twenty_calls_on_their_way_costs_half_a_second() -> None:
    outage_breaker = OutageBreaker()
    for position in range(10):
        outage_breaker.record_failure(position, 0.01 * position)
        outage_breaker.record_lost_answer(0.01 * position)
    assert outage_breaker.pause() == 0.5


def test_nor_if_somebody_else_got_through_before_it_went_away() -> None:
    outage_breaker = OutageBreaker()
    outage_breaker.record_failure(1, 0.0)
    outage_breaker.record_answer(2)
    assert not any(
        outage_breaker.record_failure(1, float(second)) for second in range(30, 3600, 30)
    )


def test_after_an_hour_the_last_ones_are_given_up() -> None:
    outage_breaker = OutageBreaker()
    outage_breaker.record_failure(1, 0.0)
    assert not outage_breaker.record_failure(1, 3599.0)
    assert outage_breaker.record_failure(1, 3600.0)


@pytest.mark.parametrize("is_denied", [False, True])
def test_who_fails_again_and_again_while_others_get_through_is_given_up(is_denied: bool) -> None:
    outage_breaker = OutageBreaker()
    given_up = []
    for second in range(6):
        failed = outage_breaker.record_failure(1, float(second), is_denied=is_denied)
        given_up.append(failed)
        outage_breaker.record_answer(100 + second)
    assert given_up == [False] * 5 + [True]


def test_one_success_begins_the_count_anew() -> None:
    outage_breaker = OutageBreaker()
    for second in range(5):
        outage_breaker.record_failure(1, float(second))
        outage_breaker.record_answer(2)
    outage_breaker.record_answer(1)
    assert not outage_breaker.record_failure(1, 6.0)


def test_it_remembers_a_bounded_number() -> None:
    outage_breaker = OutageBreaker()
    for position in range(30_000):
        outage_breaker.record_failure(position, 0.0)
    assert len(outage_breaker._troubles) == 10_000


class TestDenied:
    """Telegram answers, but denies the token or the method (401 or 404)."""

    def test_one_denial_is_enough_to_ask_before_anybody_is_tried(self) -> None:
        outage_breaker = OutageBreaker()
        assert not outage_breaker.record_failure(1, 0.0, is_denied=True)
        assert (outage_breaker.is_open, outage_breaker.pause()) == (True, 0.5)

    def test_it_is_believed_after_a_minute_of_denials_further_and_further_apart(self) -> None:
        outage_breaker, now, tries = OutageBreaker(), 0.0, 1
        outage_breaker.record_failure(1, now, is_denied=True)
        while not outage_breaker.is_denied(now):
            now += outage_breaker.pause()
            outage_breaker.record_failure(1, now, is_denied=True)
            tries += 1
        assert (now, tries) == (61.5, 8)

    @pytest.mark.parametrize("other", ["answer", "failure", "lost answer"])
    def test_anything_else_in_between_ends_the_doubt(self, other: str) -> None:
        outage_breaker = OutageBreaker()
        outage_breaker.record_failure(1, 0.0, is_denied=True)
        signs: dict[str, Callable[[], object]] = {
            "answer": lambda: outage_breaker.record_answer(1),
            "failure": lambda: outage_breaker.record_failure(1, 30.0),
            "lost answer": lambda: outage_breaker.record_lost_answer(30.0),
        }
        signs[other]()
        outage_breaker.record_failure(1, 100.0, is_denied=True)
        assert not outage_breaker.is_denied(100.0)
        assert outage_breaker.is_denied(160.0)
