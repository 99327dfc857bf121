"""Tests that opening a database reports what is missing in a sentence."""

import sys
from pathlib import Path

import pytest

from storage import open_storage
from storage.database import open_database
from storage.errors import KeyFileOther, NeedsAPerson, PetitionMissing, SchemaMissing, Unavailable
from storage.journal import Deed, Entry
from storage.keyring import Keyring
from storage.petitions import petition_state
from tests.support.raw_sql import write_sql


async def test_postgres_without_its_driver_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "storage.postgres", raising=False)
    with pytest.raises(NeedsAPerson, match=r"install .*'asyncpg>="):
        await open_database("postgresql+asyncpg://bot@127.0.0.1/petition")


async def test_storage_on_a_database_without_tables_says_to_migrate(
    empty_url: str, keyring: Keyring
) -> None:
    with pytest.raises(SchemaMissing, match="migrate"):
        await open_storage(empty_url, keyring, "andry")


async def test_a_petition_is_opened_with_no_other_key_than_its_first(
    database_url: str, keyring: Keyring, tmp_path: Path
) -> None:
    other = Keyring.generate(tmp_path / "other.key")
    for first, second in ((keyring, other), (other, keyring)):
        storage = await open_storage(database_url, first, "andry")
        for is_known in (False, True):
            with pytest.raises(KeyFileOther):
                await open_storage(database_url, second, "andry", is_known=is_known)
        # A row in which no key was kept takes that of the next start.
        await write_sql(storage.database, "UPDATE petitions SET key_fingerprint = NULL")
        await storage.close()


async def test_where_another_key_took_the_place_of_its_own_that_is_said_and_not_of_the_journal(
    database_url: str, keyring: Keyring
) -> None:
    """The journal is of the key that is not there any more, too."""
    storage = await open_storage(database_url, keyring, "andry")
    storage.journal.append([Entry(Deed.WITHDRAWAL, bytes(16))])
    await storage.close()
    keyring.path.unlink(missing_ok=True)
    with pytest.raises(KeyFileOther):
        await open_storage(database_url, Keyring.generate(keyring.path), "andry")


async def test_a_petition_that_was_never_started_is_not_known(
    database_url: str, keyring: Keyring
) -> None:
    with pytest.raises(PetitionMissing):
        await open_storage(database_url, keyring, "andry", is_known=True)


async def test_a_closed_storage_is_unavailable_and_says_so(
    database_url: str, keyring: Keyring
) -> None:
    storage = await open_storage(database_url, keyring, "andry")
    await storage.close()
    with pytest.raises(Unavailable):
        await storage.read(petition_state)
