import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.rate_limiter import ReplyRate, SlotLimiter
from tests.transport.limit_simulation import most_at_once

GAPS = st.floats(0, 0.3, allow_nan=False)
STEPS = st.lists(
    st.tuples(GAPS, st.sampled_from(["send", "reply", "slower"]), st.floats(0.05, 1)), max_size=60
)


@given(st.floats(0.5, 1000), st.integers(1, 50), STEPS)
def test_no_window_holds_more_broadcasts_than_rate_and_burst_allow(
    rate: float, burst: int, steps: list[tuple[float, str, float]]
) -> None:
    pace, now, sent, slower = SlotLimiter(rate, burst), 1000.0, list[float](), rate
    for gap, step, share in steps:
        now += gap
        if step == "send":
            now = max(now, pace.take(now, slower))
            sent.append(now)
        elif step == "reply":
            pace.yield_to_reply(now, slower)
        else:
            slower = rate * share
    assert most_at_once(sent, rate) <= burst + 1e-6


def test_a_quiet_time_earns_the_burst_and_no_more() -> None:
    pace = SlotLimiter(10, burst=3)
    waits = [max(0.0, pace.take(100.0, 10) - 100.0) for _ in range(5)]
    assert waits == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_a_reply_brings_no_message_of_a_slow_broadcast_forward() -> None:
    pace = SlotLimiter(0.5, burst=1)
    pace.take(100.0, 0.5)
    pace.yield_to_reply(100.0, 0.5)
    assert pace.take(100.0, 0.5) == pytest.approx(102.0)


def test_a_thousand_replies_a_second_do_not_stop_the_broadcast() -> None:
    pace, now, sent = SlotLimiter(20, burst=1), 0.0, 0
    slot = pace.take(now, 20)
    for _ in range(10_000):
        now += 0.001
        pace.yield_to_reply(now, 20)
        if now >= slot:
            sent += 1
            slot = pace.take(now, 20)
    assert sent >= 10, "at least one in ten slots of ten seconds"


def test_another_aim_gives_no_second_burst() -> None:
    pace = SlotLimiter(10, burst=3)
    for _ in range(3):
        pace.take(100.0, 10)
    pace.set_rate(20, burst=5, now=100.0)
    assert [pace.take(100.0, 20) for _ in range(2)] == pytest.approx([100.1, 100.15])


def test_a_flood_lowers_the_rate_of_answers_and_time_brings_it_back() -> None:
    answers = ReplyRate(100)
    answers.slow_down(0.0)
    assert answers.rate(0.0) == pytest.approx(70)
    answers.slow_down(0.0)
    assert answers.rate(0.0) == pytest.approx(49)
    assert 49 < answers.rate(10.0) < 100
    assert answers.rate(1000.0) == 100


def test_a_second_flood_lowers_the_rate_that_has_come_back_since_the_first() -> None:
    answers = ReplyRate(100)
    answers.slow_down(0.0)
    assert answers.rate(20.0) == pytest.approx(80)
    answers.slow_down(20.0)
    assert answers.rate(20.0) == pytest.approx(56)


def test_the_rate_of_answers_never_falls_to_nothing() -> None:
    answers = ReplyRate(100)
    for _ in range(100):
        answers.slow_down(0.0)
    assert answers.rate(0.0) == pytest.approx(2)


def test_a_slot_is_due_the_moment_it_comes() -> None:
    pace = SlotLimiter(10, burst=1)
    pace.take(100.0, 10)
    assert pace.due_in(100.09, 10) > 0
    assert pace.due_in(100.0 + 1 / 10, 10) == 0


def test_a_reply_takes_what_may_go_at_once_after_a_quiet_time() -> None:
    pace = SlotLimiter(10, burst=3)
    pace.yield_to_reply(100.0, 10)
    waits = [max(0.0, pace.take(100.0, 10) - 100.0) for _ in range(3)]
    assert waits == pytest.approx([0, 0, 0.1])


@pytest.mark.parametrize(("rate", "slot"), [(20, 100.5), (5, 101.0)])
def test_replies_hold_a_broadcast_for_ten_slots_or_a_second(rate: float, slot: float) -> None:
    pace = SlotLimiter(rate, burst=1)
    pace.take(100.0, rate)
    for _ in range(100):
        pace.yield_to_reply(100.0, rate)
    assert pace.take(100.0, rate) == pytest.approx(slot)
