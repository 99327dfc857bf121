"""Where files are that nobody named."""

from pathlib import Path

import pytest

from bot import file_locations
from storage.key_file import key_apart_from_data


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_lies_in_the_working_directory_is_used(here: Path) -> None:
    (here / ".env").touch()
    (here / "petition.db").touch()
    assert file_locations.env_file() == here / ".env"
    assert file_locations.database_url() == f"sqlite+aiosqlite:///{here}/petition.db"


def test_otherwise_files_are_where_the_platform_keeps_those_of_programs(here: Path) -> None:
    assert file_locations.env_file().parent.name == "petition-bot"
    for place in (file_locations.env_file(), file_locations.database_url()):
        assert str(here) not in str(place)


def test_a_key_by_default_is_apart_from_the_database_by_default() -> None:
    key_apart_from_data(file_locations.key_file(), file_locations.database_url())
