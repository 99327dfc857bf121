"""Tests that the bundled petition is complete and correct in every language."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED, Petition, load_petition
from bot.petition_folder.schema import Texts
from telegram_text.markup import parse, placeholders
from tests.petition_folder.conftest import Change


@pytest.fixture(scope="module")
def petition() -> Petition:
    return load_petition(BUNDLED)


def pages(texts: Texts) -> list[tuple[str, str]]:
    return [
        (key, page)
        for key, value in texts
        for page in (value if isinstance(value, tuple) else (value,))
    ]


def test_the_bundled_texts_are_whole_and_keep_their_open_state(petition: Petition) -> None:
    for texts in petition.texts.values():
        left = {key: placeholders(page) for key, page in pages(texts) if placeholders(page)}
        assert left == {
            "name_consent": {"name"},
            "thanks": {"count"},
            "closed": {"people"},
            "closing_update": {"people"},
        }
    for language in petition.languages:
        last = parse(petition.texts[language].appeal[-1]).text
        assert petition.addressee[language] in last
        for number, demand in enumerate(petition.demands[language], 1):
            assert f"{number}. {demand}" in last
    for texts in petition.texts.values():
        appeal = " ".join((texts.summary, *texts.appeal))
        assert [end for end in ("2025", "252", "libres", "are free") if end in appeal] == []
    formal = ("usted", " su firma", "puede retirar", "le escrib", "@", "/as", "/os")
    spanish = " ".join(page for key, page in pages(petition.texts["es"]) if key != "privacy")
    assert [sign for sign in formal if sign in spanish.lower()] == []


def test_a_folder_of_ones_own_is_read_as_it_is_meant(change: Change, folder: Path) -> None:
    change("petition.toml", "goals = [", "closes_on = 2026-12-31\ngoals = [")
    assert load_petition(folder).closes_at == datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    change("petition.toml", 'en = "the United States Secretary', 'en = "R&D <the> Secretary')
    texts = load_petition(folder).texts["en"]
    assert "R&amp;D &lt;the&gt; Secretary" in (texts.name_consent or "")
    assert "R&D <the> Secretary" in parse(texts.privacy[2]).text
