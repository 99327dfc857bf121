"""Tests that a database of each schema that was released is taken along, with all that is in it.

And of the two that there were before the first release. `keep_database.py` made them.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, Executable

from storage import Storage, open_storage
from storage.broadcast_transitions import finish_broadcast
from storage.broadcast_types import Outcome
from storage.broadcasts import broadcast_history
from storage.closing_texts import all_closing_texts
from storage.conversations import conversation_of
from storage.database import open_database
from storage.database_url import data_folder
from storage.deliveries import record_results, recover_deliveries, take_lease
from storage.errors import SchemaTooOld, Unavailable
from storage.handovers import active_handover, handover_known_to
from storage.invalidations import all_invalidations, undo_invalidation
from storage.journal import Deed
from storage.keyring import Keyring
from storage.migrate import NEWEST, migrate, require_newest, statements_from
from storage.petitions import last_number_given, petition_notice_was_sent, petition_state
from storage.sent_files import files_due
from storage.signatures import withdraw_signature
from tests.storage.keep_database import DATABASES
from tests.storage.test_migrate import postgres_schema, sqlite_path, sqlite_schema
from tests.support.broadcasts import OTHER, claim, results
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import a_supporter, later

SCHEMAS = sorted({file.name.partition(".")[0] for file in DATABASES.glob("*.sql")})


async def load(url: str, schema: str) -> None:
    """Puts a database that was kept in the place of an empty one."""
    if url.startswith("sqlite"):
        sql = (DATABASES / f"{schema}.sqlite.sql").read_text("utf-8")
        with closing(sqlite3.connect(sqlite_path(url))) as database:
            database.executescript(sql)
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    await server.execute((DATABASES / f"{schema}.postgres.sql").read_text("utf-8"))
    await server.close()


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
    assert (state.signatures, await storage.read(last_number_given)) == (6, 8)

    (broadcast,) = await storage.read(broadcast_history)
    await storage.write(take_lease, "broadcast/andry", OTHER, seconds=60, now=later(100))
    await storage.write(recover_deliveries, broadcast, holder=OTHER, at=later(100))
    rest = await claim(storage, broadcast, holder=OTHER, at=later(100))
    assert sorted(each.chat_id for each in rest) == [1004, 1005, 1006]
    told = results(rest, Outcome.DELIVERED)
    await storage.write(record_results, broadcast.id, told, later(101))
    await storage.write(finish_broadcast, broadcast.id, later(102))

    assert await storage.write(withdraw_signature, ana.supporter, later(103))
    assert (await storage.read(petition_state)).signatures == 5
    entries = (await asyncio.to_thread(storage.journal.read)).entries
    assert [each.deed for each in entries].count(Deed.WITHDRAWAL) == 2
    (text,) = await storage.read(all_closing_texts)
    assert text.text == "Han vuelto."
    (wave,) = await storage.read(all_invalidations)
    assert await storage.write(undo_invalidation, wave.id, later(104)) == 1
    await storage.close()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_what_admins_were_told_of_a_broadcast_is_known(
    schema: str, empty_url: str, key: Keyring
) -> None:
    await load(empty_url, schema)
    database = await open_database(empty_url)
    told = "INSERT INTO admin_notices SELECT id, 'question', 'c0ffee' FROM broadcasts"
    await write_sql(database, told)
    reopened = "UPDATE broadcasts SET state = 'stopped', stop_reason = 'open', reason_detail = ''"
    await write_sql(database, reopened)
    await database.close()
    await migrate(empty_url)
    storage = await open_storage(empty_url, key, "andry")
    (broadcast,) = await storage.read(broadcast_history)
    assert (broadcast.state, broadcast.stop_reason) == ("cancelled", None)
    for about in ("c0ffee", "another"):
        asked = ("question", f"{broadcast.id.hex()}/{about}")
        is_known = await storage.read(petition_notice_was_sent, *asked)
        assert is_known is (about == "c0ffee")
    await storage.close()


async def test_who_chose_to_be_counted_without_a_name_has_none_left_in_any_file(
    empty_url: str, key: Keyring, request: pytest.FixtureRequest
) -> None:
    """Ana, Dani and Fidel are handed over with their names; Berta and Eva signed without, Carla
    took hers off. Gala and Hugo typed one and have not signed; Hugo chose to sign without."""
    await load(empty_url, "v1")
    shutil.copy(DATABASES / "v1.sahara.journal", key.beside("sahara.journal"))
    former = await sealed_names(empty_url, key)
    for number in (2001, 2002):  # what they were sent shows the name that they had to type
        await was_sent_a_file(empty_url, key, number)
    await migrate(empty_url)
    whose = await found_in_files(empty_url, former, request)
    assert whose == {"Ana Gil", "Dani Mas", "Fidel Nuevo", "Gala Vera"}
    assert former.keys() - whose == {"Berta Sin", "Carla Antes", "Eva Corregida", "Hugo Sin"}

    storage = await open_storage(empty_url, key, "sahara")
    assert await names(storage, "sahara") == {1: "Ana Gil", 4: "Dani Mas", 5: "Fidel Nuevo"}
    assert [each.message_id for each in await storage.read(files_due)] == [2002], "Berta's"
    forms = [
        await storage.read(conversation_of, key.reference("sahara", 2010 + number))
        for number in range(5)
    ]
    assert [(each.name, each.with_name) for each in forms if each is not None] == [
        ("Gala Vera", True),
        (None, False),
        (None, True),
        (None, True),
        (None, False),
    ]
    handover = await storage.read(active_handover)
    assert handover is not None
    assert (handover.with_name, handover.without_name) == (3, 3)
    told = [
        await storage.read(handover_known_to, a_supporter(key, 2000 + n, slug="sahara").supporter)
        for n in range(1, 7)
    ]
    assert [each.with_their_name for each in told if each is not None] == [
        *(True, False, False),
        *(True, True, False),
    ]

    storage.journal.rewrite(None)
    assert not any(each.has_name for each in storage.journal.read().entries)
    await storage.close()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_it_has_the_tables_of_a_new_one(
    schema: str, empty_url: str, sqlite_template: Path, request: pytest.FixtureRequest
) -> None:
    await load(empty_url, schema)
    assert await migrate(empty_url) == NEWEST
    if empty_url.startswith("sqlite"):
        assert sqlite_schema(sqlite_path(empty_url)) == sqlite_schema(sqlite_template)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    fresh = await asyncio.to_thread(server.migrated)
    assert await postgres_schema(empty_url) == await postgres_schema(fresh)


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("kind", ["sqlite"])
async def test_killed_half_way_it_opens_at_the_next_start(
    schema: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = sqlite_path(empty_url), tmp_path / "killed"
    await load(empty_url, schema)
    before = sqlite_schema(path)

    def half(former: str, *, is_sqlite: bool) -> Iterator[Executable]:
        statements = [*statements_from(former, is_sqlite=is_sqlite)]
        yield from statements[: len(statements) // 2]
        shutil.copytree(path.parent, left)  # what a kill at this moment leaves on the disk
        yield from statements[len(statements) // 2 :]

    monkeypatch.setitem(migrate.__globals__, "statements_from", half)
    await migrate(empty_url)
    monkeypatch.undo()
    assert sqlite_schema(left / path.name) == before
    await migrate(f"sqlite+aiosqlite:///{left / path.name}")
    assert sqlite_schema(left / path.name) == sqlite_schema(path)


class Killed(BaseException):
    """The process ends."""


async def test_what_an_update_erases_leaves_the_files_at_the_next_start_if_not_at_this(
    empty_url: str, key: Keyring, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The first start is killed, the disk is full at the second, and at the third somebody reads
    the database for a while."""
    await load(empty_url, "v1")
    former = await sealed_names(empty_url, key)
    is_sqlite, tries = empty_url.startswith("sqlite"), list[str]()
    full: Exception = asyncpg.DiskFullError("No space left on device")
    if is_sqlite:
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
    ends: list[BaseException] = [Killed(), full]
    run: Any = Connection.exec_driver_sql

    def watched(self: Connection, sql: str) -> Any:
        if "VACUUM" in sql:
            tries.append(sql)
            if ends:
                raise ends.pop(0)
        if "wal_checkpoint" in sql and len(tries) == 3:
            return run(self, "SELECT 1")  # somebody is in the way
        return run(self, sql)

    monkeypatch.setattr(Connection, "exec_driver_sql", watched)
    for error in (Killed, Unavailable):
        with pytest.raises(error):
            await migrate(empty_url)
        await require_newest(empty_url)
    for _ in range(2):
        assert await migrate(empty_url) == NEWEST
        assert len(tries) == (4 if is_sqlite else 3), "never again"
    if not is_sqlite:
        await read(empty_url, "CHECKPOINT")
    assert len(await found_in_files(empty_url, former, request)) == 4


async def test_an_older_one_is_left_as_it_is(empty_url: str) -> None:
    await load(empty_url, "0025")
    await set_revision(empty_url, "0024")
    folder = data_folder(empty_url)
    before = None if folder is None else sqlite_path(empty_url).read_bytes()
    for look in (migrate, require_newest):
        with pytest.raises(SchemaTooOld, match="last used before 27 November 2026"):
            await look(empty_url)
    if before is not None:
        assert sqlite_path(empty_url).read_bytes() == before


async def set_revision(url: str, revision: str) -> None:
    """Lets a database say that it is of another schema."""
    await execute(url, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608


async def execute(url: str, sql: str) -> None:
    """Changes a database beside the program."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(url))) as database, database:
            database.execute(sql)
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    await server.execute(sql)
    await server.close()


async def names(storage: Storage, slug: str = "andry") -> dict[int, str]:
    """Who signed with a name, by number."""
    sql = """
    SELECT number, id, name_sealed FROM signatures
    WHERE petition = :petition AND name_sealed IS NOT NULL
    """
    return {
        row["number"]: storage.keyring.open(
            row["name_sealed"], table="signatures", column="name_sealed", row=row["id"]
        )
        for row in await read_sql(storage.database, sql, petition=slug)
    }


async def sealed_names(url: str, key: Keyring) -> dict[str, bytes]:
    """How each name of that petition is stored, before anything was migrated."""
    found = {}
    for table, bound_to in (("signatures", "id"), ("conversations", "supporter")):
        sql = f"""
        SELECT {bound_to} AS row, name_sealed FROM {table}
        WHERE petition = 'sahara' AND name_sealed IS NOT NULL
        """  # noqa: S608 - constants
        for each in await read(url, sql):
            place = {"table": table, "column": "name_sealed", "row": each["row"]}
            found[key.open(each["name_sealed"], **place)] = each["name_sealed"]
    return found


async def was_sent_a_file(url: str, key: Keyring, number: int) -> None:
    """Somebody has the file of /mydata in their chat."""
    row = key.reference("sahara", number)
    chat = key.seal(str(number), table="sent_files", column="chat_sealed", row=row)
    sql = """
    INSERT INTO sent_files (petition, supporter, message_id, chat_sealed, sent_at, due)
    VALUES ('sahara', :row, CAST(:number AS BIGINT), :chat, 1, 0)
    """
    database = await open_database(url, cleans_up=False)
    await write_sql(database, sql, row=row, number=number, chat=chat)
    await database.close()


async def found_in_files(
    url: str, sealed: dict[str, bytes], request: pytest.FixtureRequest
) -> set[str]:
    """Whose name is in the files of a database."""
    if url.startswith("sqlite"):
        folder = sqlite_path(url).parent
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        (row,) = await read(url, "SELECT pg_relation_filepath('signatures') AS file")
        folder = (server.data / row["file"]).parent
    found = b"".join(each.read_bytes() for each in folder.iterdir())
    return {name for name, value in sealed.items() if value in found}


async def read(url: str, sql: str) -> list[dict[str, Any]]:
    """What a database of any schema answers."""
    database = await open_database(url, cleans_up=False)
    rows = await read_sql(database, sql)
    await database.close()
    return rows
