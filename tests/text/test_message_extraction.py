"""Tests that every message is found, however the code around it is written."""

from pathlib import Path

import pytest

from tests.text.message_extraction import Use, read_sources


def read(tmp_path: Path, source: str) -> tuple[list[Use], list[str]]:
    (tmp_path / "bot").mkdir(exist_ok=True)
    (tmp_path / "bot" / "said.py").write_text(source, encoding="utf-8")
    uses, problems = read_sources(tmp_path)
    return uses, [str(problem) for problem in problems]


def test_a_message_that_is_put_together_is_refused_in_a_condition_too(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, 'words.text("Hola" if x else f"Hola, {name}")')
    assert problem.startswith("bot/said.py: line 1: a message is one literal text")


def test_what_is_no_literal_message_is_passed_by(tmp_path: Path) -> None:
    for source in (
        "words.text(MESSAGES[key])",
        "await response.text()",
        "label(x)",
        'text("Hola")',
    ):
        assert read(tmp_path, source) == ([], [])


@pytest.mark.parametrize("source", ['words.text(f"Hola, {name}")', 'words.text("Hola, " + name)'])
def test_a_message_put_together_by_the_code_is_refused(tmp_path: Path, source: str) -> None:
    uses, (problem,) = read(tmp_path, source)
    assert uses == []
    assert problem.startswith("bot/said.py: line 1: a message is one literal text")


@pytest.mark.parametrize("source", ['words.text("{a}", **values)', 'mark("{a}")'])
def test_values_that_cannot_be_told_are_not_judged(tmp_path: Path, source: str) -> None:
    (use,), _ = read(tmp_path, source)
    assert use.values is None
