"""A language and a kind of broadcast are in every place that CONTRIBUTING.md names for them."""

import json
import re
from pathlib import Path

import pytest
from PIL import ImageFont

import bot
from bot.petition.names import is_surely_a_name
from bot.text.locale_regions import locale_of
from bot.text.translations import LANGUAGES, Catalogs, sentences_in
from handlers.broadcasts.parse_time import _DAYS_AHEAD_BY_LANGUAGE
from handlers.broadcasts.screens.labels import subject_name
from simulator.page import files
from storage.broadcast_types import Kind

BOT = Path(bot.__file__).parent
# Two words with capitals that a greeting, not a name, is made of.
GREETINGS = {"es": "Hola Amigos", "en": "Hello Friends"}


def test_every_language_is_one_whose_dates_and_numbers_are_known() -> None:
    assert [locale_of(code).language for code in LANGUAGES] == list(LANGUAGES)


def test_admins_can_say_today_and_tomorrow_in_every_language() -> None:
    assert _DAYS_AHEAD_BY_LANGUAGE.keys() == set(LANGUAGES)
    for days in _DAYS_AHEAD_BY_LANGUAGE.values():
        assert {0, 1} <= set(days.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_common_words_of_every_language_are_no_names(code: str) -> None:
    assert not is_surely_a_name(GREETINGS[code], "Ana García")


def test_the_page_of_the_demo_has_its_words_in_every_language() -> None:
    found = re.search(r"WORDS = (\{.*\});", (files.WEB / "dictionary.js").read_text(), re.S)
    assert found is not None
    words = json.loads(re.sub(r",\s*\}", "}", found[1])) | sentences_in("bot/tryout/")
    assert {len(each) for each in words.values()} == {len(LANGUAGES)}


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("file", sorted((BOT / "charts/fonts").glob("*.ttf")))
def test_the_font_of_charts_has_every_letter_of_every_language(code: str, file: Path) -> None:
    locale = locale_of(code)
    names = [*locale.months["format"]["wide"].values(), *locale.days["format"]["wide"].values()]
    font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
    missing = tuple(font.getmask("\uffff"))
    for letter in {letter for name in names for letter in name if letter.isalpha()}:
        assert tuple(font.getmask(letter)) != missing, letter


def test_every_kind_has_a_name() -> None:
    words = Catalogs.load().words("en")
    assert len({subject_name(words, kind) for kind in Kind}) == len(Kind)
