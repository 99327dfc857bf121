"""The form of the preview's editor has every value of the model, and nobody lists them for it."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder import form
from bot.petition_folder.field_types import ByLanguage, Html, Lines
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.read import read_folder
from bot.petition_folder.schema import Group, PetitionFile, Texts
from bot.petition_folder.schema_fields import fields_of
from bot.tryout.folder_editor import FolderEditor

PROJECT = Path(__file__).parent.parent.parent


class MoreFacts(PetitionFile):
    """The facts with two more of an engineer's, who has said nothing of their form."""

    seats: int | None = None
    slogans: ByLanguage[Lines[str]]


class MoreTexts(Texts):
    motto: Html | None = Group.OPENING.field("Lema", None)
    """En una línea."""


@pytest.fixture
def editor(tmp_path: Path) -> FolderEditor:
    shutil.copytree(BUNDLED, tmp_path / "mine")
    return FolderEditor(tmp_path / "mine")


def asked(editor: FolderEditor, file: str, key: str) -> dict[str, Any]:
    """Returns what the form says of a value."""
    fields = editor.snapshot()["fields"]
    (found,) = [each for each in fields if (each["file"], each["key"]) == (file, key)]
    return dict(found)


def save(editor: FolderEditor, file: str, key: str, text: object) -> dict[str, Any]:
    """Writes what somebody has typed, and returns what the file says then."""
    base = asked(editor, file, key)["text"]
    editor.save({"file": file, "key": key, "text": text, "base": base})
    return tomllib.loads((editor.folder / file).read_text())


def test_what_an_engineer_adds_to_the_model_is_in_the_form_and_is_written(
    editor: FolderEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "PetitionFile", MoreFacts)
    monkeypatch.setattr(form, "Texts", MoreTexts)
    motto = asked(editor, "es.toml", "motto")
    assert (motto["title"], motto["why"], motto["kind"]) == ("Lema", "En una línea.", "html")
    seats = asked(editor, "petition.toml", "seats")
    assert (seats["title"], seats["kind"], seats["group"]) == ("Seats", "number", Group.OTHER)
    slogans = asked(editor, "petition.toml", "slogans.en")
    assert (slogans["kind"], slogans["language"], slogans["text"]) == ("lines", "en", [""])
    assert save(editor, "es.toml", "motto", "Río <3 ")["motto"] == "Río &lt;3"
    assert save(editor, "petition.toml", "seats", " 12 ")["seats"] == 12
    facts = save(editor, "petition.toml", "slogans.en", ["Now", "Here"])
    assert (facts["seats"], facts["slogans"]) == (12, {"en": ["Now", "Here"]})
    assert "seats" not in save(editor, "petition.toml", "seats", "")


def test_the_form_has_all_that_is_ever_changed(editor: FolderEditor) -> None:
    there = {each["name"] for each in editor.snapshot()["fields"]}
    read = read_folder(BUNDLED)
    known = {each.name for each in fields_of(Texts, "es.toml")}
    known |= {
        each.name for each in fields_of(PetitionFile, PETITION_FILE, read.tables[PETITION_FILE])
    }
    assert known - there == {"slug", "source_language", "image.file", "earlier_versions.date"}
    # Also of sections that the file lacks.
    file = editor.folder / PETITION_FILE
    file.write_text(re.sub(r"\n\[(controller|retention)\]\n(.+\n)+", "\n", file.read_text()))
    assert {each["name"] for each in editor.snapshot()["fields"]} == there
    facts = save(editor, PETITION_FILE, "retention.months_at_most", "12")
    assert facts["retention"] == {"months_at_most": 12}


def test_signs_are_typed_as_people_write_them(editor: FolderEditor) -> None:
    for typed, written in {
        "a < b & c": "a &lt; b &amp; c",
        "<b>a</b> &amp; &#233; <3": "<b>a</b> &amp; &#233; &lt;3",
        '<a href="https://x.example/?a&b">q</a>': '<a href="https://x.example/?a&amp;b">q</a>',
        "<Blockquote expandable>x</blockquote>": "<Blockquote expandable>x</blockquote>",
    }.items():
        assert save(editor, "es.toml", "summary", typed)["summary"].strip() == written
    # What is plain is written as it is typed.
    assert save(editor, "es.toml", "share", "a < b & c")["share"].strip() == "a < b & c"


def test_what_is_left_to_write_or_to_translate_is_marked(editor: FolderEditor) -> None:
    def left() -> dict[tuple[str, str], str]:
        fields = editor.snapshot()["fields"]
        return {(each["file"], each["key"]): each["todo"] for each in fields if each["todo"]}

    assert left() == {}
    # What stands in Spanish among the English texts, too.
    to_translate = {
        ("en.toml", "title"): "translate",
        (PETITION_FILE, "addressee.en"): "translate",
    }
    save(editor, "en.toml", "title", asked(editor, "es.toml", "title")["text"])
    addressee = asked(editor, PETITION_FILE, "addressee.es")["text"]
    save(editor, PETITION_FILE, "addressee.en", addressee)
    assert left() == to_translate
    save(editor, "es.toml", "closing_update", "<b>[[Cómo ha terminado]]</b> {people}")
    assert left() == {**to_translate, ("es.toml", "closing_update"): "write"}
    save(editor, PETITION_FILE, "closing_is_draft", True)
    assert left() == to_translate


def test_the_guides_have_all_of_the_model() -> None:
    for guide in ("docs/making-a-petition.md", "docs/es/hacer-una-peticion.md"):
        text = (PROJECT / guide).read_text(encoding="utf-8")
        keys = [*PetitionFile.model_fields, *Texts.model_fields]
        assert [key for key in keys if not re.search(rf"`\[*{key}\]*`", text)] == []
