"""Tests of what keeps a petition from real people: examples, gaps of the template, old words."""

from pathlib import Path

import pytest

from bot.petition.petition import load_petition
from bot.petition_folder.edit import copy_template
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import TEMPLATE, unready_problems
from bot.petition_folder.warnings import find_warnings
from tests.petition_folder.conftest import Change, HalfPastMidnight


def unready(folder: Path) -> list[str]:
    """The place of each problem, as a person finds it."""
    return sorted({f"{each.file}: {each.key}" for each in unready_problems(read_folder(folder))})


def test_of_the_template_every_place_to_write_is_named(tmp_path: Path) -> None:
    copy_template(tmp_path, slug="river")
    found = unready(tmp_path)
    assert {"es.toml: title", "en.toml: appeal.2", "petition.toml: demands.es.2"} < set(found)
    assert not [each for each in found if "slug" in each or "closing_update" in each]
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8").replace("example.org", "river.internal")
        file.write_text(text.replace("[[", "<b>").replace("]]", "</b>"), encoding="utf-8")
    assert len(unready(tmp_path)) > 20  # the words of the marks are left
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8")
        text = text.replace("ESCRIBE AQUÍ", "Río").replace("WRITE HERE", "River")
        file.write_text(text, encoding="utf-8")
    assert unready(tmp_path) == []
    file = tmp_path / "petition.toml"
    file.write_text(
        file.read_text().replace("draft = true", "draft = false").replace("river", "template", 1)
    )
    (tmp_path / "es.toml").write_text(
        (tmp_path / "es.toml").read_text().replace("<b>Así ha terminado</b>", "Queda: ]]")
    )
    assert unready(tmp_path) == ["es.toml: closing_update", "petition.toml: slug"]


class TestACopyOfTheBundledPetition:
    """What was left of it in the petition of somebody else."""

    def test_names_what_is_of_its_case(self, folder: Path, change: Change) -> None:
        change("petition.toml", 'slug = "andry"', 'slug = "river"')
        title = read_folder(folder).texts["es"].title
        change("es.toml", f'title = "{title}"', 'title = "Salvemos el río"')
        found = unready(folder)
        assert {
            "petition.toml: addressee.es",
            "petition.toml: demands.en.1",
            "en.toml: title",
            "es.toml: summary",
            "es.toml: appeal.2",
            "es.toml: privacy_short",
        } < set(found)
        # Whoever wrote it may ask for something else, and these words can serve anybody.
        assert not {"petition.toml: controller.name.es", "es.toml: appeal.4"} & set(found)
        assert "es.toml: title" not in found
        assert not [each for each in found if ": consent" in each or ": privacy." in each]

    def test_may_be_about_the_case_in_its_own_words(self, folder: Path, change: Change) -> None:
        change("petition.toml", 'slug = "andry"', 'slug = "make-up-artist"')
        for file in ("es.toml", "en.toml"):
            change(file, 'title = "', 'title = "1. ')
            change(file, "<b>Andry</b>", "<b>Andry J.</b>")
        assert not {"es.toml: appeal.1", "es.toml: title"} & set(unready(folder))

    @pytest.mark.parametrize("changed", ["title", "demands"])
    def test_is_the_bundled_petition_still_with_a_word_changed(
        self, folder: Path, change: Change, changed: str
    ) -> None:
        if changed == "title":
            change("es.toml", 'title = "Ni una', 'title = "Ninguna')
        else:
            change("petition.toml", "Que ponga fin a", "Que detenga")
        assert all("controller" in each for each in unready(folder))


def test_a_petition_begun_from_the_template_has_its_own_name_and_day_and_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.petition_folder.edit.datetime", HalfPastMidnight)
    folder = tmp_path / "petitions" / "river"
    copy_template(folder, slug="river")
    assert read_folder(folder).problems == []
    petition = load_petition(folder)
    assert (petition.slug, petition.languages) == ("river", ("es", "en"))
    assert petition.image_in("es") is None, "it needs none"
    begun, original = (
        (each / "petition.toml").read_text(encoding="utf-8").splitlines()
        for each in (folder, TEMPLATE)
    )
    changed = [new for new, old in zip(begun, original, strict=True) if new != old]
    assert changed == ['slug = "river"', 'version = "2026-11-30"']


def test_nothing_else_is_warned_of_than_what_is_left_to_write() -> None:
    warnings = find_warnings(read_folder(TEMPLATE))
    assert [each.key for each in warnings] == ["closing_is_draft"]


def test_nothing_that_somebody_wrote_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('title = "Our river"', encoding="utf-8")
    with pytest.raises(FileExistsError):
        copy_template(tmp_path, slug="river")
    assert [file.name for file in tmp_path.iterdir()] == ["en.toml"]
    assert (tmp_path / "en.toml").read_text(encoding="utf-8") == 'title = "Our river"'
