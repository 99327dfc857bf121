"""Tests of the numbers behind the charts."""

from datetime import date, timedelta

from bot.dossier.charts import LanguageBar, by_language, ticks
from bot.dossier.opened_list import DayAndLanguage

FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)


def test_languages_of_few_and_those_not_told_stand_together() -> None:
    known = [
        DayAndLanguage(day=FIRST, language="ca", with_name=10, without_name=8),
        DayAndLanguage(day=FIRST, language="es", with_name=90, without_name=40),
        DayAndLanguage(day=FIRST, language="fr", with_name=4, without_name=0),
        DayAndLanguage(with_name=0, without_name=6),
    ]
    assert by_language(known) == [
        LanguageBar("es", 90, 40),
        LanguageBar("ca", 10, 8),
        LanguageBar(None, 4, 6),
    ]
    alike = [
        DayAndLanguage(day=FIRST, language=each, with_name=0, without_name=5) for each in "cab"
    ]
    assert by_language(alike) == [LanguageBar(each, 0, 5) for each in "abc"]


def test_the_days_on_the_axis_are_round() -> None:
    assert ticks(FIRST, FIRST + timedelta(days=3), 7) == [
        FIRST + timedelta(days=n) for n in range(4)
    ]
    assert len(ticks(FIRST, FIRST + 6 * DAY, 7)) == 7
    assert ticks(FIRST, FIRST + 7 * DAY, 7)[:2] == [FIRST, FIRST + 2 * DAY]
    months = ticks(date(2026, 11, 26), date(2027, 8, 3), 7)
    assert months == [date(2027, 1, 1), date(2027, 3, 1), date(2027, 5, 1), date(2027, 7, 1)]
