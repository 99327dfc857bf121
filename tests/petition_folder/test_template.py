"""Tests that a new petition can be begun from the template, and that nothing is overwritten."""

from pathlib import Path

import pytest

from bot.petition.petition import load_petition
from bot.petition_folder.check import find_problems, find_warnings
from bot.petition_folder.read import read_folder
from bot.petition_folder.template import TEMPLATE, copy_template
from bot.petition_folder.unready import unready_problems
from tests.petition_folder.conftest import HalfPastMidnight


def test_a_petition_begun_from_the_template_has_its_own_name_and_day_and_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.petition_folder.template.datetime", HalfPastMidnight)
    folder = tmp_path / "petitions" / "river"
    copy_template(folder, slug="river")
    assert find_problems(folder) == []
    petition = load_petition(folder)
    assert (petition.slug, petition.languages) == ("river", ("es", "en"))
    begun, original = (
        (each / "petition.toml").read_text(encoding="utf-8").splitlines()
        for each in (folder, TEMPLATE)
    )
    changed = [new for new, old in zip(begun, original, strict=True) if new != old]
    assert changed == ['slug = "river"', 'version = "2026-11-29"']


def test_nothing_else_is_warned_of_than_what_is_left_to_write() -> None:
    left = set(unready_problems(read_folder(TEMPLATE)))
    others = [each for each in find_warnings(TEMPLATE) if each not in left]
    assert [each.key for each in others] == ["closing_is_draft"]


def test_nothing_that_somebody_wrote_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('title = "Our river"', encoding="utf-8")
    with pytest.raises(FileExistsError):
        copy_template(tmp_path, slug="river")
    assert [file.name for file in tmp_path.iterdir()] == ["en.toml"]
    assert (tmp_path / "en.toml").read_text(encoding="utf-8") == 'title = "Our river"'
