"""What `petition-bot init` was given, knows already, and has written."""

from __future__ import annotations

import os
import shlex
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from bot import file_locations
from bot.cli.init_questions import Questions
from bot.console import CannotDo, say
from bot.settings import PREFIX, Settings, load_settings
from bot.setup.bot_calls import BotCalls, open_bot_calls
from bot.setup.env_file import write_values
from bot.text.translations import Words

TOKEN = PREFIX + "BOT_TOKEN"
ADMINS = PREFIX + "ADMIN_IDS"
APPROVAL = PREFIX + "APPROVAL_ABOVE"
FOLDER = PREFIX + "FOLDER"
KEY_FILE = PREFIX + "KEY_FILE"
_SETTLED = (TOKEN, ADMINS, FOLDER, KEY_FILE)


@dataclass(frozen=True, slots=True)
class Given:
    """The options as they were typed; what was left out is None or empty."""

    token_file: Path | None = None
    admins: frozenset[int] = frozenset()
    approval_above: int | None = None
    petition: Path | None = None
    short_name: str | None = None
    languages: tuple[str, ...] = ()
    controller: tuple[str, ...] = ()
    email: str | None = None
    web_form: str | None = None
    address: str | None = None
    protection_officer: str | None = None
    key_file: Path | None = None
    env_file: Path | None = None
    bot_name: str | None = None
    bot_picture: bool = False


@dataclass
class Setup:
    """One run of the command.

    `known` has the settings as `run` would read them: the environment's, and those of the file.
    `connection` says where Telegram and the database are; its token and admins say nothing.
    `questions` is None when nothing may be asked. `written` says in sentences what is on the disk.
    `was_alone` says that no other program was found that fetches, and `was_complete` that all
    settings were in the file before.
    """

    given: Given
    words: Words
    questions: Questions | None
    env_file: Path
    connection: Settings
    known: dict[str, str] = field(repr=False)
    in_file: dict[str, str] = field(repr=False)
    written: list[str] = field(default_factory=list)
    folder_is_new: bool = False
    was_alone: bool = False
    was_complete: bool = False
    _to_write: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def begin(cls, given: Given, words: Words, questions: Questions | None) -> Setup:
        """Reads what is known already.

        Raises:
            SettingsInvalid: others than its owner can use the file of settings, or one that is
                not asked for is wrong.
        """
        path = (given.env_file or file_locations.env_file()).expanduser().absolute()
        # What the command settles is left out: it may be missing, or wrong.
        token = "1:a"  # noqa: S105
        connection = load_settings(
            env_file=path, bot_token=token, admin_ids="1,2", folder=None, key_file=None
        )
        in_file = {name: value for name, value in dotenv_values(path).items() if value}
        setup = cls(given, words, questions, path, connection, {**in_file}, in_file)
        setup.known |= setup._outside()
        setup.was_complete = in_file.keys() >= {*_SETTLED}
        return setup

    @property
    def database_url(self) -> str:
        """The database that `run` would use."""
        return self.connection.database_url

    def open_calls(self, token: str) -> AbstractAsyncContextManager[BotCalls]:
        """Opens a connection to Telegram for the bot of a token, where `run` finds it."""
        return open_bot_calls(token, self.connection.api_url, self.connection.proxy)

    def keep(self, name: str, value: str) -> None:
        """Notes a setting, and writes it at once where questions are asked.

        So an interruption loses no answer. Without questions all are written together at the end.
        """
        self.known[name] = value
        if self.in_file.get(name) != value:
            self._to_write[name] = value
        if self.questions is not None:
            self.write()

    def write(self) -> None:
        """Writes the settings that were noted and not yet written."""
        if not self._to_write:
            return
        write_values(self.env_file, self._to_write)
        self.in_file |= self._to_write
        self._to_write.clear()
        self.note_settings()

    def note_settings(self) -> None:
        """Notes that the file of settings is on the disk."""
        self.note_written(self.words.label("los ajustes, en {path}", path=shown(self.env_file)))

    def keep_environment(self) -> list[str]:
        """Keeps the settings of the environment beside those that were asked for.

        What talked to Telegram here, perhaps through a proxy, is to do so from any other shell.
        Returns the names of those that were not in the file.
        """
        new = [name for name in self._outside() if name not in self.in_file]
        for name in new:
            self.keep(name, self._outside()[name])
        return [name for name in new if name not in _SETTLED]

    @property
    def overridden(self) -> list[str]:
        """The settings in the file to which the environment gives another value."""
        outside = self._outside().items()
        return [name for name, value in outside if self.in_file.get(name, value) != value]

    def _outside(self) -> dict[str, str]:
        known = {PREFIX + name.upper() for name in Settings.model_fields}
        values = {name: os.environ.get(name, "").strip() for name in sorted(known)}
        return {name: value for name, value in values.items() if value}

    def note_written(self, what: str) -> None:
        """Notes what is on the disk, once."""
        if what not in self.written:
            self.written.append(what)

    @property
    def changes_nothing(self) -> bool:
        """Whether no option asks for a change."""
        return self.given == Given(env_file=self.given.env_file)

    def asked(self) -> Questions:
        """Returns the questions, for a missing answer; raises CannotDo if nothing may be asked."""
        if self.questions is None:
            raise CannotDo(self.words.label("Falta una respuesta: petition-bot init --help"))
        return self.questions

    def say_kept(self, what: str) -> None:
        """Says that something stays as it was."""
        say(self.words.label("✓ {what}: sin cambios.", what=what))


def shown(path: Path) -> str:
    """Returns a path as people read and type it, with ~ for their home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def as_argument(path: Path) -> str:
    """Returns a path as it is typed into a shell."""
    short, whole = shown(path), str(path)
    return short if shlex.quote(whole) == whole else shlex.quote(whole)
