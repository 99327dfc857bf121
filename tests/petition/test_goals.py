"""Tests that the bar begins with the first signature and is full only at the goal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.counts import bar, next_goal

STEPS = (100, 250, 500)


@pytest.mark.parametrize(
    ("count", "drawn"),
    [(0, "▱▱▱▱▱"), (1, "▰▱▱▱▱"), (50, "▰▰▱▱▱"), (99, "▰▰▰▰▱"), (100, "▰▰▱▱▱"), (500, "▰▰▰▰▰")],
)
def test_the_bar_is_drawn_to_scale(count: int, drawn: str) -> None:
    assert bar(count, next_goal(count, STEPS), 5) == drawn


@given(st.integers(0, 10**9), st.integers(1, 30))
def test_the_bar_has_its_width_and_is_full_only_at_the_end(count: int, width: int) -> None:
    drawn = bar(count, next_goal(count, STEPS), width)
    assert len(drawn) == width
    assert width == 1 or ("▱" not in drawn) == (count >= 500)
