"""Tests that catalogs lack no message in use, and that stale ones are dropped."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.text.translations import LANGUAGES, Catalogs, catalog_file
from tests.text.catalogs import PROJECT, Use, find_word_problems, read_sources, update_catalogs

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
        update_catalogs(read_sources(self.folder), self.locales)

    def problems(self) -> list[str]:
        return [
            str(problem) for problem in find_word_problems(read_sources(self.folder), self.locales)
        ]

    def catalog(self, language: str) -> str:
        return catalog_file(language, self.locales).read_text(encoding="utf-8")

    def translate(self, msgid: str, msgstr: str) -> None:
        old = re.compile(rf'^msgid "{re.escape(msgid)}"\nmsgstr ".*"$', re.MULTILINE)
        text = self.catalog("en")
        assert old.search(text)
        new = f'msgid "{msgid}"\nmsgstr "{msgstr}"'
        catalog_file("en", self.locales).write_text(old.sub(new, text), "utf-8")

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


def test_the_catalogs_that_ship_are_complete_and_as_the_update_writes_them(tmp_path: Path) -> None:
    sources = read_sources(PROJECT)
    assert find_word_problems(sources) == []
    for language in LANGUAGES:
        file = catalog_file(language, tmp_path)
        file.parent.mkdir(parents=True)
        file.write_bytes(catalog_file(language).read_bytes())
    update_catalogs(sources, tmp_path)
    for language in LANGUAGES:
        updated = catalog_file(language, tmp_path).read_text(encoding="utf-8")
        assert updated == catalog_file(language).read_text(encoding="utf-8")


def test_what_is_said_is_asked_for_translated_kept_and_dropped(project: SmallProject) -> None:
    """A catalog is made and translated, and follows what the source says."""
    assert [problem.partition(":")[0] for problem in project.problems()] == [
        "en/bot.po",
        "es/bot.po",
    ]
    project.update()
    assert 'msgid "Firmar"\nmsgstr "Firmar"\n' in project.catalog("es")
    assert project.problems() == [
        "en/bot.po: <b>Hola</b>, {name}: this is not translated",
        "en/bot.po: Firmar: this is not translated",
        "en/bot.po: {n} firma: this is not translated",
    ]
    project.translate_all()
    assert project.problems() == []
    english = Catalogs.load(project.locales).words("en")
    assert english.text("<b>Hola</b>, {name}", name="Ana & Eva") == "<b>Hello</b>, Ana &amp; Eva"
    assert english.plural("{n} firma", "{n} firmas", 1530) == "1,530 signatures"
    before = project.catalog("en")
    project.update()
    assert project.catalog("en") == before
    # It names files, and neither lines nor dates.
    assert "#: handlers/greeting.py\n" in before
    assert "Date" not in before
    assert str(project.folder) not in before
    with catalog_file("en", project.locales).open("rb") as file:
        assert read_po(file).num_plurals == 2
    project.says(SOURCE.replace("Firmar", "Firma ya"))
    assert project.problems() == [
        "en/bot.po: Firma ya: this is said and not listed here; update the catalogs",
        "en/bot.po: Firmar: this is not said any more; update the catalogs",
        "es/bot.po: Firma ya: this is said and not listed here; update the catalogs",
        "es/bot.po: Firmar: this is not said any more; update the catalogs",
    ]
    project.update()
    assert '"Firmar"' not in project.catalog("en")
    assert project.problems() == ["en/bot.po: Firma ya: this is not translated"]
    # A message that becomes a plural is translated anew.
    project.translate("Firma ya", "Sign now")
    project.says(SOURCE.replace('label("Firmar")', 'plural("Firma ya", "Firma {n}", 2)'))
    assert project.problems()[0].startswith("en/bot.po: Firma ya: this is said and not listed")
    project.update()
    assert project.problems() == ["en/bot.po: Firma ya: this is not translated"]


def test_a_translation_that_would_fail_or_is_not_sure_is_named(project: SmallProject) -> None:
    project.update()
    project.translate_all()
    for translation, sentence in (
        ("<b>Hello</b>", "the translation leaves out {name}"),
        (
            "<b>Hello</b>, {name} {surname}",
            "the translation names {surname}, which the message does not have",
        ),
        ("<b>Hello, {name}", "Telegram would refuse it: can't parse entities"),
        ("<b>Hello</b>, {name} }", "Telegram would refuse it: a single"),
    ):
        project.translate("<b>Hola</b>, {name}", translation)
        (only,) = project.problems()
        assert only.startswith(f"en/bot.po: <b>Hola</b>, {{name}}: {sentence}")
    project.translate("<b>Hola</b>, {name}", "<b>Hello</b>, {name}")
    marked = project.catalog("en").replace('msgid "Firmar"', '#, fuzzy\nmsgid "Firmar"')
    catalog_file("en", project.locales).write_text(marked, encoding="utf-8")
    project.update()
    (only,) = project.problems()
    assert only.startswith("en/bot.po: Firmar: this is marked fuzzy")


def test_a_value_that_is_not_given_is_named_where_it_is_missing(project: SmallProject) -> None:
    project.says('words.text("Hola, {name}", nombre="Ana")\n')
    project.update()
    assert project.problems()[-1] == (
        'handlers/greeting.py: line 1: "Hola, {name}" names {name}, and it is not given here'
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_one_kind_of_arrow_and_of_box_on_phones(language: str) -> None:
    with catalog_file(language).open("rb") as file:
        messages = [each for each in read_po(file) if each.id]
    said = str(
        [
            each.string
            for each in messages
            if not all(place.startswith("bot/cli/") for place, _ in each.locations)
        ]
    )
    # Phones draw ◀ and → as pictures or thin strokes of another kind beside ‹ and ›; ☑ is a blue
    # picture there, and ☐ a thin stroke beside it.
    assert [each for each in "◀◁◂→←⬅➡☑☐☒✔✓" if each in said] == []


def read(tmp_path: Path, source: str) -> tuple[list[Use], list[str]]:
    (tmp_path / "bot").mkdir(exist_ok=True)
    (tmp_path / "bot" / "said.py").write_text(source, encoding="utf-8")
    uses, problems = read_sources(tmp_path)
    return uses, [str(problem) for problem in problems]


def test_what_is_no_literal_message_is_passed_by(tmp_path: Path) -> None:
    for source in (
        "words.text(MESSAGES[key])",
        "await response.text()",
        "label(x)",
        'text("Hola")',
    ):
        assert read(tmp_path, source) == ([], [])


@pytest.mark.parametrize("said", ['f"Hola, {name}"', '"Hola, " + name', 'x if x else f"{name}"'])
def test_a_message_put_together_by_the_code_is_refused(tmp_path: Path, said: str) -> None:
    uses, (problem,) = read(tmp_path, f"words.text({said})")
    assert uses == []
    assert problem.startswith("bot/said.py: line 1: a message is one literal text")


@pytest.mark.parametrize("source", ['words.text("{a}", **values)', 'mark("{a}")'])
def test_values_that_cannot_be_told_are_not_judged(tmp_path: Path, source: str) -> None:
    (use,), _ = read(tmp_path, source)
    assert use.values is None
