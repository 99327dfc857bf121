"""Tests that placeholders are filled in from `petition.toml`, in each language's own format."""

import pytest

from bot.petition_folder.placeholders import months


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
