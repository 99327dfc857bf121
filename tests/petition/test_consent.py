"""Tests that a consent text is exactly what was shown, the same for everybody, with its hash."""

from bot.petition.consent import consent_text, notice_text
from bot.petition.petition import BUNDLED, load_petition
from telegram_text.markup import fill


def test_it_is_the_statement_and_the_separate_question_as_shown() -> None:
    texts = load_petition(BUNDLED).texts["es"]
    assert consent_text(texts, None) == f"{texts.consent}\n\n{texts.news}"
    named = consent_text(texts, texts.name_consent, ["Noticias"])
    assert named == f"{texts.name_consent}\n\n{texts.consent}\n\n{texts.news}\n• Noticias"


def test_it_holds_the_place_of_the_name_and_no_name() -> None:
    texts = load_petition(BUNDLED).texts["en"]
    assert "{name}" not in consent_text(texts, None)
    named = consent_text(texts, texts.name_consent)
    assert "<b>Ana &lt;i&gt;</b>" in fill(named, name="Ana <i>")


def test_the_notice_has_both_its_layers() -> None:
    texts = load_petition(BUNDLED).texts["es"]
    assert len(texts.privacy) > 1
    assert notice_text(texts).split("\n\n") == [
        part for text in (texts.privacy_short, *texts.privacy) for part in text.split("\n\n")
    ]
