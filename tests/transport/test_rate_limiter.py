import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.rate_limiter import Slots
from tests.transport.limit_simulation import most_at_once

# At the most that replies may take of a broadcast's time.
REPLY = 0.9 / 25
STEPS = st.lists(
    st.tuples(
        st.floats(0, 0.3, allow_nan=False),
        st.sampled_from(["send", "reply", "slower"]),
        st.floats(0.05, 1),
    ),
    max_size=60,
)


def slots_of(rate: float, burst: int) -> Slots:
    return Slots(lambda: rate, (burst - 1) / rate)


def waits(slots: Slots, number: int, now: float = 100.0) -> list[float]:
    """Takes the next slots; returns how far off each is."""
    return [max(0.0, slots.take(now) - now) for _ in range(number)]


@given(st.floats(0.5, 1000), st.integers(1, 50), STEPS)
def test_no_window_holds_more_broadcasts_than_rate_and_burst_allow(
    rate: float, burst: int, steps: list[tuple[float, str, float]]
) -> None:
    slower, now, sent = [rate], 1000.0, list[float]()
    slots = Slots(lambda: slower[0], (burst - 1) / rate)
    for gap, step, share in steps:
        now += gap
        if step == "send":
            now = max(now, slots.take(now))
            sent.append(now)
        elif step == "reply":
            slots.take(now, REPLY)
        else:
            slower[0] = rate * share
    assert most_at_once(sent, rate) <= burst + 1e-6


def test_a_reply_brings_no_message_of_a_slow_broadcast_forward() -> None:
    slots = slots_of(0.5, burst=1)
    slots.take(100.0)
    slots.take(100.0, REPLY)
    assert slots.take(100.0) == pytest.approx(102.0 + REPLY)


@pytest.mark.parametrize("rate", [0.5, 10, 28])
def test_a_crowd_of_replies_leaves_a_broadcast_a_tenth_of_its_time(rate: float) -> None:
    slots, sent = slots_of(rate, burst=1), 0
    for number in range(25 * 60):
        now = number / 25
        slots.take(now, REPLY)
        while slots.due_in(now + 1 / 25) <= 0:
            slots.take(now + 1 / 25)
            sent += 1
    assert sent >= 0.1 * 60 * rate - 1
