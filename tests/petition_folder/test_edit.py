"""A value is changed in a file, and everything around it stays as somebody wrote it."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.petition import BUNDLED
from bot.petition_folder.edit import NotEditable, changed
from bot.petition_folder.schema_fields import Value

FACTS = (BUNDLED / "petition.toml").read_text()
TEXTS = (BUNDLED / "es.toml").read_text()


def notes(toml: str) -> list[str]:
    """Returns the lines that are comments, or look like one in a text."""
    return [line for line in toml.splitlines() if line.startswith("#")]


def said(toml: str) -> dict[str, Any]:
    """Returns all values by their dotted key, stripped as the bot strips them."""
    found: dict[str, Any] = {}

    def walk(table: dict[str, Any], above: str) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                walk(value, f"{above}{key}.")
            elif isinstance(value, str):
                found[above + key] = value.strip()
            elif isinstance(value, list):
                found[above + key] = [e.strip() if isinstance(e, str) else e for e in value]
            else:
                found[above + key] = value

    walk(tomllib.loads(toml), "")
    return found


# No lone surrogates, which no file can hold; and as browsers send them, without \r.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)
texts = st.one_of(words, st.text("\"'\\\n#=[]é\U0001f600", max_size=20)).map(str.strip)
pages = st.lists(texts, min_size=1, max_size=6)
IN_SECTIONS = [
    *("addressee.es", "addressee.fr", "controller.name.en", "controller.name.fr"),
    *("controller.email", "controller.address", "closes_on", "image.credit.fr"),
]
of_texts = st.one_of(
    st.tuples(st.just(TEXTS), st.sampled_from(["title", "consent", "name_consent"]), texts),
    st.tuples(st.just(TEXTS), st.sampled_from(["appeal", "privacy"]), pages),
)
of_facts = st.one_of(
    st.tuples(st.just(FACTS), st.sampled_from(IN_SECTIONS), texts),
    st.tuples(st.just(FACTS), st.sampled_from(["demands.en", "demands.fr"]), pages),
    st.tuples(st.just(FACTS), st.just("goals"), st.lists(st.integers(1, 10**9), min_size=1)),
    st.tuples(st.just(FACTS), st.just("retention.months_at_most"), st.integers(1, 120)),
    st.tuples(st.just(FACTS), st.just("closing_is_draft"), st.booleans()),
)


@settings(max_examples=15)
@given(st.one_of(of_texts, of_facts), st.booleans())
def test_whatever_is_written_nothing_else_changes_and_every_note_stays(
    change: tuple[str, str, Value], windows: bool
) -> None:
    toml, key, value = change
    before = toml.replace("\n", "\r\n") if windows else toml
    after = changed(before, key.split("."), value)
    assert said(after) == said(toml) | {key: value}
    assert set(notes(toml)) <= set(notes(after))
    assert ("\r\n" in after) == windows
    assert not windows or "\n" not in after.replace("\r\n", "")
    former = said(toml).get(key)
    if former is not None:
        assert said(changed(after, key.split("."), former)) == said(toml)


def test_a_text_keeps_its_lines_and_a_new_one_stands_at_the_end_of_its_section() -> None:
    consent = changed(TEXTS, ("consent",), "Yo, <b>firmo</b>,\n\ny ya.")
    assert 'consent = """\nYo, <b>firmo</b>,\n\ny ya.\n"""\n\n# Lo que acep' in consent
    without = changed(TEXTS, ("name_consent",), None)
    again = changed(without, ("name_consent",), "Yo, {name},\nsí.")
    assert again.endswith('\n\nname_consent = """\nYo, {name},\nsí.\n"""\n')
    address = changed(FACTS, ("controller", "address"), "Calle 1\nMadrid")
    assert 'dpd@example.org"\naddress = "Calle 1\\nMadrid"\n\n# How long' in address


@pytest.mark.parametrize(
    ("toml", "path", "value", "expected"),
    [
        ("a = 'x' # note\n", ["a"], "y", 'a = "y" # note\n'),
        ("a = '''x'''\n", ["a"], "y\\", 'a = """\ny\\\\\n"""\n'),
        ("day = 2026-01-01 # a date\n", ["day"], "2026-02-03", 'day = "2026-02-03" # a date\n'),
        ('t = { es = "x", en = "y" }\n', ["t", "es"], "z", 't = { es = "z", en = "y" }\n'),
        ('t = { es = "x" }\n', ["t", "en"], "z", 't = { es = "x", en = "z"}\n'),
        ('a = "x"', ["b"], "y", 'a = "x"\nb = "y"\n'),
        ("", ["a"], "y", 'a = "y"\n'),
        ("n = [1,2, 3]  # steps\n", ["n"], [1, 2, 5], "n = [1, 2, 5]  # steps\n"),
        ("n = []\n", ["n"], [1, 2], "n = [1, 2]\n"),
        ('[t]\na = 1\n\n# of u\n[u]\n', ["t", "b"], 2, "[t]\na = 1\nb = 2\n\n# of u\n[u]\n"),
    ],
)  # fmt: skip
def test_a_file_keeps_its_writers_style(
    toml: str, path: list[str], value: Value, expected: str
) -> None:
    assert changed(toml, path, value) == expected


@pytest.mark.parametrize("text", ['x"""', 'x""', '"""', 'x\\"""', 'a"""""b""""', 'a\n"""'])
@pytest.mark.parametrize("toml", ['a = """\nx"""\n', 'a = """\nx\n"""\n', "a = '''\nx'''\n"])
def test_a_text_may_end_in_quotation_marks(toml: str, text: str) -> None:
    assert tomllib.loads(changed(toml, ["a"], text))["a"].strip() == text


@pytest.mark.parametrize("toml", ['a = "x', "a = 1\na = 2", "a = [", "= 1", "a = “x”"])
def test_a_file_that_is_not_correct_is_left_alone(toml: str) -> None:
    with pytest.raises(NotEditable):
        changed(toml, ["a"], "y")


def test_where_something_else_would_be_lost_nothing_is_changed() -> None:
    with pytest.raises(NotEditable):
        changed("a = 1\n", ["a", "b"], "y")


def test_what_is_not_there_is_taken_out_without_a_change() -> None:
    assert changed(TEXTS, ("no_such",), None) == TEXTS
    assert re.search("^email", changed(FACTS, ("controller", "email"), None), re.M) is None
