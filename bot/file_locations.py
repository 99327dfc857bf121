"""Where files are that nobody named: the settings, the database, the key, and petition folders.

Installed like any program, the bot can be started from anywhere, so by default its files are where
the platform keeps a program's files. What lies in the working directory comes first, as it did
before there was a default.
"""

import os
from pathlib import Path

from platformdirs import user_config_path, user_data_path

_PROGRAM = "petition-bot"
ENV_NAME = ".env"
ENV_FILE_NAMED = "PETITION_ENV_FILE"
"""The variable of the environment that names the file of settings."""

_DATABASE_NAME = "petition.db"
_SQLITE = "sqlite+aiosqlite:///"


def env_file() -> Path:
    """Returns the file of settings: the one that is named, or `.env` in the working directory."""
    if named := os.environ.get(ENV_FILE_NAMED):
        return Path(named)
    here = Path.cwd() / ENV_NAME
    return here if here.is_file() else _config_folder() / ENV_NAME


def database_url() -> str:
    """Returns the default database: `petition.db` in the working directory if there is one."""
    here = Path.cwd() / _DATABASE_NAME
    return f"{_SQLITE}{here if here.is_file() else default_data_folder() / _DATABASE_NAME}"


def make_database_folder(url: str) -> None:
    """Makes the default database's folder, for its owner alone, if the database is to be there.

    A folder that somebody named is not made: its name may be mistyped.

    Raises:
        OSError: it cannot be made.
    """
    folder = default_data_folder()
    if Path(url.removeprefix(_SQLITE)).parent != folder:
        return
    make_private_folder(folder)


def make_private_folder(folder: Path) -> None:
    """Makes a folder that only its owner can use, and those above it that are missing; OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        # One by one, since the mode given with `parents` is that of the last one alone.
        each.mkdir(mode=0o700, exist_ok=True)


def found_here(url: str) -> tuple[Path, ...]:
    """Returns the file of settings and the database, if this folder is why they are used."""
    if Path.cwd() in (_config_folder(), default_data_folder()):
        return ()  # these are looked for here from anywhere
    files = (env_file(), Path(url.removeprefix(_SQLITE)))
    return tuple(each for each in files if each.is_file() and each.parent == Path.cwd())


def key_file() -> Path:
    """Returns where a new key goes, if nothing else is said: never below the database's folder."""
    return _config_folder() / "keys" / "petition.key"


def key_file_there() -> Path | None:
    """Returns the key at its default place, if there is one."""
    path = key_file()
    return path if path.exists() else None


def default_data_folder() -> Path:
    """Returns the folder of the database, if nothing else is said."""
    return user_data_path(_PROGRAM, appauthor=False) / "data"


def _config_folder() -> Path:
    return user_config_path(_PROGRAM, appauthor=False)
