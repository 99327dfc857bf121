"""A database by its URL: what its adapter needs, which alone knows which kind it is."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from storage.errors import DatabaseUrlWrong, NeedsAPerson
from storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from storage.postgres import PostgresDatabase

Database: TypeAlias = "SqliteDatabase | PostgresDatabase"
"""What both can is said of the first."""

# What of the options of a server's address says which database it is.
_WHERE = ("host", "port", "dbname", "database")


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A SQLite database: one file, with its journal beside it."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A PostgreSQL database, by the DSN that the driver takes."""

    # It can contain a password, so it is never shown.
    dsn: str = field(repr=False)


def parse_address(url: str) -> SqliteAddress | PostgresAddress:
    """Parses a database URL; raises DatabaseUrlWrong if it cannot be used."""
    scheme, _, rest = url.partition("://")
    match scheme:
        case "sqlite+aiosqlite":
            return SqliteAddress(_file(rest))
        case "postgresql+asyncpg":
            return PostgresAddress(_dsn(rest))
    # The message never repeats the URL, which can contain a password.
    raise DatabaseUrlWrong


def data_folder(url: str) -> Path | None:
    """Returns the resolved folder of the database file; None for PostgreSQL."""
    address = parse_address(url)
    return address.path.resolve().parent if isinstance(address, SqliteAddress) else None


def without_password(address: SqliteAddress | PostgresAddress) -> str:
    """Returns the address of a database without user, password and how it is reached."""
    if isinstance(address, SqliteAddress):
        return f"sqlite+aiosqlite:///{address.path.resolve()}"
    parts = urlsplit(address.dsn)
    given = [each for each in parse_qsl(parts.query) if each[0] in _WHERE]
    place = f"postgresql+asyncpg://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{place}?{urlencode(given, safe='/')}" if given else place


def _file(rest: str) -> Path:
    # An empty host, then the path: three slashes for a relative one and four for an absolute one.
    path = rest.removeprefix("/")
    if path == rest or path in {"", ":memory:"} or path.endswith("/") or "?" in path:
        raise DatabaseUrlWrong(
            "A SQLite database is a plain file: sqlite+aiosqlite:///FOLDER/petition.db"
        )
    return Path(path)


def hosts_of(dsn: str) -> list[tuple[str | None, int | None]]:
    """Returns the servers that an address names; raises ValueError where a port is none."""
    places = urlsplit(dsn).netloc.rpartition("@")[2].split(",")
    return [(parts.hostname, parts.port) for parts in map(urlsplit, (f"//{p}" for p in places))]


def names_standby(dsn: str) -> bool:
    """Returns whether an address says that there is more than the server that takes writes.

    It names several, or asks what is behind a pooler or a proxy for the one that takes writes.
    """
    query = dict(parse_qsl(urlsplit(dsn).query))
    is_chosen = query.get("target_session_attrs") in ("read-write", "primary")
    return is_chosen or len(hosts_of(dsn)) > 1 or "," in query.get("host", "")


def _dsn(rest: str) -> str:
    dsn = f"postgresql://{rest}"
    try:
        parts = urlsplit(dsn)
        # Signs that end a password early, so that the rest of it would be shown as a place.
        if "@" in parts.path + parts.query or parts.fragment:
            raise ValueError
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        for port in filter(None, query.get("port", "").split(",")):
            int(port)  # as the driver does
        for host, _ in hosts_of(dsn):
            name = unquote(host or "")
            if "\0" in name:
                raise ValueError
            if not name.startswith("/"):  # as the folder of a socket does
                name.encode("idna")  # raises UnicodeError, which is one
    except ValueError:
        # Not chained: the cause's message repeats what may be part of a password.
        raise DatabaseUrlWrong(
            "The host, the port or an option in PETITION_DATABASE_URL cannot be one. In a "
            "password, signs such as @ and / are written %40 and %2F."
        ) from None
    return dsn


async def open_database(url: str, *, cleans_up: bool = True) -> Database:
    """Opens a database that `migrate` has made or brought up to date; see SqliteDatabase.open.

    Raises:
        DatabaseUrlWrong: the address is not valid; the message says what it looks like.
        SchemaMissing: there is no such file yet.
        Unavailable: it cannot be reached just now.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        return await SqliteDatabase(address.path).open(cleans_up=cleans_up)
    database: Database = await postgres_adapter().PostgresDatabase.open(address.dsn)
    return database


def postgres_adapter() -> ModuleType:
    """Returns the PostgreSQL adapter, imported only here: its driver is an optional extra."""
    try:
        return importlib.import_module("storage.postgres")
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise NeedsAPerson(
            "A PostgreSQL database needs asyncpg, of the extra postgres. Install it with: "
            "{command}",
            command="make live EXTRAS=postgres",
        ) from error
