"""Fixtures: empty databases of both kinds with all tables, and a keyring."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from storage.database import Database, open_database
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.support.postgres_server import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the whole run, for whose databases each statement is compiled once."""
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    from storage import postgres

    first: Engine | None = None

    def alike(*args: Any, **kwargs: Any) -> AsyncEngine:
        nonlocal first
        engine = create_async_engine(*args, **kwargs)
        if first is None or not first.dialect.server_version_info:
            first = engine.sync_engine
        engine.sync_engine.dialect = first.dialect
        engine.sync_engine._compiled_cache = first._compiled_cache
        return engine

    with running_postgres() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "create_async_engine", alike)
        yield server


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop, since nobody else uses it."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "petition.db"
    copy_tables(path)
    return path


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless a test or its folder asks for both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own with all tables and no rows."""
    if kind == "sqlite":
        path = tmp_path / "data" / "petition.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.migrated()
    yield url
    server.take_back(url)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own without any table."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'petition.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """That database, open."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A keyring, whose file is this test's own."""
    return write_key(tmp_path / "petition.key")


def copy_tables(to: Path) -> None:
    """Writes a migrated SQLite database; call it outside of an event loop."""
    to.write_bytes(_migrated())
    to.chmod(0o600)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "petition.db"
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


_made: list[str] = []


def write_key(path: Path) -> Keyring:
    """Writes the key file, which the first test of the process made, and reads it."""
    if not _made:
        keyring = Keyring.generate(path)
        _made.append(path.read_text())
        return keyring
    path.touch(0o600, exist_ok=False)
    path.write_text(_made[0])
    return Keyring.load(path)
