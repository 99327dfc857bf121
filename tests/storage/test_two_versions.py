"""Tests that an older and a newer version on one machine never run at once without knowing it.

What an older version holds is written here as it writes it: every name that both have to share.
"""

import asyncio
import fcntl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.app import open_app
from bot.high_water_mark import HighWaterMark
from bot.settings import Settings
from storage.errors import DatabaseBehind, HeldElsewhere
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.support.raw_sql import postgres_connection
from tests.support.supporters import SLUG

# The first eight bytes of the SHA-256 of "petition-bot intake/andry".
INTAKE_LOCK = 5137070258453841436
MIGRATION_LOCK = 8099007501169160046

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def settings(folder: Path, database_url: str) -> Settings:
    """The settings of the bundled petition, whose key is apart from the database."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    Keyring.generate(keys / "petition.key")
    return Settings.load(
        bot_token="1:" + "a" * 35,
        admin_ids=frozenset({7}),
        database_url=database_url,
        key_file=keys / "petition.key",
    )


async def test_a_bot_is_not_started_while_an_older_one_has_the_lock(
    database_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as older:
        if database_url.startswith("sqlite"):
            lock = tmp_path / "data" / "petition.db-intake%2Fandry.lock"
            fcntl.flock(older.enter_context(lock.open("w")), fcntl.LOCK_EX)
        else:
            connection = await older.enter_async_context(postgres_connection(database_url))
            await connection.execute("SELECT pg_advisory_lock($1)", INTAKE_LOCK)
        with pytest.raises(HeldElsewhere, match="already running"):
            async with open_app(settings(tmp_path, database_url)):
                pass


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_migration_waits_for_that_of_an_older_version(empty_url: str) -> None:
    async with postgres_connection(empty_url) as older:
        await older.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        waiting = asyncio.create_task(migrate(empty_url))
        while not await older.fetchval(WAITING):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
        assert not waiting.done()
    await waiting


async def test_what_an_older_version_noted_of_how_far_it_got_is_looked_at(tmp_path: Path) -> None:
    content = "6 0\npostgresql+asyncpg://db/petition\n7\n"
    (tmp_path / "petition.key.andry.mark").write_text(content)
    mark = HighWaterMark(tmp_path / "petition.key", f"sqlite+aiosqlite:///{tmp_path}/it.db", SLUG)
    with pytest.raises(DatabaseBehind, match="people signed it with the key"):
        await mark.require_reached()
