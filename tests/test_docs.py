"""Tests of the documentation: its links lead somewhere, and the code keeps to the glossary."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.text.translations import LANGUAGES, catalog_file

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in _TOP)]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ROW_OF_NAMES = re.compile(r"^\| (\w+) \| [^|]+ \|$", re.MULTILINE)
_DEFINED = re.compile(r"^ *(?:async )?(?:def|class) (?!test_)(\w+)", re.MULTILINE)
_FILE = re.compile(r"`((?:bot|handlers|storage|simulator|tests|benchmarks)/[\w/]*(?:\.py)?)`")
_TEST = re.compile(r"\btests/[\w/]+(?:\.py)?")
_WORD = re.compile(r"[A-Z]?[a-z]+")
# In the guides these marks stand for what the bot or its page shows, and for nothing else.
_SHOWN = {"es": re.compile(r"«([^»]+)»"), "en": re.compile(r"“([^”]+)”")}
_GUIDES = {"es": DOCS / "es", "en": DOCS}
_PAGE_WORDS = re.compile(r'^  "[^"]+": (\[".+"\]),$', re.MULTILINE)
_PAGE_DICTIONARY = ROOT / "simulator/web/dictionary.js"
_TAG_OR_BLANK = re.compile(r"<[^>]+>|\{\w+\}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in _links(page) if not re.match(r"https?:|mailto:|tg:", link)]
    assert [link for link in links if not _leads_somewhere(page, link)] == []


def test_the_index_names_every_page() -> None:
    named = {(DOCS / link.partition("#")[0]).resolve() for link in _links(DOCS / "README.md")}
    pages = {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "README.md"}
    assert pages - named == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_guide_quotes_is_shown_in_its_language(language: str) -> None:
    shown = _what_is_shown(language)
    quoted = [
        (page.name, " ".join(quote.split()))
        for page in sorted(_GUIDES[language].glob("*.md"))
        if page.name != "promises.md"
        for quote in _SHOWN[language].findall(_CODE.sub("", page.read_text("utf-8")))
    ]
    assert len(quoted) > 20
    assert [(page, quote) for page, quote in quoted if not shown.fullmatch(quote)] == []


@pytest.mark.parametrize("page", sorted((DOCS / "es").glob("*.md")), ids=lambda page: page.stem)
def test_a_guide_and_its_translation_lead_to_each_other(page: Path) -> None:
    english = (page.parent / _links(page)[0]).resolve()
    assert (english.parent / _links(english)[0]).resolve() == page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = {path.rstrip("/") for path in _FILE.findall(page.read_text("utf-8"))}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_test_that_a_script_names_exists() -> None:
    scripts = (ROOT / "Makefile", ROOT / ".ci/run", *ROOT.glob("deploy/try_*"))
    named = {each for script in scripts for each in _TEST.findall(script.read_text("utf-8"))}
    assert len(named) > 5
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_no_name_is_one_that_the_glossary_has_given_up() -> None:
    table = (DOCS / "glossary.md").read_text("utf-8").partition("## Names that are not used")[2]
    given_up = set(_ROW_OF_NAMES.findall(table)) - {"Not"}
    assert len(given_up) > 7
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for folder in (
            "bot",
            "handlers",
            "simulator",
            "storage",
            "telegram_text",
            "tests",
            "benchmarks",
        )
        for file in (ROOT / folder).rglob("*.py")
        for name in _names(file)
        if given_up & {word.lower() for word in _WORD.findall(name)}
    }
    assert found == set()


def _what_is_shown(language: str) -> re.Pattern[str]:
    """Returns a pattern of each line that the bot or its page shows, or of its part up to a colon.

    What is filled in can be anything.
    """
    with catalog_file(language).open("rb") as file:
        strings = [message.string for message in read_po(file) if message.id and message.string]
    texts = [one for each in strings for one in ([each] if isinstance(each, str) else each)]
    rows = _PAGE_WORDS.findall(_PAGE_DICTIONARY.read_text("utf-8"))
    texts += [json.loads(row)[LANGUAGES.index(language)] for row in rows]
    whole = {line for text in texts for line in text.splitlines()}
    lines = whole | {line.partition(": {")[0] for line in whole}
    said = [line for line in lines if re.search(r"[^\W\d_]{2}", _TAG_OR_BLANK.sub("", line))]
    return re.compile("|".join(map(_anything_filled_in, sorted(said))))


def _anything_filled_in(line: str) -> str:
    parts = _TAG_OR_BLANK.split(line)
    blanks = _TAG_OR_BLANK.findall(line)
    rest = (
        ("" if blank[0] == "<" else ".+") + re.escape(part)
        for blank, part in zip(blanks, parts[1:], strict=True)
    )
    return re.escape(parts[0]) + "".join(rest)


def _links(page: Path) -> list[str]:
    return _LINK.findall(_CODE.sub("", page.read_text("utf-8")))


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


@cache
def _anchors(page: Path) -> frozenset[str]:
    """Returns the anchors that GitHub gives to the headings of a page."""
    headings = _HEADING.findall(page.read_text("utf-8"))
    return frozenset(re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings)


def _names(file: Path) -> Iterator[str]:
    """Yields the names of a module, its classes and functions; a test's name is a sentence."""
    yield file.stem
    yield from _DEFINED.findall(file.read_text("utf-8"))
