"""Intervals become bars and sums, whether empty ones are included or not."""

import random
from datetime import timedelta

import pytest

from bot.charts.series import series_of
from tests.charts.deliveries import START, Part, delivery


def test_the_sums_end_with_everything_and_never_go_down() -> None:
    series = series_of(delivery([5, 0, 0, 3, 2], 50, unreachable=1))
    reached = [number for _, number in series.sums()]
    assert reached == sorted(reached)
    assert (reached[0], reached[-1]) == (0, 10)
    assert (series.delivered, series.unreachable, series.most) == (10, 3, 6)


def test_a_pause_is_level_in_the_sums() -> None:
    sums = list(series_of(delivery([4, 0, 0, 4], 40)).sums())
    second = timedelta(seconds=1)
    assert sums == [
        (START, 0),
        (START + 10 * second, 4),
        (START + 30 * second, 4),
        (START + 40 * second, 8),
    ]


def test_empty_intervals_and_their_order_make_no_difference() -> None:
    told = delivery([2, 3, 0, 0, 1], 50)
    left_out = [part for part in told if part.delivered]
    random.Random(7).shuffle(left_out)  # noqa: S311 - any order will do
    assert series_of(left_out) == series_of(told)


def test_what_comes_alone_took_a_second() -> None:
    series = series_of([Part(START, 1)])
    assert series.end - series.start == timedelta(seconds=1)


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        series_of(delivery([0, 0], 10))
