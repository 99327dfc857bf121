"""Tests that the pages on threats and on the law name tests that exist, for every row."""

import re
from pathlib import Path
from typing import get_type_hints

from bot.petition.petition import BUNDLED, load_petition
from bot.text.translations import Catalogs
from storage.exports import SignatureGroup
from storage.signature_counts import Stats
from storage.tables import metadata
from tests.support.named_tests import NAMED, missing_tests

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "security.md"
LAW = DOCS / "privacy" / "README.md"


def test_every_row_is_shown_by_a_test_or_says_that_it_is_not_built() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(NAMED.findall(page)) > 60
    assert missing_tests(page) == []
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
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
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    numbers = [row.split("|")[1].strip() for row in rows]
    threats = [int(number) for number in numbers if number.isdecimal()]
    assert threats == [*range(1, max(39, len(threats) + 1))]


def _is_finding(line: str) -> bool:
    return re.match(r"\| [\d.]+ \|", line) is not None
