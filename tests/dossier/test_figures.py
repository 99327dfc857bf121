"""Tests of the numbers behind the charts: few without a name are never told on their own."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.dossier.figures import FEW, LanguageBar, by_language, growth, ticks
from bot.dossier.opened_list import DayAndLanguage

FIRST = date(2027, 1, 1)

rows = st.lists(
    st.builds(
        DayAndLanguage,
        day=st.integers(0, 20).map(lambda n: FIRST + timedelta(days=n)),
        language=st.sampled_from(["es", "en", "ca", None]),
        with_name=st.integers(0, 9),
        without_name=st.integers(0, 9),
    ),
    max_size=12,
)


@given(rows)
def test_the_bars_tell_no_language_with_few_without_a_name(known: list[DayAndLanguage]) -> None:
    bars = by_language(known)
    assert sum(bar.with_name for bar in bars) == sum(row.with_name for row in known)
    without_name = sum(row.without_name for row in known)
    assert sum(bar.without_name for bar in bars) == without_name
    told = [bar.without_name for bar in bars if bar.without_name]
    assert all(n >= FEW for n in told) or told == [without_name]


@given(rows)
def test_the_curve_ends_at_the_count_and_rises_by_no_few_in_between(
    known: list[DayAndLanguage],
) -> None:
    points = growth(known)
    if not known:
        assert points == []
        return
    assert round(points[-1].total) == sum(row.with_name + row.without_name for row in known)
    unnamed = [point.total - point.with_name for point in points]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(unnamed))


def test_one_person_without_a_name_has_no_day_and_no_language() -> None:
    known = [
        DayAndLanguage(day=FIRST, language="es", with_name=90, without_name=40),
        DayAndLanguage(day=FIRST + timedelta(days=1), language="ca", with_name=10, without_name=1),
        DayAndLanguage(day=FIRST + timedelta(days=2), language="es", with_name=9, without_name=40),
    ]
    assert by_language(known) == [
        LanguageBar("es", 99, 0), LanguageBar(None, 10, 0), LanguageBar(None, 0, 81)
    ]  # fmt: skip
    # Not on the second day alone: with the forty of the third.
    assert [round(point.total - point.with_name) for point in growth(known)] == [0, 40, 60, 81]


def test_the_days_on_the_axis_are_round() -> None:
    assert ticks(FIRST, FIRST + timedelta(days=3), 7) == [
        FIRST + timedelta(days=n) for n in range(4)
    ]
    months = ticks(date(2026, 11, 26), date(2027, 8, 3), 7)
    assert months == [date(2027, 1, 1), date(2027, 3, 1), date(2027, 5, 1), date(2027, 7, 1)]
