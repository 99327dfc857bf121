"""Tests that each language has its own formats, and that missing translations stay Spanish."""

import datetime as dt
from pathlib import Path

import pytest

from bot.text.terminal_language import terminal_language, terminal_words
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


def test_a_message_is_said_in_the_language_and_a_value_is_no_markup(catalogs: Catalogs) -> None:
    english, spanish = catalogs.words("en"), catalogs.words("es")
    assert spanish.text("Hola, {name}", name="Ana") == "Hola, Ana"
    assert english.text("Hola, {name}", name="<b>") == "Hello, &lt;b&gt;"
    assert english.text("Hola, {name}", name=Html("<b>x</b>")) == "Hello, <b>x</b>"
    assert english.label("Hola, {name}", name="<b>") == "Hello, <b>"
    with pytest.raises(MarkupError, match="name"):
        english.text("Hola, {name}")
    # What is not translated, or not surely, is said in Spanish.
    assert [english.text(each) for each in ("Nueva", "Dudosa")] == ["Nueva", "Dudosa"]


def test_a_number_takes_its_form_and_is_grouped_as_it_is_written(catalogs: Catalogs) -> None:
    for language, n, said in (
        ("es", 1, "1 firma"),
        ("es", 0, "0 firmas"),
        ("es", 1530, "1.530 firmas"),
        ("en", 1, "1 signature"),
        ("en", 1234567, "1,234,567 signatures"),
    ):
        words = catalogs.words(language)
        assert words.plural("{n} firma", "{n} firmas", n) == said
        assert words.plural_label("{n} firma", "{n} firmas", n) == said
    english = catalogs.words("en")
    assert [english.percent(n / 100) for n in range(101)] == [f"{n}%" for n in range(101)]
    assert (english.percent(0.9999), english.percent(0.009)) == ("99%", "0%")
    for per_second, said in ((0.06, "0,1"), (2.04, "2"), (9.94, "9,9"), (9.96, "10")):
        assert catalogs.words("es").speed(per_second) == said


def test_without_words_the_nearest_language_is_taken(catalogs: Catalogs, tmp_path: Path) -> None:
    for wanted in ("en-US", "en_GB", "EN"):
        assert catalogs.words(wanted).language == "en"
    for unknown in ("ca", "", None):
        assert catalogs.words(unknown).language == "es"
    none = Catalogs.load(tmp_path / "none")
    assert (none.languages, none.words("es").text("Hola")) == (("es",), "Hola")


def test_a_moment_is_shown_where_the_petition_is(catalogs: Catalogs) -> None:
    spanish, english = catalogs.words("es"), Catalogs.load().words("en")
    late = dt.datetime(2025, 7, 18, 22, 30, tzinfo=dt.UTC)
    assert spanish.date(late.date()) == "18 de julio de 2025"
    assert english.date(late) == "19 July 2025"
    assert spanish.plain_moment(late) == "19 de julio de 2025, 00:30"
    assert parse(spanish.moment(late)).text == "19 de julio de 2025 a las 00:30"
    assert spanish.plain_moment(late.replace(month=1)).endswith(", 23:30"), "in winter"
    evening = dt.datetime(2026, 11, 26, 17, 30, tzinfo=dt.UTC)
    assert spanish.appointment(evening) == "jueves 26 de noviembre a las 18:30"
    night = evening.replace(hour=0, minute=30)
    assert spanish.appointment(night) == "jueves 26 de noviembre a la 01:30"
    assert english.appointment(evening) == "Thursday 26 November at 18:30"
    with pytest.raises(ValueError, match="time zone"):
        spanish.moment(dt.datetime(2025, 7, 18, 12, 0))
    for zone, offset in (
        ("UTC", "UTC"),
        ("Europe/Madrid", "UTC+1"),
        ("America/St_Johns", "UTC-3:30"),
    ):
        assert Catalogs.load(time_zone=zone).words("es").offset(evening) == offset


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
        ("pt-br", "portugués de Brasil", "Brazilian Portuguese"),
        ("ca-valencia", "catalán", "Catalan"),
        ("xx", "xx", "xx"),
    ):
        assert catalogs.words("es").language_name(code) == spanish
        assert catalogs.words("en").language_name(code) == english


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({"LANG": "es_VE.UTF-8"}, "es-ve"),
        ({"LANG": "en_GB.UTF-8"}, "en-gb"),
        ({"LANG": "es_ES.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en-us"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "ca_ES@valencia"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_says_which(
    given: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language
    assert terminal_words().language == language.partition("-")[0]
