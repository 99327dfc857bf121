"""Fixtures: every storage test runs on both databases, new and migrated each time."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage import (
    Broadcasts,
    Conversations,
    Database,
    Keyring,
    Leases,
    Signatures,
    Storage,
    open_database,
    open_storage,
)
from tests.broadcast.petitioners import NOON, SLUG, Petitioners
from tests.storage.empty_tables import copy_tables
from tests.storage.postgres_server import PostgresServer, running_postgres
from tests.storage.sending import ME


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the whole run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "petition.db"
    copy_tables(path)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test is about."""
    return str(request.param)


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
    """A keyring of this test's own."""
    return Keyring.generate(tmp_path / "petition.key")


@pytest.fixture
async def storage(database_url: str, keyring: Keyring) -> AsyncIterator[Storage]:
    """The petition "andry", open for signatures."""
    opened = await open_storage(database_url, keyring, "andry")
    yield opened
    await opened.close()


@pytest.fixture
def broadcasts(database: Database, keyring: Keyring) -> Broadcasts:
    return Broadcasts(database, SLUG, keyring)


@pytest.fixture
def signatures(database: Database, keyring: Keyring) -> Signatures:
    return Signatures(database, SLUG, keyring, Conversations(database, SLUG, keyring))


@pytest.fixture
async def people(database: Database, keyring: Keyring) -> Petitioners:
    """A closed petition that nobody has signed yet; the lease of its broadcasts is ours."""
    people = Petitioners(database, keyring)
    await people.open_petition()
    await Leases(database).take(f"broadcast/{SLUG}", ME, seconds=10**9, now=NOON)
    return people
