import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.rate_limiter import Appointments, ReplyRate, SlotLimiter
from tests.transport.limit_simulation import most_at_once

RATE, BURST = 25.0, 5  # of those who come back
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


def test_a_slot_is_due_until_the_burst_is_used_up() -> None:
    pace, due = SlotLimiter(10, burst=3), list[bool]()
    for _ in range(4):
        due.append(pace.due_in(100.0, 10) == 0)
        pace.take(100.0, 10)
    assert due == [True, True, True, False]


def test_a_reply_takes_a_slot_from_the_broadcast() -> None:
    pace = SlotLimiter(10, burst=1)
    pace.take(100.0, 10)
    for _ in range(5):
        pace.yield_to_reply(100.0, 10)
    assert pace.take(100.0, 10) == pytest.approx(100.6)


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


def test_an_aim_begins_evenly() -> None:
    pace = SlotLimiter(10, burst=3)
    pace.set_rate(10, burst=3, now=100.0)
    assert [pace.take(100.0, 10) for _ in range(3)] == pytest.approx([100.0, 100.1, 100.2])


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


@pytest.mark.parametrize(
    ("rate", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0)]
)
def test_a_rate_or_burst_without_sense_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        SlotLimiter(rate, burst)


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


def comes(room: Appointments, chat: int | str, now: float, rate: float = RATE) -> float:
    """Returns after how many seconds the chat comes back; 0 if it waits in the line instead."""
    wait = room.come_back_in(chat, now, rate)
    return wait if wait > 1.0 else 0.0


def sent_away(room: Appointments, size: int, now: float = 0.0) -> list[float]:
    return [comes(room, chat, now) for chat in range(size)]


def test_a_short_line_is_worth_standing_in() -> None:
    assert sent_away(Appointments(RATE, BURST), 29) == [0.0] * 29


def test_who_would_wait_long_comes_back_in_the_order_of_coming_and_at_the_pace() -> None:
    later = [time for time in sent_away(Appointments(RATE, BURST), 200) if time > 0]
    assert 168 <= len(later) <= 172
    assert later == sorted(later)
    assert math.isclose(later[-1] - later[0], (len(later) - 1) / RATE)


def test_who_comes_at_the_time_given_is_let_in_with_all_messages_of_one_reply() -> None:
    room = Appointments(RATE, BURST)
    time = sent_away(room, 500)[150]
    assert comes(room, 150, time + 5.0) == 0.0
    room.use(150, time + 5.0)
    assert comes(room, 150, time + 5.9) == 0.0
    assert comes(room, 150, time + 6.1) > 0


def test_who_comes_long_after_the_time_given_waits_like_all_who_come_then() -> None:
    room = Appointments(RATE, BURST)
    time = sent_away(room, 500)[150]
    assert comes(room, 150, time + 9.9) == 0.0
    assert comes(room, 150, time + 10.1) > 0


def test_who_comes_too_early_keeps_the_time_given() -> None:
    room = Appointments(RATE, BURST)
    time = sent_away(room, 200)[150]
    assert math.isclose(comes(room, 150, 1.0), time - 1.0)
    assert comes(room, 150, time) == 0.0


def test_who_comes_fresh_does_not_overtake_those_who_were_sent_away() -> None:
    room = Appointments(RATE, BURST)
    last = sent_away(room, 200)[-1]
    assert comes(room, "fresh", 2.0) > last - 2.0


def test_who_sends_unasked_makes_others_come_back_later() -> None:
    room = Appointments(RATE, BURST)
    last = sent_away(room, 200)[-1]
    for _ in range(25):
        room.pass_by(0.0, RATE)
    assert math.isclose(comes(room, "fresh", 0.0), last + 26 / RATE)


def test_who_never_comes_back_is_forgotten() -> None:
    room = Appointments(RATE, BURST)
    sent_away(room, 200)
    assert len(room) == 200
    comes(room, "one", 1_000.0)
    assert len(room) == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 0.5)), max_size=60))
def test_everybody_is_let_in_by_the_second_time_of_asking(
    arrivals: list[tuple[int, float]],
) -> None:
    room, now = Appointments(RATE, BURST), 0.0
    for chat, pause in arrivals:
        now += pause
        wait = comes(room, chat, now)
        assert wait >= 0
        assert wait == 0 or comes(room, chat, now + wait) == 0


def test_a_line_of_a_second_is_stood_in_and_a_longer_one_is_not() -> None:
    room = Appointments(2, 1)
    assert [comes(room, chat, 100.0, 2) for chat in (1, 2, 3, 4)] == [0.0, 0.0, 0.0, 1.5]
    assert comes(room, 4, 100.5, 2) == 0.0
