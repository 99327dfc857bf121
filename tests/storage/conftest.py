"""Fixtures: every storage test runs on both databases, on one of its own."""

from collections.abc import AsyncIterator

import pytest

from storage import (
    Broadcasts,
    Database,
    Keyring,
    Leases,
    Recalls,
    Signatures,
    Storage,
    open_storage,
)
from tests.support.broadcasts import ME
from tests.support.supporters import NOON, SLUG, Supporters


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
def recalls(database: Database, keyring: Keyring) -> Recalls:
    return Recalls(database, SLUG, keyring)


@pytest.fixture
def signatures(database: Database, keyring: Keyring) -> Signatures:
    return Signatures(database, SLUG, keyring)


@pytest.fixture
async def people(database: Database, keyring: Keyring) -> Supporters:
    """A closed petition that nobody has signed yet; the lease of its broadcasts is ours."""
    people = Supporters(database, keyring)
    await people.open_petition()
    leases = Leases(database, SLUG, keyring)
    await leases.take(f"broadcast/{SLUG}", ME, seconds=10**9, now=NOON)
    return people
