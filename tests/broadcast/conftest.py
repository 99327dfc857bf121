"""Fixtures: a petition with signatures in a real database, and a worker with short durations."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from storage.keyring import Keyring
from tests.broadcast.workers import WorkerHarness
from tests.support.fake_telegram import FakeTelegram
from tests.support.supporters import Supporters


@pytest.fixture
async def people(database: Database, keyring: Keyring) -> Supporters:
    """A closed petition that nobody has signed yet."""
    people = Supporters(database, keyring)
    await people.open_petition()
    return people


@pytest.fixture
def telegram() -> FakeTelegram:
    """A fake Telegram in which every chat can be written to."""
    return FakeTelegram()


@pytest.fixture
async def harness(
    database: Database, keyring: Keyring, people: Supporters, telegram: FakeTelegram
) -> AsyncIterator[WorkerHarness]:
    """Makes workers for that petition, and stops them at the end."""
    harness = WorkerHarness(database, keyring, people, telegram)
    yield harness
    await harness.close()
