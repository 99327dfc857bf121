"""Every promise that people read stands in `docs/promises.md`, with the test that keeps it.

`make check` runs this, so that nobody changes what is promised without looking at what keeps it.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po

from bot.petition.petition import BUNDLED
from bot.petition_folder.template import TEMPLATE
from bot.text.translations import catalog_file
from tests.support.named_tests import NAMED, missing_tests

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "promises.md"
LANGUAGES = ("es", "en")
# Texts of the petition of which every word is in a row: what people decide by.
WHOLE = ("consent", "news", "privacy_short", "privacy", "thanks", "description")
# Of these files of the bot's, every sentence is.
SENTENCES = ("handlers/screens/rights.py", "handlers/opt_out.py")
# Elsewhere, what can be recognised: what will be, what is erased or kept, never, nothing goes out.
PROMISING = re.compile(
    r"\w\w(?:remos|rán?)\b|\bborran?\b|\bse guardan?\b|\b(?:se ha|hemos) guardado\b|\bcifrad"
    r"|\bnunca\b|\brespondemos siempre|\b(?:no|nada) sale\b|\bdos veces\b",
    re.IGNORECASE,
)
# What is wrong with a text, a setting or a file, and what to type instead: instructions, each with
# its test there.
PROBLEMS = (
    *("bot/petition_folder/", "bot/settings.py", "bot/telegram_session.py", "storage/"),
    *("bot/age_encryption.py", "bot/dossier/opened_list.py"),
)
_OF_THE_TEMPLATE = "template/"
NO_TEST_NEEDED = ("no promise", "**Not built yet", "**Kept by the organisation")


class Row(NamedTuple):
    """A row of the page: what is read, in Spanish and English or in English alone, and where."""

    sentences: tuple[str, ...]
    places: tuple[str, ...]
    kept_by: str


@cache
def rows() -> tuple[Row, ...]:
    return tuple(_rows(PAGE.read_text(encoding="utf-8")))


def _rows(page: str) -> Iterator[Row]:
    for line in page.splitlines():
        if line.startswith("| ") and not line.endswith("| Where | Kept by |"):
            *sentences, where, kept_by = line.removeprefix("| ").removesuffix(" |").split(" | ")
            places = tuple(re.findall(r"`([^`]+)`", where))
            yield Row(tuple(_plain(sentence) for sentence in sentences), places, kept_by)


def _plain(text: str) -> str:
    """Returns a text without markup, bullets and line breaks."""
    bare = re.sub(r"</?[a-z][^>]*>|\*\*|^[•>#-] ", "", text, flags=re.MULTILINE)
    return " ".join(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", bare).split())


@cache
def said(place: str, language: str) -> str:
    """Returns what is read in a place: a key of the texts, a file of the bot's, or a page.

    A key of the template's texts is `template/` with the key.
    """
    if place.endswith(".md"):
        return _plain((PROJECT / place).read_text(encoding="utf-8"))
    if place.endswith(".py"):
        return " ¶ ".join(map(_plain, _messages(place, language)))
    folder, key = BUNDLED, place
    if place.startswith(_OF_THE_TEMPLATE):
        folder, key = TEMPLATE, place.removeprefix(_OF_THE_TEMPLATE)
    text = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))[key]
    return _plain(" ".join(text) if isinstance(text, list) else text)


def _messages(file: str, language: str) -> Iterator[str]:
    with catalog_file(language).open("rb") as po:
        for message in read_po(po):
            if any(file == location for location, _ in message.locations):
                forms = message.string or ""
                yield from [forms] if isinstance(forms, str) else list(forms)


def unlisted(place: str, language: str) -> str:
    """Returns what is read in a place and stands in no row."""
    rest = said(place, language)
    for row in sorted(rows(), key=lambda row: -len(row.sentences[0])):
        if place in row.places:
            rest = rest.replace(row.sentences[min(LANGUAGES.index(language), 1)], " ")
    return rest


@cache
def speaking_files() -> frozenset[str]:
    with catalog_file("es").open("rb") as po:
        return frozenset(file for message in read_po(po) for file, _ in message.locations)


def test_every_row_quotes_what_is_read_there() -> None:
    changed = [
        f"{place}: {sentence}"
        for row in rows()
        for place in row.places
        for language, sentence in zip(LANGUAGES, row.sentences * 2, strict=False)
        if sentence not in said(place, language)
    ]
    assert changed == [], "what is promised has changed: change its row, and look at its test"
    assert [row for row in rows() if not row.places] == []


def test_every_promise_has_a_test_that_exists_or_says_what_keeps_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert missing_tests(page) == []
    bare = [row for row in rows() if not NAMED.search(row.kept_by)]
    assert [row for row in bare if not row.kept_by.startswith(NO_TEST_NEEDED)] == []


def test_every_word_that_people_decide_by_is_in_a_row() -> None:
    rest = {
        f"{language}.toml: {key}": unlisted(key, language)
        for language in LANGUAGES
        for key in (*WHOLE, *(f"{_OF_THE_TEMPLATE}{each}" for each in WHOLE))
    }
    left = {where: " ".join(text.split()) for where, text in rest.items()}
    assert {where: text for where, text in left.items() if re.search(r"\w", text)} == {}
    ends = {file: unlisted(file, "es") for file in SENTENCES}
    assert {file: text for file, text in ends.items() if re.search(r"\w[.]", text)} == {}


@pytest.mark.parametrize(
    ("sentence", "promises"),
    [
        ("Te avisaremos.", True),
        ("La petición se cerrará sola.", True),
        ("Lo que envíes aquí se borra de este chat.", True),
        ("Tu nombre no se ha guardado.", True),
        ("Nunca lo verá nadie más.", True),
        ("Hasta entonces no sale nada.", True),
        ("Nada sale hasta entonces.", True),
        ("Escribe el nombre en una sola línea, por favor.", False),
    ],
)
def test_what_promises_something_is_recognised(sentence: str, promises: bool) -> None:
    assert (PROMISING.search(sentence) is not None) == promises


def test_no_other_sentence_promises_anything() -> None:
    new = {
        file: [part.strip() for part in unlisted(file, "es").split("¶") if PROMISING.search(part)]
        for file in sorted(speaking_files())
        if not file.startswith(PROBLEMS)
    }
    found = {file: parts for file, parts in new.items() if parts}
    assert found == {}, "give it a row in docs/promises.md"
