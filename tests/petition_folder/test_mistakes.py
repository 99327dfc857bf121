"""Mistakes that campaigners make, each with the sentence that they read about it in Spanish."""

from pathlib import Path

import pytest

from bot.petition_folder.check import find_problems
from bot.petition_folder.toml_errors import read_toml
from bot.text.translations import Catalogs
from tests.petition_folder.conftest import Change

SPANISH = Catalogs.load().words("es")
# What stands in a file, and behind > what is read about it.
TOML_MISTAKES = [
    block.strip("\n").split("\n> ")
    for block in Path(__file__).with_name("mistakes.txt").read_text("utf-8").split("\n\n\n")
]


@pytest.mark.parametrize(("written", "told"), TOML_MISTAKES)
def test_whoever_has_never_seen_toml_reads_what_to_type(written: str, told: str) -> None:
    _, found = read_toml(written)
    assert found[0].said(SPANISH) == told


def test_every_mistake_is_named_at_once_with_the_line_it_stands_in() -> None:
    table, found = read_toml('a = “Uno”\nb = """\nDos\nc = «Tres»\nd = 4')
    assert sorted(each.said(SPANISH).partition(":")[0] for each in found) == [
        "línea 1",
        "línea 2",
        "línea 4",
    ]
    assert table == {"a": "Uno", "b": "Dos", "c": "Tres", "d": 4}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "es.toml.txt",
            "es.toml.txt: el editor le ha añadido .txt al guardarlo: cambia su nombre a es.toml.",
        ),
        ("ES.toml", "ES.toml: cambia el nombre de este archivo a es.toml, en minúsculas"),
    ],
)
def test_a_file_saved_under_another_name_is_read_and_renamed(
    folder: Path, name: str, told: str
) -> None:
    (folder / "es.toml").rename(folder / name)
    (only,) = [problem.said(SPANISH) for problem in find_problems(folder)]
    assert only.startswith(told)


def test_an_entry_in_the_wrong_section_is_sent_to_its_own(change: Change, folder: Path) -> None:
    change("petition.toml", "months_at_most = 21", 'months_at_most = 21\ncloses_on = "2030-01-01"')
    change("petition.toml", "goals = [", 'address = "Calle Mayor, 1"\ngoals = [')
    assert [problem.said(SPANISH) for problem in find_problems(folder)] == [
        "petition.toml: address: va más abajo, en la sección [controller]",
        "petition.toml: retention.closes_on: va más arriba, antes de la primera línea que empieza "
        "por [",
    ]
