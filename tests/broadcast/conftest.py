"""Fixtures: a petition with signatures in a real database, and a worker with short durations."""

from collections.abc import AsyncIterator

import pytest

from storage import Database, Keyring
from tests.broadcast.petitioners import Petitioners
from tests.broadcast.telegram import FakeTelegram
from tests.broadcast.workers import Bench
from tests.storage.conftest import (
    database,
    database_url,
    keyring,
    postgres_server,
    sqlite_template,
)

__all__ = ["database", "database_url", "keyring", "postgres_server", "sqlite_template"]


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: SQLite, unless a test asks for both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
async def people(database: Database, keyring: Keyring) -> Petitioners:
    """A closed petition that nobody has signed yet."""
    people = Petitioners(database, keyring)
    await people.open_petition()
    return people


@pytest.fixture
def telegram() -> FakeTelegram:
    """A fake Telegram in which every chat can be written to."""
    return FakeTelegram()


@pytest.fixture
async def bench(
    database: Database, keyring: Keyring, people: Petitioners, telegram: FakeTelegram
) -> AsyncIterator[Bench]:
    """Makes workers for that petition, and stops them at the end."""
    bench = Bench(database, keyring, people, telegram)
    yield bench
    await bench.close()
