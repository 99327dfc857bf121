"""Tests that each language has its own formats, and that missing translations stay Spanish."""

import datetime as dt
from pathlib import Path

import pytest

from bot.text.translations import Catalogs, catalog_file
from telegram_text.markup import Html, MarkupError, parse

SOURCE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Hola, {name}"
msgstr "Hello, {name}"

msgid "{n} firma"
msgid_plural "{n} firmas"
msgstr[0] "{n} signature"
msgstr[1] "{n} signatures"

#, fuzzy
msgid "Dudosa"
msgstr "Doubtful"
"""


@pytest.fixture
def catalogs(tmp_path: Path) -> Catalogs:
    file = catalog_file("en", tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE, encoding="utf-8")
    return Catalogs.load(tmp_path)


def test_a_message_is_said_in_the_language(catalogs: Catalogs) -> None:
    assert catalogs.words("en").text("Hola, {name}", name="Seán") == "Hello, Seán"
    assert catalogs.words("es").text("Hola, {name}", name="Ana") == "Hola, Ana"


def test_values_are_escaped_in_markup_and_left_alone_on_a_button(catalogs: Catalogs) -> None:
    words = catalogs.words("en")
    assert words.text("Hola, {name}", name="<b>") == "Hello, &lt;b&gt;"
    assert words.text("Hola, {name}", name=Html("<b>x</b>")) == "Hello, <b>x</b>"
    assert words.label("Hola, {name}", name="<b>") == "Hello, <b>"


def test_a_value_that_is_missing_is_found_out(catalogs: Catalogs) -> None:
    with pytest.raises(MarkupError, match="name"):
        catalogs.words("en").text("Hola, {name}")


def test_a_number_takes_its_form(catalogs: Catalogs) -> None:
    for language, n, said in (
        ("es", 1, "1 firma"),
        ("es", 0, "0 firmas"),
        ("es", 1530, "1.530 firmas"),
        ("en", 1, "1 signature"),
        ("en", 1530, "1,530 signatures"),
    ):
        assert catalogs.words(language).plural("{n} firma", "{n} firmas", n) == said


@pytest.mark.parametrize("source", ["Sin traducir", "Dudosa"])
def test_what_is_not_translated_or_not_sure_is_said_in_spanish(
    catalogs: Catalogs, source: str
) -> None:
    assert catalogs.words("en").text(source) == source


def test_a_language_without_words_is_answered_in_the_nearest(catalogs: Catalogs) -> None:
    for wanted, given in (
        ("en-US", "en"),
        ("en_GB", "en"),
        ("EN", "en"),
        ("ca", "es"),
        ("", "es"),
        (None, "es"),
    ):
        assert catalogs.words(wanted).language == given


def test_spanish_needs_no_catalog(tmp_path: Path) -> None:
    spanish = Catalogs.load(tmp_path).words("es")
    assert Catalogs.load(tmp_path).languages == ("es",)
    assert spanish.text("Hola") == "Hola"


def test_numbers_are_grouped_as_each_language_writes_them(catalogs: Catalogs) -> None:
    for language, grouped in (("es", "0 999 1.530 1.234.567"), ("en", "0 999 1,530 1,234,567")):
        words = catalogs.words(language)
        assert " ".join(map(words.number, (0, 999, 1530, 1234567))) == grouped


def test_a_share_is_whole_only_when_it_is(catalogs: Catalogs) -> None:
    assert catalogs.words("en").percent(0.9999) == "99%"
    assert catalogs.words("en").percent(1.0) == "100%"


def test_dates_are_written_out(catalogs: Catalogs) -> None:
    day = dt.date(2025, 7, 18)
    assert catalogs.words("es").date(day) == "18 de julio de 2025"
    assert catalogs.words("en").date(day) == "18 July 2025"


def test_a_moment_is_shown_where_the_petition_is(catalogs: Catalogs) -> None:
    late = dt.datetime(2025, 7, 18, 22, 30, tzinfo=dt.UTC)
    assert catalogs.words("es").plain_moment(late) == "19 de julio de 2025, 00:30"
    assert parse(catalogs.words("es").moment(late)).text == "19 de julio de 2025 a las 00:30"
    assert catalogs.words("en").date(late) == "19 July 2025"


def test_the_clock_of_winter_and_of_summer_is_kept(catalogs: Catalogs) -> None:
    words = catalogs.words("es")
    winter = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
    assert words.plain_moment(winter).endswith(", 13:00")
    assert words.plain_moment(winter.replace(month=7)).endswith(", 14:00")


def test_an_appointment_is_written_with_its_weekday(catalogs: Catalogs) -> None:
    evening = dt.datetime(2026, 11, 26, 17, 30, tzinfo=dt.UTC)
    assert catalogs.words("es").appointment(evening) == "jueves 26 de noviembre a las 18:30"
    night = evening.replace(hour=0, minute=30)
    assert catalogs.words("es").appointment(night) == "jueves 26 de noviembre a la 01:30"
    assert Catalogs.load().words("en").appointment(evening) == "Thursday 26 November at 18:30"


def test_the_distance_of_a_clock_is_told_in_hours() -> None:
    for zone, offset in (
        ("UTC", "UTC"),
        ("Europe/Madrid", "UTC+1"),
        ("America/Caracas", "UTC-4"),
        ("Asia/Kolkata", "UTC+5:30"),
        ("America/St_Johns", "UTC-3:30"),
    ):
        winter = dt.datetime(2026, 1, 18, 12, 0, tzinfo=dt.UTC)
        assert Catalogs.load(time_zone=zone).words("es").offset(winter) == offset


def test_a_speed_has_tenths_only_where_they_matter(catalogs: Catalogs) -> None:
    for per_second, said in (
        (0.06, "0,1"),
        (0.5, "0,5"),
        (2.04, "2"),
        (9.94, "9,9"),
        (9.96, "10"),
        (1234.5, "1.234"),
    ):
        assert catalogs.words("es").speed(per_second) == said


def test_a_moment_without_a_zone_is_not_guessed(catalogs: Catalogs) -> None:
    with pytest.raises(ValueError, match="time zone"):
        catalogs.words("es").moment(dt.datetime(2025, 7, 18, 12, 0))


def test_a_button_agrees_with_its_number_and_takes_no_markup(catalogs: Catalogs) -> None:
    english = catalogs.words("en")
    assert english.plural_label("{n} firma", "{n} firmas", 1) == "1 signature"
    assert english.plural_label("{n} firma", "{n} firmas", 1530) == "1,530 signatures"


def test_how_long_something_takes_is_said_in_one_unit(catalogs: Catalogs) -> None:
    for seconds, spanish, english in (
        (0, "1 segundo", "1 second"),
        (55.4, "55 segundos", "55 seconds"),
        (400, "7 minutos", "7 minutes"),
        (7200, "2 horas", "2 hours"),
    ):
        assert catalogs.words("es").duration(seconds) == spanish
        assert catalogs.words("en").duration(seconds) == english


def test_a_language_is_called_what_the_reader_calls_it(catalogs: Catalogs) -> None:
    for code, spanish, english in (
        ("en", "inglés", "English"),
        ("es", "español", "Spanish"),
        ("pt-br", "portugués de Brasil", "Brazilian Portuguese"),
        ("ca-valencia", "catalán", "Catalan"),
        ("xx", "xx", "xx"),
    ):
        assert catalogs.words("es").language_name(code) == spanish
        assert catalogs.words("en").language_name(code) == english
