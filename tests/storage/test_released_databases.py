"""Tests that a database of each schema that was released is taken along, with all that is in it.

`keep_database.py` made them.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Executable, text

from storage import Storage, open_storage
from storage.broadcast_transitions import finish_broadcast
from storage.broadcast_types import Outcome
from storage.broadcasts import broadcast_history
from storage.closing_texts import all_closing_texts
from storage.deliveries import recover_deliveries
from storage.exports import Change
from storage.handovers import active_handover, owed_changes
from storage.invalidations import all_invalidations, undo_invalidation
from storage.journal import Deed
from storage.keyring import Keyring
from storage.leases import take_over
from storage.migrate import STEPS, migrate, require_newest
from storage.petitions import petition_state, reached_so_far
from storage.signatures import withdraw_signature
from tests.storage.keep_database import DATABASES, HANDED_OVER
from tests.storage.test_migrate import next_schema, postgres_schema, sqlite_path, sqlite_schema
from tests.support.broadcasts import OTHER, claim, record
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import postgres_connection, read_sql
from tests.support.supporters import a_supporter, later

SCHEMAS = sorted(file.name.removesuffix(".sqlite.sql") for file in DATABASES.glob("*.sqlite.sql"))


async def load(url: str, schema: str) -> None:
    """Puts a database that was kept in the place of an empty one."""
    if url.startswith("sqlite"):
        sql = (DATABASES / f"{schema}.sqlite.sql").read_text("utf-8")
        with closing(sqlite3.connect(sqlite_path(url))) as database:
            database.executescript(sql)
        return
    async with postgres_connection(url) as server:
        await server.execute((DATABASES / f"{schema}.postgres.sql").read_text("utf-8"))


@pytest.fixture
def key(tmp_path: Path) -> Keyring:
    """The key with which they were made."""
    path = Path(shutil.copy(DATABASES / "key_file", tmp_path / "kept.key"))
    path.chmod(0o600)
    return Keyring.load(path)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_it_goes_on_where_it_was(schema: str, empty_url: str, key: Keyring) -> None:
    """Seven signed; Mallory withdrew, Jordi is muted, Pau's name was corrected by letter, Íñigo is
    not counted, and of a broadcast to the four others one has got it and one is being sent it."""
    await load(empty_url, schema)
    shutil.copy(DATABASES / f"{schema}.andry.journal", key.beside("andry.journal"))
    await migrate(empty_url)
    await require_newest(empty_url)
    storage = await open_storage(empty_url, key, "andry")

    assert await names(storage) == {
        1: "Ana García",
        2: "Jordi Puig",
        4: "Seán O'Brien",
        5: "Pau Roca Vila",
        6: "Eva Sanz",
        7: "Íñigo Ruiz",
    }
    zoe = a_supporter(key, 1050, "Zoe Vidal")
    await zoe.sign(storage)
    ana, state = a_supporter(key, 1001), await storage.read(petition_state)
    assert (state.signatures, (await storage.read(reached_so_far)).number) == (6, 8)

    (broadcast,) = await storage.read(broadcast_history)
    await storage.write(take_over, OTHER, later(100))
    await storage.write(
        recover_deliveries, broadcast, holder=OTHER, takes_back=True, at=later(100)
    )
    rest = await claim(storage, broadcast, holder=OTHER, at=later(100))
    assert sorted(each.chat_id for each in rest) == [1004, 1005, 1006]
    await record(storage, broadcast, rest, Outcome.DELIVERED, at=later(101))
    await storage.write(finish_broadcast, broadcast.id, later(102))

    assert await storage.write(withdraw_signature, ana.supporter, later(103))
    assert (await storage.read(petition_state)).signatures == 5
    entries = (await asyncio.to_thread(storage.journal.read)).entries
    assert [each.deed for each in entries].count(Deed.WITHDRAWAL) == 2
    (written,) = await storage.read(all_closing_texts)
    assert written.text == "Han vuelto."
    (wave,) = await storage.read(all_invalidations)
    assert await storage.write(undo_invalidation, wave.id, later(104)) == 1
    await storage.close()
    given = await open_storage(empty_url, key, HANDED_OVER)
    handover = await given.read(active_handover)
    assert handover is not None
    assert (handover.with_name, handover.without_name) == (1, 0)
    (owed,) = await given.read(owed_changes, handover)
    assert (owed.number, owed.change) == (1, Change.WITHDRAWN)
    await given.close()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_it_has_the_tables_of_a_new_one(
    schema: str, empty_url: str, sqlite_template: Path, request: pytest.FixtureRequest
) -> None:
    await load(empty_url, schema)
    await migrate(empty_url)
    if empty_url.startswith("sqlite"):
        assert sqlite_schema(sqlite_path(empty_url)) == sqlite_schema(sqlite_template)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    fresh = await asyncio.to_thread(server.migrated)
    assert await postgres_schema(empty_url) == await postgres_schema(fresh)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_killed_half_way_it_opens_at_the_next_start(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two columns are added, and the disk is copied as it is when there is one of them."""
    path, left = sqlite_path(empty_url), tmp_path / "killed"
    await load(empty_url, SCHEMAS[-1])
    await migrate(empty_url)
    before = sqlite_schema(path)

    def two_columns(_: bool) -> Iterator[Executable]:
        yield text("ALTER TABLE signatures ADD COLUMN one TEXT")
        if not left.exists():
            shutil.copytree(path.parent, left)
        yield text("ALTER TABLE signatures ADD COLUMN two TEXT")

    next_schema(monkeypatch)
    monkeypatch.setattr("storage.migrate.STEPS", [*STEPS, two_columns])
    assert await migrate(empty_url) == "next"
    assert sqlite_schema(left / path.name) == before
    await migrate(f"sqlite+aiosqlite:///{left / path.name}")
    assert sqlite_schema(left / path.name) == sqlite_schema(path) != before


async def names(storage: Storage) -> dict[int, str]:
    """Who signed with a name, by number."""
    sql = """
    SELECT number, id, name_sealed FROM signatures
    WHERE petition = 'andry' AND name_sealed IS NOT NULL
    """
    return {
        row["number"]: storage.keyring.open(
            row["name_sealed"], table="signatures", column="name_sealed", row=row["id"]
        )
        for row in await read_sql(storage.database, sql)
    }
