"""Tests that the bar begins with the first signature and is full only at the goal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.goals import bar, next_goal

STEPS = (100, 250, 500)


@pytest.mark.parametrize(
    ("count", "goal"), [(0, 100), (99, 100), (100, 250), (249, 250), (250, 500), (499, 500)]
)
def test_the_goal_is_the_next_one_not_reached_yet(count: int, goal: int) -> None:
    assert next_goal(count, STEPS) == goal


@pytest.mark.parametrize("count", [500, 1530])
def test_past_the_last_goal_it_stays_reached(count: int) -> None:
    assert next_goal(count, STEPS) == 500


@pytest.mark.parametrize(
    ("count", "drawn"), [(0, "▱▱▱▱▱"), (1, "▰▱▱▱▱"), (50, "▰▰▱▱▱"), (99, "▰▰▰▰▱"), (500, "▰▰▰▰▰")]
)
def test_the_bar_is_drawn_to_scale(count: int, drawn: str) -> None:
    assert bar(count, next_goal(count, STEPS), 5) == drawn


@given(st.integers(0, 10**9), st.integers(1, 30))
def test_the_bar_has_its_width_and_is_full_only_at_the_end(count: int, width: int) -> None:
    drawn = bar(count, next_goal(count, STEPS), width)
    assert len(drawn) == width
    assert width == 1 or ("▱" not in drawn) == (count >= 500)
