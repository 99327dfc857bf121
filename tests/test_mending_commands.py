"""Tests that each refusal of a folder, a key or a permission names a command that mends it."""

import asyncio
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import file_locations
from bot.cli.main import app
from bot.settings import SettingsInvalid, StorageSettings
from bot.settings import key_apart_from_data as require_apart
from storage.errors import KeyFileMissing, StorageError
from storage.journal import Journal
from storage.keyring import Keyring
from storage.process_lock import acquire_process_lock

_COMMAND = re.compile(r"run: (.+)")
_SETTING = re.compile(r"set (PETITION_\w+)=(\S.*)")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders whose names have blanks in them, and settings with which all is well."""
    for part in ("the data", "the keys"):
        (tmp_path / part).mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PETITION_KEY_FILE", str(tmp_path / "the keys" / "petition.key"))
    url = f"sqlite+aiosqlite:///{tmp_path / 'the data' / 'petition.db'}"
    monkeypatch.setenv("PETITION_DATABASE_URL", url)
    Keyring.generate(tmp_path / "the keys" / "petition.key")
    return tmp_path


def begins() -> None:
    """Asks what the bot asks of its settings, its key and its folders when it starts."""
    settings = StorageSettings.load()
    if settings.key_file is None:
        raise KeyFileMissing
    require_apart(settings.key_file, settings.database_url)
    journal = Journal(Keyring.load(settings.key_file), "andry")
    journal.prepare()
    journal.read()

    async def locked() -> None:
        async with acquire_process_lock(settings.database_url, "intake/andry"):
            pass

    asyncio.run(locked())


def type_in_a_shell(command: str) -> None:
    """Runs it as a shell does; this program within this process, as it takes a moment to load."""
    if command.startswith("petition-bot "):
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
    else:
        subprocess.run(["sh", "-euc", command], check=True)  # noqa: S603, S607


def _is_others_to_read(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the keys" / "petition.key").chmod(0o644)


def _is_in_a_folder_of_others(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the keys").chmod(0o777)


def _is_missing(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PETITION_KEY_FILE", str(folder / "not there" / "yet" / "petition.key"))


def _is_not_named(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("PETITION_KEY_FILE")


def _is_damaged(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the keys" / "petition.key").write_text("reference c2hvcnQ=\n")


def _is_no_text(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the keys" / "petition.key").write_bytes(b"\xff\xfe")


def _is_with_the_data(folder: Path, patch: pytest.MonkeyPatch) -> None:
    beside = folder / "the data" / "petition.key"
    (folder / "the keys" / "petition.key").rename(beside)
    patch.setenv("PETITION_KEY_FILE", str(beside))
    # Where it would go by default there is one already, which stays as it is.
    type_in_a_shell(shlex.join(["petition-bot", "keygen", str(_default(folder))]))


def _default(_: Path) -> Path:
    default = file_locations.key_file()
    default.parent.mkdir(mode=0o700, parents=True)
    return default


def _has_no_folder_for_the_database(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the data").rmdir()


def _has_settings_for_everybody(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("")
    (folder / ".env").chmod(0o644)


def _has_a_journal_of_another(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "the keys" / "petition.key.andry.journal").write_bytes(b"x" * 1024)


@pytest.mark.parametrize(
    "break_it",
    [
        _is_others_to_read,
        _is_in_a_folder_of_others,
        _is_missing,
        _is_not_named,
        _is_damaged,
        _is_no_text,
        _is_with_the_data,
        _has_no_folder_for_the_database,
        _has_settings_for_everybody,
        _has_a_journal_of_another,
    ],
)
def test_what_it_says_mends_it(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    break_it(folder, monkeypatch)
    with pytest.raises((StorageError, SettingsInvalid)) as refused:
        begins()
    command, setting = _COMMAND.search(str(refused.value)), _SETTING.search(str(refused.value))
    assert command is not None, str(refused.value)
    type_in_a_shell(command[1])
    if setting is not None:
        monkeypatch.setenv(setting[1], setting[2])
    begins()


def test_a_key_that_cannot_be_made_there_can_be_made_with_what_it_says(folder: Path) -> None:
    before = (folder / "the keys" / "petition.key").read_bytes()
    kept = CliRunner().invoke(app, ["keygen", "the keys/petition.key"])
    assert kept.exit_code == 1
    assert "exists already" in kept.output
    result = CliRunner().invoke(app, ["keygen", "nowhere yet/petition.key"])
    assert result.exit_code == 1
    command = _COMMAND.search(result.output)
    assert command is not None
    type_in_a_shell(command[1])
    type_in_a_shell(shlex.join(["petition-bot", "keygen", "nowhere yet/petition.key"]))
    assert len(list(folder.glob("*/petition*.key"))) == 2
    assert (folder / "the keys" / "petition.key").read_bytes() == before
