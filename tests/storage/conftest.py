"""Fixtures: every storage test runs on both databases, on one of its own."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from storage import Storage
from storage.database import Database
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.leases import take_over
from storage.petitions import ensure_petition
from storage.transaction import Transaction, Work
from tests.support.broadcasts import ME
from tests.support.supporters import NOON, SLUG, Supporters


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_TRIES: dict[Path, Counter[Work[..., Any]]] = defaultdict(Counter)


@pytest.fixture(autouse=True)
def run_twice(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs functions twice, the first time in vain, as after a conflict with another.

    Each the first five times in a file, as some tests have hundreds sign; and on one of the
    databases: whether a function may run twice is not theirs to say.
    """
    if "postgres" in request.node.name:
        yield
        return
    once: Any = Storage.write
    tries = _TRIES[request.path]

    async def twice(storage: Storage, work: Work[..., Any], *args: Any, **kwargs: Any) -> Any:
        tries[work] += 1
        if tries[work] > 5:
            return await once(storage, work, *args, **kwargs)

        def run(tx: Transaction) -> Any:
            tx.connection.exec_driver_sql("SAVEPOINT in_vain")
            with suppress(StorageError, DBAPIError):
                work(tx, *args, **kwargs)
            tx.connection.exec_driver_sql("ROLLBACK TO in_vain")
            tx.connection.exec_driver_sql("RELEASE in_vain")
            tx.noted.clear()
            tx._ids = 0
            return work(tx, *args, **kwargs)

        return await once(storage, run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "write", twice)
        yield


@pytest.fixture
async def storage(database: Database, keyring: Keyring) -> Storage:
    """The petition "andry", open for signatures."""
    storage = Storage(database, keyring, SLUG)
    storage.journal.prepare()
    await storage.write(ensure_petition)
    return storage


@pytest.fixture
async def people(storage: Storage) -> Supporters:
    """The petition closed before anybody signed it; the lease of its broadcasts is ours."""
    people = Supporters(storage.database, storage.keyring)
    await people.open_petition()
    await storage.write(take_over, ME, NOON)
    return people
