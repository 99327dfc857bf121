"""Fixtures: every storage test runs on both databases, on one of its own."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from storage import (
    Broadcasts,
    Database,
    Keyring,
    Leases,
    Recalls,
    Signatures,
    Storage,
    StorageError,
    open_storage,
)
from storage.petition_rows import PetitionRows
from storage.transaction import Transaction, Work
from tests.support.broadcasts import ME
from tests.support.supporters import NOON, SLUG, Supporters


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def run_twice(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs functions twice, the first time in vain, as after a conflict with another.

    Each at most three times in a test, as some have hundreds sign; and on one of the databases:
    whether a function may run twice is not theirs to say.
    """
    if "postgres" in request.node.name:
        yield
        return
    once: Any = PetitionRows._write
    tries = Counter[Work[..., Any]]()

    async def twice(rows: PetitionRows, work: Work[..., Any], *args: Any, **kwargs: Any) -> Any:
        tries[work] += 1
        if tries[work] > 3:
            return await once(rows, work, *args, **kwargs)

        def run(tx: Transaction) -> Any:
            tx.connection.exec_driver_sql("SAVEPOINT in_vain")
            with suppress(StorageError, DBAPIError):
                work(tx, *args, **kwargs)
            tx.connection.exec_driver_sql("ROLLBACK TO in_vain")
            tx.connection.exec_driver_sql("RELEASE in_vain")
            tx.noted.clear()
            tx._ids = 0
            return work(tx, *args, **kwargs)

        return await once(rows, run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PetitionRows, "_write", twice)
        yield


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
