"""Tests that a start imports the driver of an extra only for its database."""

import asyncio
import sys

import pytest

pytestmark = pytest.mark.processes

TELL_WHAT_IS_LOADED = """
import asyncio, sys
from storage.migrate import migrate
from storage.database import open_database

async def start(url):
    await migrate(url)
    await (await open_database(url)).close()

if len(sys.argv) > 1:
    asyncio.run(start(sys.argv[1]))
print("asyncpg" in sys.modules)
"""


async def told(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TELL_WHAT_IS_LOADED, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode().strip()


async def test_importing_storage_loads_no_driver_of_an_extra() -> None:
    assert await told() == "False"


async def test_a_start_loads_that_of_its_database(empty_url: str, kind: str) -> None:
    assert await told(empty_url) == str(kind == "postgres")
