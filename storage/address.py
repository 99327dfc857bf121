"""Where the database is: its URL, read once and turned into what an adapter needs."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import DatabaseUrlWrong


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A SQLite database: one file, with its journal beside it."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A PostgreSQL database, as the driver wants to be told."""

    # It can hold a password, so it is never shown.
    dsn: str = field(repr=False)


def parse_address(url: str) -> SqliteAddress | PostgresAddress:
    """Read a database URL; one that cannot be used raises DatabaseUrlWrong."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: the cause's message repeats the URL and with it the password.
        raise DatabaseUrlWrong from None
    match parsed.drivername:
        case "sqlite+aiosqlite":
            return SqliteAddress(_file(parsed))
        case "postgresql+asyncpg":
            dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
            return PostgresAddress(dsn)
    raise DatabaseUrlWrong


def data_folder(url: str) -> Path | None:
    """The folder that holds the database file, resolved; None where there is no such file."""
    address = parse_address(url)
    return address.path.resolve().parent if isinstance(address, SqliteAddress) else None


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.query:
        raise DatabaseUrlWrong(
            "A SQLite database is a plain file: sqlite+aiosqlite:///FOLDER/petition.db"
        )
    return Path(url.database)
