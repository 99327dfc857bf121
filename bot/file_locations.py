"""Where files are that nobody named: the settings, the database, the key, and petition folders.

Installed like any program, the bot can be started from anywhere, so by default its files are where
the platform keeps a program's files. What lies in the working directory comes first, as it did
before there was a default.
"""

from pathlib import Path

from platformdirs import user_config_path, user_data_path

_PROGRAM = "petition-bot"
ENV_NAME = ".env"
_DATABASE_NAME = "petition.db"


def env_file() -> Path:
    """Returns the file of settings: `.env` in the working directory if there is one."""
    here = Path.cwd() / ENV_NAME
    return here if here.is_file() else user_config_path(_PROGRAM, appauthor=False) / ENV_NAME


def database_url() -> str:
    """Returns the default database: `petition.db` in the working directory if there is one."""
    here = Path.cwd() / _DATABASE_NAME
    path = here if here.is_file() else _data_folder() / "data" / _DATABASE_NAME
    return f"sqlite+aiosqlite:///{path}"


def key_file() -> Path:
    """Returns where a new key goes, if nothing else is said: never below the database's folder."""
    return user_config_path(_PROGRAM, appauthor=False) / "keys" / "petition.key"


def petition_folder(slug: str) -> Path:
    """Returns where the folder of a new petition goes, if nothing else is said."""
    return _data_folder() / "petitions" / slug


def _data_folder() -> Path:
    return user_data_path(_PROGRAM, appauthor=False)
