"""Tests that stored times keep their instant, to the millisecond."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.times import from_millis, to_millis

# The last year would run over its end in some time zones.
MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()
)


@given(MOMENTS)
@settings(max_examples=30)
def test_the_instant_survives_whatever_the_time_zone(moment: datetime) -> None:
    back = from_millis(to_millis(moment))
    assert timedelta(0) <= moment.astimezone(UTC) - back < timedelta(milliseconds=1)
    assert back.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_millis(datetime(2025, 6, 1))
