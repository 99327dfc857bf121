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


def key_with_the_data(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Where it would go by default there is one already, which stays as it is."""
    beside, default = folder / "the data" / "petition.key", file_locations.key_file()
    (folder / "the keys" / "petition.key").rename(beside)
    patch.setenv("PETITION_KEY_FILE", str(beside))
    default.parent.mkdir(mode=0o700, parents=True)
    type_in_a_shell(shlex.join(["petition-bot", "keygen", str(default)]))


def settings_for_everybody(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / ".env").touch()
    (folder / ".env").chmod(0o644)


KEY, NOT_THERE = "the keys/petition.key", "not there/yet/petition.key"
BREAKS: dict[str, Callable[[Path, pytest.MonkeyPatch], object]] = {
    "the key is others' to read": lambda folder, _: (folder / KEY).chmod(0o644),
    "the key is in a folder of others": lambda folder, _: (folder / "the keys").chmod(0o777),
    "the key is missing": lambda folder, patch: patch.setenv(
        "PETITION_KEY_FILE", str(folder / NOT_THERE)
    ),
    "the key is not named": lambda _, patch: patch.delenv("PETITION_KEY_FILE"),
    "the key is damaged": lambda folder, _: (folder / KEY).write_text("reference c2hvcnQ=\n"),
    "the key is no text": lambda folder, _: (folder / KEY).write_bytes(b"\xff\xfe"),
    "the key is with the data": key_with_the_data,
    "there is no folder for the database": lambda folder, _: (folder / "the data").rmdir(),
    "the settings are everybody's": settings_for_everybody,
    "the journal is of another key": lambda folder, _: (
        folder / f"{KEY}.andry.journal"
    ).write_bytes(b"x" * 1024),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_what_it_says_mends_it(folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    BREAKS[broken](folder, monkeypatch)
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
