"""Tests that the databases shared by tests are as good as new."""

import asyncio

import asyncpg
import pytest

from tests.support.postgres_server import PostgresServer

PETITION = "INSERT INTO petitions (slug) VALUES ('andry')"


async def connected(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def test_one_that_was_used_comes_back_empty_and_with_nobody_connected(
    postgres_server: PostgresServer,
) -> None:
    url = await asyncio.to_thread(postgres_server.migrated)
    left_open = await connected(url)
    await left_open.execute(PETITION)
    await asyncio.to_thread(postgres_server.take_back, url)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await left_open.execute(PETITION)
    assert await asyncio.to_thread(postgres_server.migrated) == url
    again = await connected(url)
    assert await again.fetchval("SELECT count(*) FROM petitions") == 0
    await again.close()
    await asyncio.to_thread(postgres_server.take_back, url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE petitions ADD COLUMN colour text",
        "DROP TABLE consents CASCADE",
        "CREATE TABLE colours (name text)",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
async def test_one_whose_tables_were_changed_does_not_come_back(
    postgres_server: PostgresServer, change: str
) -> None:
    url = await asyncio.to_thread(postgres_server.migrated)
    connection = await connected(url)
    await connection.execute(change)
    await connection.close()
    await asyncio.to_thread(postgres_server.take_back, url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await connected(url)
