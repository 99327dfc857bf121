"""Tests that the bundled petition is complete and correct in every language."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED, Petition, load_petition
from bot.petition_folder.schema import Texts
from bot.text.translations import Catalogs
from telegram_text.markup import fill, parse, placeholders
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


SPANISH_END = """
1.530 personas / 18 de julio de 2025 / 252 venezolanos / cuatro meses recluidos en el CECOT
Están libres / sin un proceso con garantías / solicitud de asilo en Estados Unidos
qué trato reciben en Venezuela / Documentaremos los abusos / Gracias / alivio / incomunicados
"""
ENGLISH_END = """
1,530 people / 18 July 2025 / 252 Venezuelans / four months held in CECOT
They are free / without due process / asylum claim in the United States
how they are treated in Venezuela / document the abuse / Thank you / relief / incommunicado
"""


@pytest.mark.parametrize(("language", "facts"), [("es", SPANISH_END), ("en", ENGLISH_END)])
def test_the_closing_update_tells_the_end(petition: Petition, language: str, facts: str) -> None:
    people = Catalogs.load().words(language).people(1530)
    told = parse(fill(petition.texts[language].closing_update, people=people)).text
    assert [fact for fact in re.split(r" / |\n", facts) if fact not in told] == []


@pytest.mark.parametrize(
    ("language", "openly"),
    [("es", "se modificó cuando la petición ya estaba abierta"), ("en", "was updated after")],
)
def test_the_appeal_says_it_was_amended(petition: Petition, language: str, openly: str) -> None:
    assert any(openly in page for page in petition.texts[language].appeal)


def test_a_folder_of_ones_own_is_read_as_it_is_meant(change: Change, folder: Path) -> None:
    change("petition.toml", "goals = [", "closes_on = 2026-12-31\ngoals = [")
    assert load_petition(folder).closes_at == datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    change("petition.toml", 'en = "the United States Secretary', 'en = "R&D <the> Secretary')
    texts = load_petition(folder).texts["en"]
    assert "R&amp;D &lt;the&gt; Secretary" in (texts.name_consent or "")
    assert "R&D <the> Secretary" in parse(texts.privacy[2]).text
