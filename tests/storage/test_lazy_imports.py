"""Tests that a start imports Alembic only for a database of an older version."""

import asyncio
import sys

import pytest

pytestmark = pytest.mark.processes

HEAVY = ("alembic", "mako")

TELL_WHAT_IS_LOADED = f"""
import asyncio, sys
from storage.migrate import migrate
from storage.database import open_database

async def start(url):
    await migrate(url)
    await (await open_database(url)).close()

if len(sys.argv) > 1:
    asyncio.run(start(sys.argv[1]))
print([name for name in {HEAVY} if name in sys.modules], "asyncpg" in sys.modules)
"""


async def told(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TELL_WHAT_IS_LOADED, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode().strip()


async def test_importing_storage_loads_no_toolkit_and_no_driver_of_an_extra() -> None:
    assert await told() == "[] False"


async def test_a_start_on_a_migrated_database_never_loads_alembic(
    database_url: str, kind: str
) -> None:
    assert await told(database_url) == f"[] {kind == 'postgres'}"


async def test_nor_does_a_first_start(empty_url: str, kind: str) -> None:
    assert await told(empty_url) == f"[] {kind == 'postgres'}"
