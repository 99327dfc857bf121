"""Tests of parsing database URLs, which are never repeated in an error."""

from pathlib import Path

import pytest

from storage.database import PostgresAddress, SqliteAddress, names_standby, parse_address
from storage.errors import DatabaseUrlWrong


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite+aiosqlite:///petition.db", "petition.db"),
        ("sqlite+aiosqlite:////srv/petition/petition.db", "/srv/petition/petition.db"),
        ("sqlite+aiosqlite:///data/year 2025.db", "data/year 2025.db"),
    ],
)
def test_a_sqlite_url_names_a_file(url: str, path: str) -> None:
    assert parse_address(url) == SqliteAddress(Path(path))


# As of a cloud that offers a database by a socket in a folder with a long name.
SOCKET = "%2Fcloudsql%2Fan-organisation-petitions%3Anorthamerica-northeast1%3Apetition-database"


@pytest.mark.parametrize("server", ["db.example:5433", SOCKET, "%2Fvar%2F..%2Frun"])
def test_a_postgres_url_becomes_what_the_driver_reads(server: str) -> None:
    url = f"postgresql+asyncpg://bot:p%40ss@{server}/petition?sslmode=require"
    assert parse_address(url) == PostgresAddress(
        f"postgresql://bot:p%40ss@{server}/petition?sslmode=require"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "petition.db",
        "sqlite:///petition.db",
        "postgresql://bot:hunter2@db/petition",
        "mysql+aiomysql://bot:hunter2@db/petition",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite://petition.db",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///data/",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///petition.db?mode=ro",
        "postgresql+asyncpg://bot:hunter2@db:port/petition",
        "postgresql+asyncpg://bot:hunter2@[db/petition",
        "postgresql+asyncpg://bot:hunter2@db..internal/petition",
        "postgresql+asyncpg://bot:hunter2@db%00/petition",
    ],
)
def test_any_other_url_is_refused_with_a_sentence_and_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlWrong) as caught:
        parse_address(url)
    assert "sqlite+aiosqlite:///" in str(caught.value) or "host or the port" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(parse_address("postgresql+asyncpg://bot:hunter2@db/petition"))


@pytest.mark.parametrize(
    ("place", "is_named"),
    [
        ("db1/petition", False),
        ("db1:5432,db2:5432/petition", True),
        ("/petition?host=db1,db2", True),
        ("bot:a,b@db1/petition?host=db1", False),
        ("pgbouncer/petition?target_session_attrs=read-write", True),
        ("pgbouncer/petition?sslmode=require&target_session_attrs=primary", True),
        ("db1/petition?target_session_attrs=any", False),
    ],
)
def test_an_address_says_whether_there_is_a_standby(place: str, is_named: bool) -> None:
    assert names_standby(f"postgresql://{place}") is is_named
