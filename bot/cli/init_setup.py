"""One run of `petition-bot init`: what it was given, knows already, and was answered."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values, set_key, unset_key

from bot import file_locations
from bot.petition_folder.schema import PETITION_FILE
from bot.settings import PREFIX, Settings, load_settings
from bot.text.terminal_language import terminal_words
from storage.private_files import write_file

TOKEN = PREFIX + "BOT_TOKEN"
ADMINS = PREFIX + "ADMIN_IDS"
APPROVAL = PREFIX + "APPROVAL_ABOVE"
FOLDER = PREFIX + "FOLDER"
KEY_FILE = PREFIX + "KEY_FILE"

_NEEDS_NO_QUOTES = re.compile(r"[\w/.,:+@-]*", re.ASCII)


@dataclass
class Setup:
    """The state of one run.

    `given` has the options that were typed, as texts; `known` the settings as `run` would read
    them, from the environment and the file; `answers` what this run was answered, by the step's
    name. `connection` says where Telegram and the database are; its token and admins say nothing.
    """

    given: Mapping[str, str]
    asks: bool
    env_file: Path
    connection: Settings
    known: dict[str, str] = field(repr=False)
    answers: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def begin(cls, given: Mapping[str, str], *, asks: bool) -> Setup:
        """Reads what is known already.

        Raises:
            SettingsInvalid: others than its owner can use the file of settings, or one that is
                not asked for is wrong.
        """
        path = file_locations.env_file().expanduser().absolute()
        # What the command settles is left out: it may be missing, or wrong.
        token = "1:a"  # noqa: S105
        connection = load_settings(
            env_file=path, bot_token=token, admin_ids="1,2", folder=None, key_file=None
        )
        setup = cls(given, asks, path, connection, {})
        setup.known |= setup.in_file | in_environment()
        return setup

    @property
    def in_file(self) -> dict[str, str]:
        """The settings that are written already."""
        return {name: value for name, value in dotenv_values(self.env_file).items() if value}

    def keep(self, name: str, value: str) -> None:
        """Writes a setting at once, if the file has another one: no interruption loses it."""
        self.known[name] = value
        if self.in_file.get(name) == value:
            return
        if not self.env_file.exists():
            file_locations.make_private_folder(self.env_file.parent)
            title = terminal_words().label(
                "Los ajustes del bot. Aquí está su token: no los enseñes a nadie ni los subas a "
                "ningún repositorio. Las notas van en líneas aparte."
            )
            write_file(self.env_file, f"# {title}\n".encode())
        quotes = "never" if _NEEDS_NO_QUOTES.fullmatch(value) else "always"
        set_key(self.env_file, name, value, quote_mode=quotes, follow_symlinks=True)

    def drop(self, name: str) -> None:
        """Takes a setting out of the file, if it is there; one of the environment stays."""
        if name in self.in_file:
            unset_key(self.env_file, name, follow_symlinks=True)

    @property
    def is_new_petition(self) -> bool:
        """Whether a petition is still to be made in the folder that was answered."""
        folder: Path | None = self.answers.get("petition")
        return folder is not None and not has_petition(folder)


def has_petition(folder: Path) -> bool:
    """Returns whether a folder has a petition in it."""
    return (folder / PETITION_FILE).is_file()


def shown(path: Path) -> str:
    """Returns a path as people read and type it, with ~ for their home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def in_environment() -> dict[str, str]:
    """Returns the settings that the environment has."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    values = {name: os.environ.get(name, "").strip() for name in sorted(known)}
    return {name: value for name, value in values.items() if value}
