"""Tests that every message is found, however the code around it is written."""

from pathlib import Path

import pytest

from tests.text.message_extraction import Use, read_sources


def read(tmp_path: Path, source: str) -> tuple[list[Use], list[str]]:
    (tmp_path / "bot").mkdir(exist_ok=True)
    (tmp_path / "bot" / "said.py").write_text(source, encoding="utf-8")
    uses, problems = read_sources(tmp_path)
    return uses, [str(problem) for problem in problems]


def test_a_message_is_found(tmp_path: Path) -> None:
    for source, expected in (
        ('words.text("Hola")', "Hola"),
        ('self.view.words.label("Hola")', "Hola"),
        ('mark("Hola")', "Hola"),
        ('words.text("Hola, " "Ana")', "Hola, Ana"),
        ("f\"<b>{words.text('Hola')}</b>\"", "Hola"),
        ('paragraphs(words.text("Hola"))', "Hola"),
        ('x = {K: mark(\n    "Hola, "\n    "Ana"\n)}', "Hola, Ana"),
    ):
        uses, problems = read(tmp_path, source)
        assert [use.one for use in uses] == [expected]
        assert problems == []


def test_what_a_script_says_and_what_the_form_says_of_a_field_is_found(tmp_path: Path) -> None:
    script = 'h("p", {}, t("Hola, \\"Ana\\""), t( "{n} cosas", { n }), t(field.title), at("No"))'
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "page.js").write_text(script, encoding="utf-8")
    (tmp_path / "bot" / "a.py").write_text(
        'class Texts:\n    x: str = Group.A.field("Lema", "No")\n    """Una\n    línea."""\n'
    )
    uses, _ = read_sources(tmp_path)
    assert [use.one for use in uses] == ["Lema", "Una línea.", 'Hola, "Ana"', "{n} cosas"]


def test_each_message_that_a_condition_chooses_is_found(tmp_path: Path) -> None:
    uses, _ = read(tmp_path, 'words.text("{a}, sí" if x else "{a}, no" if y else MARKED, a=1)')
    assert [(use.one, use.values) for use in uses] == [
        ("{a}, sí", frozenset({"a"})),
        ("{a}, no", frozenset({"a"})),
    ]


def test_a_message_that_is_put_together_is_refused_in_a_condition_too(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, 'words.text("Hola" if x else f"Hola, {name}")')
    assert problem.startswith("bot/said.py: line 1: a message is one literal text")


def test_a_message_inside_another_is_found_too(tmp_path: Path) -> None:
    uses, _ = read(tmp_path, 'words.text("Noticias: {news}", news=words.text("sí"))')
    assert [use.one for use in uses] == ["Noticias: {news}", "sí"]
    assert uses[0].values == frozenset({"news"})


def test_a_plural_has_both_forms_and_is_given_its_number(tmp_path: Path) -> None:
    (use,), _ = read(tmp_path, 'words.plural("{n} firma", "{n} firmas", count)')
    assert use.forms == ("{n} firma", "{n} firmas")
    assert use.values == frozenset({"n"})


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
