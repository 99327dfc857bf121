"""Where files are that nobody named."""

import stat
from pathlib import Path

import pytest

from bot import file_locations
from bot.settings import (
    SettingsInvalid,
    key_apart_from_data,
    load_storage_settings,
    unknown_settings,
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_of_settings_that_is_named_is_used_and_has_to_be_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / ".env").touch(0o600)
    monkeypatch.setenv("PETITION_ENV_FILE", str(here / "bot.env"))
    assert file_locations.env_file() == here / "bot.env"
    with pytest.raises(SettingsInvalid, match=r"bot\.env, and there is no such file"):
        load_storage_settings()
    (here / "bot.env").write_text("PETITION_LOG_LEVEL=ERROR\n")
    (here / "bot.env").chmod(0o600)
    assert load_storage_settings().log_level == "ERROR"
    assert "PETITION_ENV_FILE" not in unknown_settings()


def test_otherwise_files_are_where_the_platform_keeps_those_of_programs(here: Path) -> None:
    assert file_locations.env_file().parent.name == "petition-bot"
    for place in (file_locations.env_file(), file_locations.database_url()):
        assert str(here) not in str(place)
    key_apart_from_data(file_locations.key_file(), file_locations.database_url())


def test_only_the_default_folder_is_made_and_for_its_owner_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_locations.make_database_folder(f"sqlite+aiosqlite:///{here}/misspelt/petition.db")
    file_locations.make_database_folder("postgresql+asyncpg://bot@127.0.0.1/petition")
    assert list(here.iterdir()) == []
    monkeypatch.setenv("XDG_DATA_HOME", str(here / "share"))
    url = file_locations.database_url()
    assert not (here / "share").exists(), "reading where it is makes nothing"
    file_locations.make_database_folder(url)
    folder = here / "share" / "petition-bot" / "data"
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)}
    assert modes == {0o700}


def test_what_lies_in_the_working_directory_is_used_and_can_be_named(here: Path) -> None:
    assert file_locations.found_here(file_locations.database_url()) == ()
    (here / ".env").touch()
    (here / "petition.db").touch()
    assert file_locations.found_here(file_locations.database_url()) == (
        here / ".env",
        here / "petition.db",
    )
    assert file_locations.found_here("sqlite+aiosqlite:////srv/petition.db") == (here / ".env",)
    (here / ".env").touch()
    (here / "petition.db").touch()
    assert file_locations.env_file() == here / ".env"
    assert file_locations.database_url() == f"sqlite+aiosqlite:///{here}/petition.db"
