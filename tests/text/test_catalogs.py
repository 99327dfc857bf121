"""Tests that catalogs lack no message in use, and that stale ones are dropped."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.text.translations import LOCALES, Catalogs, catalog_file
from tests.text.catalogs import find_word_problems, update_catalogs

SOURCE = """\
def greet(words, name):
    words.text("<b>Hola</b>, {name}", name=name)
    words.label("Firmar")
    words.plural("{n} firma", "{n} firmas", 3)
"""


class SmallProject:
    """A small project with words of its own, and its catalogs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.locales = folder / "locales"
        (folder / "bot").mkdir()
        (folder / "handlers").mkdir()
        self.says(SOURCE)

    def says(self, source: str) -> None:
        (self.folder / "handlers" / "greeting.py").write_text(source, encoding="utf-8")

    def update(self) -> None:
        update_catalogs(self.locales, self.folder)

    def problems(self) -> list[str]:
        return [str(problem) for problem in find_word_problems(self.locales, self.folder)]

    def catalog(self, language: str) -> str:
        return catalog_file(language, self.locales).read_text(encoding="utf-8")

    def translate(self, msgid: str, msgstr: str, before: str = "") -> None:
        file = catalog_file("en", self.locales)
        old = f'msgid "{msgid}"\nmsgstr "{before}"\n'
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, f'msgid "{msgid}"\nmsgstr "{msgstr}"\n'), "utf-8")

    def translate_all(self) -> None:
        self.translate("<b>Hola</b>, {name}", "<b>Hello</b>, {name}")
        self.translate("Firmar", "Sign")
        file = catalog_file("en", self.locales)
        text = file.read_text(encoding="utf-8")
        text = text.replace('msgstr[0] ""', 'msgstr[0] "one signature"')
        file.write_text(text.replace('msgstr[1] ""', 'msgstr[1] "{n} signatures"'), "utf-8")


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path)


@pytest.fixture
def translated(project: SmallProject) -> SmallProject:
    project.update()
    project.translate_all()
    return project


def test_the_catalogs_that_ship_are_complete() -> None:
    assert find_word_problems() == []


def test_the_catalogs_that_ship_are_as_the_update_writes_them(tmp_path: Path) -> None:
    for language in ("es", "en"):
        file = catalog_file(language, tmp_path)
        file.parent.mkdir(parents=True)
        file.write_bytes(catalog_file(language).read_bytes())
    update_catalogs(tmp_path)
    for language in ("es", "en"):
        updated = catalog_file(language, tmp_path).read_text(encoding="utf-8")
        assert updated == catalog_file(language, LOCALES).read_text(encoding="utf-8")


def test_without_catalogs_both_are_asked_for(project: SmallProject) -> None:
    assert [problem.partition(":")[0] for problem in project.problems()] == [
        "en/bot.po",
        "es/bot.po",
    ]


def test_an_update_fills_spanish_and_leaves_english_to_the_translator(
    project: SmallProject,
) -> None:
    project.update()
    assert 'msgid "Firmar"\nmsgstr "Firmar"\n' in project.catalog("es")
    assert project.problems() == [
        "en/bot.po: <b>Hola</b>, {name}: this is not translated",
        "en/bot.po: Firmar: this is not translated",
        "en/bot.po: {n} firma: this is not translated",
    ]


def test_a_translated_catalog_has_no_problem_and_speaks(translated: SmallProject) -> None:
    assert translated.problems() == []
    english = Catalogs.load(translated.locales).words("en")
    assert english.text("<b>Hola</b>, {name}", name="Ana & Eva") == "<b>Hello</b>, Ana &amp; Eva"
    assert english.plural("{n} firma", "{n} firmas", 1530) == "1,530 signatures"


def test_an_update_keeps_translations_and_changes_nothing_else(translated: SmallProject) -> None:
    before = translated.catalog("en")
    translated.update()
    assert translated.catalog("en") == before


def test_a_message_said_no_more_is_named_and_then_dropped(translated: SmallProject) -> None:
    translated.says(SOURCE.replace("Firmar", "Firma ya"))
    assert "en/bot.po: Firmar: this is not said any more; update the catalogs" in (
        translated.problems()
    )
    assert "en/bot.po: Firma ya: this is said and not listed here; update the catalogs" in (
        translated.problems()
    )
    translated.update()
    assert '"Firmar"' not in translated.catalog("en")
    assert translated.problems() == ["en/bot.po: Firma ya: this is not translated"]


def test_a_fuzzy_translation_is_named_and_survives_an_update(translated: SmallProject) -> None:
    file = catalog_file("en", translated.locales)
    marked = translated.catalog("en").replace('msgid "Firmar"', '#, fuzzy\nmsgid "Firmar"')
    file.write_text(marked, encoding="utf-8")
    translated.update()
    (only,) = translated.problems()
    assert only.startswith("en/bot.po: Firmar: this is marked fuzzy")


@pytest.mark.parametrize(
    ("translation", "sentence"),
    [
        ("<b>Hello</b>", "the translation leaves out {name}"),
        (
            "<b>Hello</b>, {name} {surname}",
            "the translation names {surname}, which the message does not have",
        ),
        ("<b>Hello, {name}", "Telegram would refuse it: can't parse entities"),
        ("<b>Hello</b>, {name} }", "Telegram would refuse it: a single"),
    ],
)
def test_a_translation_that_would_fail_is_named(
    translated: SmallProject, translation: str, sentence: str
) -> None:
    translated.translate("<b>Hola</b>, {name}", translation, before="<b>Hello</b>, {name}")
    (only,) = translated.problems()
    assert only.startswith(f"en/bot.po: <b>Hola</b>, {{name}}: {sentence}")


def test_a_message_that_becomes_a_plural_is_translated_anew(translated: SmallProject) -> None:
    translated.says(SOURCE.replace('label("Firmar")', 'plural("Firmar", "Firmar {n}", 2)'))
    assert translated.problems()[0].startswith("en/bot.po: Firmar: this is said and not listed")
    translated.update()
    assert translated.problems() == ["en/bot.po: Firmar: this is not translated"]


def test_a_value_that_is_not_given_is_named_where_it_is_missing(project: SmallProject) -> None:
    project.says('words.text("Hola, {name}", nombre="Ana")\n')
    project.update()
    assert project.problems()[-1] == (
        'handlers/greeting.py: line 1: "Hola, {name}" names {name}, and it is not given here'
    )


def test_what_the_people_of_the_demo_quote_is_not_said_by_the_bot(
    translated: SmallProject,
) -> None:
    readers = translated.folder / "bot" / "cli"
    readers.mkdir()
    (readers / "demo_script.py").write_text('words.label("Una cita")\n', encoding="utf-8")
    translated.update()
    assert translated.problems() == []


def test_a_catalog_names_files_and_neither_lines_nor_dates(translated: SmallProject) -> None:
    text = translated.catalog("en")
    assert "#: handlers/greeting.py\n" in text
    assert "Date" not in text
    assert str(translated.folder) not in text


def test_translators_get_the_plural_forms_of_their_language(translated: SmallProject) -> None:
    with catalog_file("en", translated.locales).open("rb") as file:
        assert read_po(file).num_plurals == 2


def read_on_phones(language: str) -> str:
    """What the bot says, without what is read in a terminal."""
    with catalog_file(language).open("rb") as file:
        messages = [each for each in read_po(file) if each.id]
    return str(
        [
            each.string
            for each in messages
            if not all(place.startswith("bot/cli/") for place, _ in each.locations)
        ]
    )


@pytest.mark.parametrize("language", ["es", "en"])
def test_there_is_one_kind_of_arrow(language: str) -> None:
    said = read_on_phones(language)
    # Phones draw ◀ and → as pictures or thin strokes of another kind beside ‹ and ›.
    assert [each for each in "◀◁◂→←⬅➡" if each in said] == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_there_is_one_kind_of_box(language: str) -> None:
    said = read_on_phones(language)
    # ☑ is a blue picture on phones, and ☐ a thin stroke beside it.
    assert [each for each in "☑☐☒✔✓" if each in said] == []
