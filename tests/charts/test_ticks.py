"""The ticks of the axes are round numbers and round times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.charts.ticks import count_ticks, time_step, time_ticks

MADRID = ZoneInfo("Europe/Madrid")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
LENGTHS = st.timedeltas(timedelta(milliseconds=1), timedelta(days=400))


@given(st.integers(0, 10**12), st.integers(2, 8))
def test_the_last_number_is_the_first_that_is_not_below(most: int, at_most: int) -> None:
    ticks = count_ticks(most, at_most)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= at_most
    assert ticks[-1] >= most
    assert len(ticks) == 2 or ticks[-2] < most


@given(MOMENTS, LENGTHS, st.integers(2, 8))
def test_times_are_in_order_and_few(start: datetime, length: timedelta, at_most: int) -> None:
    end = start + length
    step = time_step(start, end, at_most)
    ticks = time_ticks(start, end, step, MADRID)
    assert ticks == sorted(set(ticks))
    assert all(start <= tick <= end for tick in ticks)
    # One more is possible when the clocks go back.
    assert len(ticks) <= at_most + 1


def test_an_hour_that_is_left_out_has_no_mark_and_one_that_comes_twice_has_one() -> None:
    for day, hours in (
        (datetime(2025, 3, 29, 23, tzinfo=UTC), ["00", "01", "03", "04", "05"]),
        (datetime(2025, 10, 25, 22, tzinfo=UTC), ["00", "01", "02", "03"]),
    ):
        ticks = time_ticks(day, day + timedelta(hours=4), timedelta(hours=1), MADRID)
        assert [f"{at.astimezone(MADRID):%H}" for at in ticks] == hours
