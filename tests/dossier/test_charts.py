"""Tests of the numbers behind the charts."""

from datetime import date, timedelta

from bot.dossier.charts import ticks

FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)


def test_the_days_on_the_axis_are_round() -> None:
    assert ticks(FIRST, FIRST + timedelta(days=3), 7) == [
        FIRST + timedelta(days=n) for n in range(4)
    ]
    assert len(ticks(FIRST, FIRST + 6 * DAY, 7)) == 7
    assert ticks(FIRST, FIRST + 7 * DAY, 7)[:2] == [FIRST, FIRST + 2 * DAY]
    months = ticks(date(2026, 11, 26), date(2027, 8, 3), 7)
    assert months == [date(2027, 1, 1), date(2027, 3, 1), date(2027, 5, 1), date(2027, 7, 1)]
