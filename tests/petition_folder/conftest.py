"""Fixtures: a copy of the bundled petition's folder to change, and its problems as sentences."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED

Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "petition"
    shutil.copytree(BUNDLED, copy)
    return copy


@pytest.fixture
def change(folder: Path) -> Change:
    """Replace one passage of one file, which has to be there."""

    def changed(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return changed
