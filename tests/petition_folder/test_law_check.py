"""What the law asks of a petition's texts, as the check refuses a folder without it."""

from pathlib import Path

import pytest

from bot.petition_folder.check import find_problems
from tests.petition_folder.conftest import Change


def sentences(folder: Path) -> list[str]:
    return [str(problem) for problem in find_problems(folder)]


@pytest.mark.parametrize(
    ("country", "told"),
    [
        ('"US"', "nobody can choose for somebody else that their name leaves"),
        ("", "nobody can choose for somebody else that their name leaves"),
        ('"Spain"', "write the two letters of the country"),
        ('"UK"', "write the two letters of the country"),
        ('"EU"', None),
        ('"BR"', None),
    ],
)
def test_marta_cannot_choose_for_ana_that_her_name_leaves_europe(
    change: Change, folder: Path, country: str, told: str | None
) -> None:
    change("petition.toml", 'handed_over = "ask"', 'handed_over = "with_name"')
    written = f"names_go_to = {country}" if country else ""
    change("petition.toml", 'names_go_to = "US"', written)
    found = " ".join(sentences(folder))
    assert told in found if told else found == ""


@pytest.mark.parametrize(
    ("age", "is_said"),
    [
        ("Ya puedo firmar.", False),
        ("Tengo 12 años o más.", False),
        ("Somos más de 16.000 en 2014.", False),
        ("Tengo 16 años o más.", True),
        ("عمري ١٦ عامًا أو أكثر.", True),
    ],
)
def test_jordi_who_is_twelve_reads_in_any_consent_how_old_one_has_to_be(
    change: Change, folder: Path, age: str, is_said: bool
) -> None:
    change("es.toml", "Tengo 14 años o más.", age)
    found = [(each.file, each.key) for each in find_problems(folder)]
    assert found == ([] if is_said else [("es.toml", "consent")])


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("<b>Controller:</b> {controller}.\n", ""),
        ("<b>What for:</b> to", "To"),
        ("<b>Where your name goes:</b> only", "Only"),
        ("(/mydata), withdraw (/withdraw), and the rest in /privacy", ", and withdraw"),
        ("<b>Controller:</b>", "<blockquote expandable><b>Controller:</b></blockquote>"),
    ],
)
def test_ana_reads_untapped_who_what_for_where_to_and_her_rights(
    change: Change, folder: Path, there: str, instead: str
) -> None:
    change("en.toml", there, instead)
    found = sentences(folder)
    assert all(each.startswith("en.toml: privacy_short: ") for each in found)
    assert "who answers for the data ({controller}), what for" in " ".join(found)
