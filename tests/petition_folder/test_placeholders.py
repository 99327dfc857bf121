"""Tests that placeholders are filled in from `petition.toml`, in each language's own format."""

import pytest

from bot.petition_folder.placeholders import day, fill_placeholders, months, numbered


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", ["1 mes", "21 meses"]),
        ("en", ["1 month", "21 months"]),
        ("ca", ["1 mes", "21 mesos"]),
        ("gl", ["1 mes", "21 meses"]),
        ("eu", ["1 hilabete", "21 hilabete"]),
        ("pt-br", ["1 mês", "21 meses"]),
        ("xx", ["1 mes", "21 meses"]),
    ],
)
def test_months_are_said_in_the_language(language: str, said: list[str]) -> None:
    assert [months(1, language), months(21, language)] == said


def test_a_date_is_said_in_the_language() -> None:
    assert day("2025-07-18", "es") == "18 de julio de 2025"
    assert day("2025-07-18", "en") == "18 July 2025"
    assert day("2025-07-18", "en-us") == "July 18, 2025"


def test_what_is_not_lent_stays_for_the_screens() -> None:
    assert (
        fill_placeholders("{name} a {addressee}, {email}", {"addressee": "la ONU"})
        == "{name} a la ONU, {email}"
    )


def test_demands_are_numbered() -> None:
    assert numbered(("Que vuelvan.", "Que pare.")) == "1. Que vuelvan.\n\n2. Que pare."
