"""Fixtures: a copy of the bundled petition's folder to change, and its problems as sentences."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder.read import read_folder

Change = Callable[[str, str, str], None]
Attempt = Callable[..., list[str]]


class HalfPastMidnight(datetime):
    """In Madrid; in UTC it is half past eleven of the day before."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "HalfPastMidnight":
        return cls(2026, 11, 29, 23, 30, tzinfo=UTC).astimezone(tz)


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


@pytest.fixture
def attempt(folder: Path, change: Change) -> Attempt:
    """Replace passages, each of a file; return the problems, and put the files back."""

    def attempted(*changes: tuple[str, str, str]) -> list[str]:
        before = {file: (folder / file).read_text(encoding="utf-8") for file, *_ in changes}
        for each in changes:
            change(*each)
        found = [str(problem) for problem in read_folder(folder).problems]
        for file, text in before.items():
            (folder / file).write_text(text, encoding="utf-8")
        return found

    return attempted
