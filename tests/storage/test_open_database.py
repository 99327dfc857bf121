"""Tests that opening a database reports what is missing in a sentence."""

import sys

import pytest

from storage import DriverMissing, Keyring, SchemaMissing, Unavailable, open_database, open_storage


async def test_postgres_without_its_driver_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "storage.postgres", raising=False)
    with pytest.raises(DriverMissing, match=r"install .*'asyncpg>="):
        await open_database("postgresql+asyncpg://bot@127.0.0.1/petition")


async def test_storage_on_a_database_without_tables_says_to_migrate(
    empty_url: str, keyring: Keyring
) -> None:
    with pytest.raises(SchemaMissing, match="migrate"):
        await open_storage(empty_url, keyring, "andry")


async def test_a_closed_storage_is_unavailable_and_says_so(
    database_url: str, keyring: Keyring
) -> None:
    storage = await open_storage(database_url, keyring, "andry")
    await storage.close()
    with pytest.raises(Unavailable):
        await storage.petitions.state()
