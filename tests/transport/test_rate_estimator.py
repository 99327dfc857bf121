"""An undeclared rate limit is found within a minute, and kept."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.transport.rate_estimator import RateEstimator
from tests.transport.limit_simulation import Limited, flood


def assert_found(telegram: Limited) -> None:
    telegram.run(60)
    assert 0.8 <= telegram.gate.rate / telegram.limit <= 1.25
    telegram.run(90)
    assert telegram.share(60, 150) >= 0.85
    assert len(telegram.pauses) <= 9


@pytest.mark.parametrize(
    ("ceiling", "limit", "burst"),
    [(1000, 30, 30), (20_000, 100, 100), (1000, 30, 100), (20_000, 100, 30)],
)
def test_a_limit_far_below_the_ceiling_is_found_within_a_minute_and_kept(
    ceiling: float, limit: float, burst: float
) -> None:
    assert_found(Limited(ceiling, limit, burst))


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


def test_a_limit_that_is_raised_is_found_again() -> None:
    telegram = Limited(100, limit=30, burst=30)
    telegram.run(60)
    telegram.allow(60, burst=60)
    telegram.run(600)
    assert telegram.share(480, 660) >= 0.85


def test_a_limit_that_is_lowered_is_found_again() -> None:
    telegram = Limited(100, limit=60, burst=60)
    telegram.run(60)
    telegram.allow(30, burst=30)
    telegram.run(420)
    assert telegram.share(360, 480) >= 0.85


def test_a_long_pause_is_hardly_ever_risked_again() -> None:
    telegram = Limited(100, limit=30, burst=30, pause=30)
    telegram.run(900)
    assert len(telegram.pauses) <= 5
    assert telegram.share(120, 900) >= 0.85


def test_what_was_found_is_kept_while_nothing_is_sent() -> None:
    telegram = Limited(1000, limit=30, burst=30)
    telegram.run(60)
    found = telegram.gate.rate
    telegram.now += 7 * 86400
    assert telegram.gate.rate == found


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


def test_a_refusal_before_anything_was_accepted_lowers_the_rate_by_a_share() -> None:
    search = RateEstimator(10)
    search.refused_overall(0.0, 2.0)
    assert search.rate == pytest.approx(7)
    for number in range(300):
        search.accepted(2 + number / 7)
    assert 7 < search.rate < 10, "and it creeps back"


def test_a_pause_that_was_too_short_is_not_taken_for_another_limit() -> None:
    telegram = Limited(100, limit=30, burst=30)
    telegram.run(60)
    found = telegram.gate.rate
    for _ in range(20):
        flood(telegram.gate, 2)
        telegram.now += 2
    assert telegram.gate.rate >= 0.7 * found


@given(
    st.lists(st.tuples(st.floats(0, 0.3), st.sampled_from(["accepted", "refused", "flooded"]))),
    st.floats(0.1, 2000),
)
def test_the_rate_stays_between_nearly_nothing_and_the_ceiling(
    steps: list[tuple[float, str]], ceiling: float
) -> None:
    search, now = RateEstimator(ceiling), 0.0
    for gap, step in steps:
        now += gap
        if step == "accepted":
            search.accepted(now)
        elif step == "refused":
            search.refused(now)
        else:
            search.refused_overall(now, 2.0)
        assert min(0.5, ceiling) <= search.rate <= ceiling


@pytest.mark.parametrize("first", [8.0, 10.0])
def test_the_first_refusal_in_a_row_tells_when_the_limit_was_reached(first: float) -> None:
    search = RateEstimator(100)
    for number in range(round(30 * first)):
        search.accepted(number / 30)
    search.refused(first)
    search.refused(10.0)
    search.refused_overall(10.0, 60.0)
    assert search.rate == pytest.approx(0.95 * 30, rel=0.01)


def test_a_refusal_that_others_followed_is_forgotten() -> None:
    search = RateEstimator(100)
    search.refused(1.0)
    for number in range(300):
        search.accepted(number / 30)
    search.refused_overall(10.0, 60.0)
    assert search.rate == pytest.approx(0.95 * 30, rel=0.01)
