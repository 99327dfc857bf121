"""Tests that the pages of promises, threats and the law name tests that exist, for every row.

`make check` runs this, so that nobody changes what is promised without looking at what keeps it.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_type_hints

import pytest
from babel.messages.pofile import read_po

from bot.petition.petition import BUNDLED, load_petition
from bot.petition_folder.unready import TEMPLATE
from bot.text.translations import Catalogs, catalog_file
from storage.exports import SignatureGroup
from storage.signatures import Stats
from storage.tables import metadata

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
THREATS = DOCS / "security.md"
LAW = DOCS / "privacy" / "README.md"
_TESTS = PROJECT / "tests"
# A file below `tests/`, perhaps a class, and a test.
NAMED = re.compile(r"`([\w/]+\.py)::((?:\w+::)?\w+)`")


def test_every_row_is_shown_by_a_test_or_says_that_it_is_not_built() -> None:
    page = THREATS.read_text(encoding="utf-8")
    assert len(NAMED.findall(page)) > 60
    assert missing_tests(page) == []
    rows = [line for line in THREATS.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    assert [row for row in rows if not NAMED.search(row) and "**Not built yet" not in row] == []


def test_every_rule_of_the_law_is_kept_by_a_test_or_said_to_be_missing() -> None:
    page = LAW.read_text(encoding="utf-8")
    rows = page.partition("| Rule |")[2].splitlines()[2:]
    assert len(rows) > 15
    assert [row for row in rows if not NAMED.search(row) and "**Not built yet" not in row] == []
    assert missing_tests(page) == []


def test_after_a_breach_the_papers_name_the_button_as_it_is_read() -> None:
    button, catalogs = "⚠️ Avisar de una brecha de seguridad", Catalogs.load()
    for language, paper in (("es", "brechas-de-seguridad"), ("en", "breach-runbook")):
        page = (LAW.parent / language / f"{paper}.md").read_text(encoding="utf-8")
        assert catalogs.words(language).label(button) in page


def test_nothing_is_stored_by_which_people_could_be_sorted() -> None:
    """LOPDGDD art. 9(1)."""
    columns = {column.name for table in metadata.sorted_tables for column in table.c}
    words = {word for column in columns for word in column.split("_")}
    assert not words & {"tag", "tags", "score", "segment", "group", "profile", "interest"}


def test_nobody_is_counted_by_more_than_language_link_day_and_what_they_chose() -> None:
    """LOPDGDD art. 9(1), in the figures, in what is handed over, and in what stays for ever."""
    figures = {name for name, kind in get_type_hints(Stats).items() if kind is not int}
    assert figures == {"by_language", "by_source"}
    handed_over = set(SignatureGroup._fields) - {"signatures"}
    assert handed_over == {"quarter", "language", "text_version", "named"}
    stays = metadata.tables["anonymous_counts"].c.keys()
    assert {*stays} == {"petition", "language", "with_name", "is_valid", "signatures"}


def test_who_signs_declares_their_age_and_nothing_stores_it() -> None:
    """LOPDGDD art. 7."""
    petition = load_petition(BUNDLED)
    for language in petition.languages:
        texts = petition.texts_in(language)
        assert "14" in texts.consent
        assert "14" in "".join(texts.privacy)
    columns = {column.name for table in metadata.sorted_tables for column in table.c}
    assert not {column for column in columns if "birth" in column or "age" in column.split("_")}


def test_the_notice_says_what_telegram_sees_and_how_to_sign_elsewhere() -> None:
    petition = load_petition(BUNDLED)
    for language in petition.languages:
        texts = petition.texts_in(language)
        for layer in (texts.privacy_short, "".join(texts.privacy)):
            assert "Telegram" in layer
            assert str(petition.controller.web_form) in layer


def test_no_threat_is_missing() -> None:
    rows = [line for line in THREATS.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    numbers = [row.split("|")[1].strip() for row in rows]
    threats = [int(number) for number in numbers if number.isdecimal()]
    assert threats == [*range(1, max(39, len(threats) + 1))]


def _is_finding(line: str) -> bool:
    return re.match(r"\| [\d.]+ \|", line) is not None


PROMISES = DOCS / "promises.md"
# Texts of the petition of which every word is in a row: what people decide by.
WHOLE = ("consent", "name_consent", "news", "privacy_short", "privacy", "thanks", "description")
# Of these files of the bot's, every sentence is.
SENTENCES = ("handlers/screens/privacy_and_withdrawal.py", "handlers/opt_out.py")
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
    *("bot/age_encryption.py", "bot/dossier/opened_list.py", "bot/cli/doctor_installation.py"),
    "bot/cli/doctor_database_and_backup.py",
)
_OF_THE_TEMPLATE = "template/"
KEYS = (*WHOLE, *(f"{_OF_THE_TEMPLATE}{key}" for key in WHOLE))
_HEADER = "| Sentence | Kept by |"
# A row above those of a place, or of two that say the same; and a line in bold letters without
# an end, above a text.
_PLACE = re.compile(r"\| \*\*`([^|]+)`\*\* \|\|")
_HEADING = re.compile(r"^<b>[^<{}]*[^<{}.:!]</b>$", re.MULTILINE)
NO_TEST_NEEDED = ("no promise", "**Not built yet", "**Kept by the organisation")


class Row(NamedTuple):
    """A row of the page: what is read in a place, or in two, and what keeps it."""

    places: tuple[str, ...]
    sentences: tuple[str, ...]
    kept_by: str


@cache
def rows() -> tuple[Row, ...]:
    return tuple(_rows(PROMISES.read_text(encoding="utf-8")))


def _rows(page: str) -> Iterator[Row]:
    places: tuple[str, ...] = ()
    for line in page.splitlines():
        if found := _PLACE.fullmatch(line):
            places = tuple(found[1].split("`, `"))
        elif line.startswith("| ") and line != _HEADER:
            sentences, kept_by = line.removeprefix("| ").removesuffix(" |").split(" | ")
            yield Row(places, tuple(map(_plain, sentences.split(" · "))), kept_by)


def _plain(text: str) -> str:
    """Returns a text without its headings, markup, bullets and line breaks."""
    text = _HEADING.sub("", text)
    bare = re.sub(r"</?[a-z][^>]*>|\*\*|^[•>#-] ", "", text, flags=re.MULTILINE)
    return " ".join(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", bare).split())


@cache
def said(place: str) -> str:
    """Returns what is read in a place: a key of the texts, a file of the bot's, or a page.

    Pages are in English, everything else is in Spanish, from which it is translated.
    """
    if place.endswith(".md"):
        return _plain((PROJECT / place).read_text(encoding="utf-8"))
    if place.endswith((".py", ".js")):
        return " ¶ ".join(map(_plain, messages().get(place, [])))
    return _plain(text_of_a_petition(place, "es"))


def text_of_a_petition(place: str, language: str) -> str:
    folder = TEMPLATE if place.startswith(_OF_THE_TEMPLATE) else BUNDLED
    toml = (folder / f"{language}.toml").read_text(encoding="utf-8")
    text = tomllib.loads(toml)[place.removeprefix(_OF_THE_TEMPLATE)]
    return "\n".join(text) if isinstance(text, list) else text


@cache
def messages() -> dict[str, list[str]]:
    """Returns what each file of the bot's says; of singular and plural, the plural."""
    found: dict[str, list[str]] = {}
    with catalog_file("es").open("rb") as po:
        for message in read_po(po):
            forms = message.string or ""
            for file in {location for location, _ in message.locations}:
                found.setdefault(file, []).append(forms if isinstance(forms, str) else forms[-1])
    return found


def unlisted(place: str) -> str:
    """Returns what is read in a place and stands in no row."""
    rest = said(place)
    for sentence in sorted((each for row in rows() for each in row.sentences), key=len)[::-1]:
        rest = rest.replace(sentence, " ")
    return rest


def test_every_row_quotes_what_is_read_there() -> None:
    changed = [
        f"{row.places}: {sentence}"
        for row in rows()
        for sentence in row.sentences
        if not any(sentence in said(place) for place in row.places)
    ]
    assert changed == [], "what is promised has changed: change its row, and look at its test"


def test_every_promise_has_a_test_that_exists_or_says_what_keeps_it() -> None:
    page = PROMISES.read_text(encoding="utf-8")
    assert missing_tests(page) == []
    bare = [row for row in rows() if not NAMED.search(row.kept_by)]
    assert [row for row in bare if not row.kept_by.startswith(NO_TEST_NEEDED)] == []


def test_every_word_that_people_decide_by_is_in_a_row() -> None:
    rest = {key: unlisted(key) for key in KEYS}
    left = {where: " ".join(text.split()) for where, text in rest.items()}
    assert {where: text for where, text in left.items() if re.search(r"\w", text)} == {}
    ends = {file: unlisted(file) for file in SENTENCES}
    assert {file: text for file, text in ends.items() if re.search(r"\w[.]", text)} == {}


@pytest.mark.parametrize("key", KEYS)
def test_no_language_promises_a_sentence_more_than_the_other(key: str) -> None:
    spanish, english = (
        len(re.findall(r"[.:;](?=\s|$)", _plain(text_of_a_petition(key, language))))
        for language in ("es", "en")
    )
    assert spanish == english


def test_no_other_sentence_promises_anything() -> None:
    new = {
        file: [part.strip() for part in unlisted(file).split("¶") if PROMISING.search(part)]
        for file in sorted(messages())
        if not file.startswith(PROBLEMS)
    }
    found = {file: parts for file, parts in new.items() if parts}
    assert found == {}, "give it a row in docs/promises.md"


def missing_tests(text: str) -> list[str]:
    """Returns the tests that a text names and that do not exist."""
    named = NAMED.findall(text)
    return [f"{path}::{name}" for path, name in named if name not in _tests_of(path)]


@cache
def _tests_of(path: str) -> frozenset[str]:
    file = _TESTS / path
    if not file.is_file():
        return frozenset()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    names = _functions(body)
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return frozenset(names)


def _functions(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
