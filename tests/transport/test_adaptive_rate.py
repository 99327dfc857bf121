"""The rate of a broadcast is found by what Telegram accepts and refuses."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.transport.adaptive_rate import AdaptiveRate
from tests.transport.limit_simulation import Limited, flood


def assert_found(telegram: Limited) -> None:
    telegram.run(60)
    assert 0.75 <= telegram.gate.rate / telegram.limit <= 1.25
    telegram.run(90)
    assert telegram.share(60, 150) >= 0.8
    assert len(telegram.pauses) <= 9


@settings(max_examples=6)
@given(
    limit=st.floats(20, 100),
    seconds_of_burst=st.floats(0.5, 3),
    times_too_fast=st.floats(1.1, 30),
    pause=st.integers(1, 5),
    latency=st.floats(0.005, 0.3),
)
@example(limit=100, seconds_of_burst=0.5, times_too_fast=10, pause=5, latency=0.3)
@example(limit=20, seconds_of_burst=3, times_too_fast=1.1, pause=1, latency=0.01)
# Hardly too fast, and then a long pause.
@example(limit=20, seconds_of_burst=0.5, times_too_fast=1.1, pause=5, latency=0.25)
@example(limit=64, seconds_of_burst=1, times_too_fast=1.16, pause=5, latency=0.3)
def test_whatever_the_limit_it_is_found_within_a_minute_and_kept(
    limit: float, seconds_of_burst: float, times_too_fast: float, pause: int, latency: float
) -> None:
    burst = max(2.0, limit * seconds_of_burst)
    assert_found(Limited(limit * times_too_fast, limit, burst, pause, latency))


@pytest.mark.parametrize("rate", [5.0, 28.0, 30.0, 300.0])
def test_a_ceiling_that_is_allowed_is_reached_and_never_refused(rate: float) -> None:
    telegram = Limited(rate, limit=rate, burst=max(3.0, rate / 10))
    telegram.run(40)
    assert not telegram.refused
    assert telegram.share(0, 40) >= 0.99


@pytest.mark.parametrize(("limit", "later", "seconds"), [(30, 60, 660), (60, 30, 480)])
def test_a_limit_that_is_raised_or_lowered_is_found_again(
    limit: float, later: float, seconds: float
) -> None:
    telegram = Limited(100, limit=limit, burst=limit)
    telegram.run(60)
    telegram.allow(later, burst=later)
    telegram.run(seconds - 60)
    assert telegram.share(seconds - 120, seconds) >= 0.85


def test_a_long_pause_is_hardly_ever_risked_again() -> None:
    telegram = Limited(100, limit=30, burst=30, pause=30)
    telegram.run(900)
    assert len(telegram.pauses) <= 5
    assert telegram.share(120, 900) >= 0.85


def test_a_lower_aim_and_back_again_forgets_nothing() -> None:
    telegram = Limited(1000, limit=100, burst=100)
    telegram.run(60)
    found = telegram.gate.rate
    telegram.gate.set_ceiling(30)
    assert telegram.gate.rate == 30
    telegram.run(10)
    telegram.gate.set_ceiling(1000)
    assert telegram.gate.rate == pytest.approx(found, rel=0.02)


def test_what_was_learned_under_a_lower_ceiling_says_nothing_about_a_higher_one() -> None:
    telegram = Limited(28, limit=10, burst=10)
    telegram.run(60)
    assert telegram.gate.rate < 11
    telegram.gate.set_ceiling(1000)
    assert telegram.gate.rate == 1000


def rate_after(accepted: int, ceiling: float = 1000) -> AdaptiveRate:
    """Returns a rate that was refused for two seconds after so many messages of a broadcast."""
    found = AdaptiveRate(ceiling)
    for sent in (1000, accepted):  # in another one before, and in this one
        found.set_ceiling(ceiling)
        for _ in range(sent):
            found.accepted()
    found.refused(2.0)
    return found


def test_a_refusal_before_anything_was_accepted_lowers_the_rate_by_a_share_once() -> None:
    found = rate_after(0, ceiling=10)
    found.refused(2.0)
    assert found.rate == pytest.approx(8.7)
    for _ in range(10):
        found.accepted()
    assert 8.7 < found.rate < 10, "and it creeps back"


def test_the_first_refusal_leaves_what_was_accepted_and_the_rate_rises_quickly_again() -> None:
    found = rate_after(100)
    assert found.rate == pytest.approx(100 / 2.1)
    found.accepted()
    assert found.rate == pytest.approx(100 / 2.1 + 0.15)


def test_a_refusal_while_it_rises_quickly_lowers_it_by_more_than_a_later_one() -> None:
    found, shares = rate_after(100), list[float]()
    for _ in range(3):
        found.accepted()
        before = found.rate
        found.refused(2.0)
        shares.append(found.rate / before)
    assert shares == pytest.approx([0.7, 0.87, 0.87])


def test_a_pause_that_was_too_short_is_not_taken_for_another_limit() -> None:
    telegram = Limited(100, limit=30, burst=30)
    telegram.run(60)
    found = telegram.gate.rate
    for _ in range(20):
        flood(telegram.gate, 2)
        telegram.now += 2
    assert telegram.gate.rate >= 0.7 * found


@given(st.lists(st.booleans()), st.floats(0.1, 2000))
def test_the_rate_stays_between_nearly_nothing_and_the_ceiling(
    steps: list[bool], ceiling: float
) -> None:
    found = AdaptiveRate(ceiling)
    for is_accepted in steps:
        if is_accepted:
            found.accepted()
        else:
            found.refused(2.0)
        assert min(0.5, ceiling) <= found.rate <= ceiling
