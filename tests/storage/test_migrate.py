"""Tests that migrations lead to exactly this version's tables, however and whenever they run."""

import asyncio
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from storage import (
    DatabaseUrlWrong,
    Row,
    SchemaMissing,
    SchemaTooNew,
    Statement,
    migrate,
    open_database,
)
from storage.migrations import NEWEST
from storage.migrations.rendering import history, render
from storage.tables import metadata
from tests.support.postgres_server import PostgresServer

# Untyped in SQLAlchemy.
SQLITE: Any = sqlite.dialect
POSTGRES: Any = postgresql.dialect


def declared(dialect: Any) -> list[str]:
    """The SQL that makes the tables as `storage/tables.py` declares them."""
    statements: list[Any] = []
    for table in metadata.sorted_tables:
        statements.append(CreateTable(table))
        statements += [CreateIndex(index) for index in sorted(table.indexes, key=str)]
    return [str(each.compile(dialect=dialect)).strip() for each in statements]


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


def sqlite_schema(path: Path) -> set[tuple[str, str]]:
    """Every part of every definition: their order may differ, and how they are written out."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND tbl_name <> 'alembic_version'"
        ).fetchall()
    connection.close()
    return {(name, part) for name, sql in rows for part in _parts(sql)}


def _parts(sql: str) -> set[str]:
    """A definition's columns and constraints; SQLite quotes names when it renames a table."""
    flat = re.sub(r"\s+", " ", sql.replace('"', ""))
    opening, _, inside = flat.partition("(")
    body, _, closing = inside.rpartition(")")
    split = re.split(r",(?![^()]*\))", body)
    return {part.strip() for part in (opening, *split, closing)}


async def postgres_schema(url: str) -> set[tuple[Any, ...]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        columns = await connection.fetch(
            "SELECT table_name, column_name, data_type, is_nullable, column_default"
            " FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
        )
        constraints = await connection.fetch(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            # Where NOT NULL is a constraint it keeps its name when its column gets another.
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
            " AND conrelid::regclass::text <> 'alembic_version'"
        )
        indexes = await connection.fetch(
            "SELECT tablename, indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
    finally:
        await connection.close()
    return {tuple(row) for row in [*columns, *constraints, *indexes]}


class TestTheTables:
    def test_on_sqlite_they_are_the_declared_ones(
        self, sqlite_template: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "declared.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in declared(SQLITE()):
                connection.execute(statement)
        connection.close()
        assert sqlite_schema(sqlite_template) == sqlite_schema(path)

    def test_alembic_finds_no_difference_either(self, sqlite_template: Path) -> None:
        engine = create_engine(f"sqlite:///{sqlite_template}")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            compare: Any = compare_metadata  # untyped in Alembic
            differences = compare(context, metadata)
        engine.dispose()
        assert differences == []

    async def test_on_postgres_they_are_the_declared_ones(
        self, postgres_server: PostgresServer
    ) -> None:
        migrated = await asyncio.to_thread(postgres_server.migrated)
        by_hand = await asyncio.to_thread(postgres_server.empty)
        connection = await asyncpg.connect(by_hand.replace("+asyncpg", ""))
        for statement in declared(POSTGRES()):
            await connection.execute(statement)
        await connection.close()
        assert await postgres_schema(migrated) == await postgres_schema(by_hand)


class TestWhatWasThere:
    @pytest.mark.parametrize("earlier", history()[:-1])
    def test_every_earlier_revision_leads_to_the_same_tables(
        self, earlier: str, sqlite_template: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "before.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in render("sqlite", since=None, until=earlier):
                connection.execute(statement)
        connection.close()
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        assert sqlite_schema(path) == sqlite_schema(sqlite_template)

    @pytest.mark.parametrize("earlier", history()[:-1])
    def test_killed_half_way_from_every_earlier_revision_it_opens_at_the_next_start(
        self,
        earlier: str,
        sqlite_template: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path, left = tmp_path / "before.db", tmp_path / "killed"
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in render("sqlite", since=None, until=earlier):
                connection.execute(statement)
        before = sqlite_schema(path)

        def half(dialect: str, since: str | None) -> Iterator[str]:
            statements = render(dialect, since)
            yield from statements[: len(statements) // 2]
            shutil.copytree(tmp_path, left)  # what a kill at this moment leaves on the disk
            yield from statements[len(statements) // 2 :]

        monkeypatch.setattr("storage.migrations.rendering.render", half)
        asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
        monkeypatch.undo()
        assert sqlite_schema(left / path.name) == before
        asyncio.run(migrate(f"sqlite+aiosqlite:///{left / path.name}"))
        assert sqlite_schema(left / path.name) == sqlite_schema(sqlite_template)

    def test_a_broadcast_of_the_first_tables_is_a_closing_one_with_everyone_queued(
        self, tmp_path: Path
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "before.db")) as connection, connection:
            for statement in render("sqlite", since=None, until="0001"):
                connection.execute(statement)
            connection.executescript("""
                INSERT INTO petitions (slug) VALUES ('andry');
                INSERT INTO broadcasts (id, petition, kind, state, content, content_sha256, total,
                  created_at, finished_at, started_by_sealed)
                VALUES (x'01', 'andry', 'closing', 'finished', '{}', x'02', 3, 1000, 9000, x'03');
                INSERT INTO signatures (id, petition, supporter, number, name_sealed, chat_sealed,
                  language, text_version, signed_at)
                VALUES (x'07', 'andry', x'08', 6, x'04', x'05', 'es', '1', 0);
                INSERT INTO deliveries (broadcast_id, position, signature_id, language, state,
                  updated_at)
                VALUES (x'01', 1, NULL, 'es', 'delivered', 2000),
                  (x'01', 2, NULL, 'es', 'delivered', 2000), (x'01', 3, NULL, 'es', 'pending', 0),
                  (x'01', 4, NULL, 'es', 'withdrawn', 0), (x'01', 5, NULL, 'es', 'sending', 0),
                  (x'01', 6, x'07', 'es', 'delivered', 2000);
            """)
            for statement in render("sqlite", since="0001"):
                connection.execute(statement)
            broadcast = connection.execute(
                "SELECT topic, expected, enqueued_at, started_at, ended_at FROM broadcasts"
            ).fetchall()
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
            deliveries = connection.execute(
                "SELECT position, state FROM deliveries ORDER BY position"
            ).fetchall()
            erased = connection.execute("SELECT * FROM erased_deliveries").fetchall()
        connection.close()
        assert broadcast == [("closing", 3, 1000, 1000, 9000)]
        assert broken == []
        assert deliveries == [(5, "sending"), (6, "delivered")]
        assert erased == [(b"\x01", "delivered", "", 2), (b"\x01", "withdrawn", "", 2)]

    async def test_what_a_screen_showed_is_forgotten_in_the_file_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite3, "connect", deleting_carelessly)
        path = tmp_path / "before.db"
        digests = [bytes([number]) * 32 for number in range(200, 220)]
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            for statement in render("sqlite", since=None, until="0002"):
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO conversations (petition, supporter, stage, page, news, typed, shown,"
                " version, updated_at) VALUES ('andry', ?, 'consent', 0, 0, '[]', ?, 4, 1000)",
                [(digest[:1], digest) for digest in digests],
            )
        connection.close()
        assert found(tmp_path, digests) == digests
        await migrate(f"sqlite+aiosqlite:///{path}")
        assert found(tmp_path, digests) == []
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = connection.execute(
                "SELECT DISTINCT screen_digest, version FROM conversations"
            ).fetchall()
        connection.close()
        assert rows == [(None, 4)]


class TestMigrate:
    async def test_leads_from_nothing_to_the_newest_revision(self, empty_url: str) -> None:
        assert await migrate(empty_url) == NEWEST
        assert await read_slugs(empty_url) == []

    def test_the_newest_revision_is_named_where_no_start_has_to_look_for_it(self) -> None:
        assert history()[-1] == NEWEST

    async def test_again_changes_nothing(self, database_url: str) -> None:
        assert await migrate(database_url) == NEWEST

    async def test_keeps_what_is_there(self, database_url: str) -> None:
        database = await open_database(database_url)
        await database.write(Statement("INSERT INTO petitions (slug) VALUES ('andry')"))
        await database.close()
        await migrate(database_url)
        assert await read_slugs(database_url) == [{"slug": "andry"}]

    async def test_several_starts_at_once_all_succeed(self, empty_url: str) -> None:
        revisions = await asyncio.gather(*[migrate(empty_url) for _ in range(6)])
        assert revisions == [NEWEST] * 6

    @pytest.mark.processes
    async def test_two_processes_at_once_both_succeed(self, empty_url: str) -> None:
        starts = [await start_migrating(empty_url) for _ in range(3)]
        assert [await start.wait() for start in starts] == [0, 0, 0]

    async def test_refuses_a_database_of_a_newer_version(self, database_url: str) -> None:
        database = await open_database(database_url)
        await database.write(Statement("UPDATE alembic_version SET version_num = '9999'"))
        await database.close()
        with pytest.raises(SchemaTooNew, match="newer version"):
            await migrate(database_url)

    def test_works_inside_uvloop(self, empty_url: str) -> None:
        assert uvloop.run(migrate(empty_url)) == NEWEST

    async def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUrlWrong, match="nowhere"):
            await migrate(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'petition.db'}")

    async def test_the_new_file_is_its_owners_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "petition.db"
        await migrate(f"sqlite+aiosqlite:///{path}")
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.processes
class TestAKillInTheMiddle:
    async def test_leaves_nothing_or_everything(self, empty_url: str) -> None:
        for delay in (0.0, 0.3, 0.5, 0.55, 0.6, 0.7):
            start = await start_migrating(empty_url)
            await asyncio.sleep(delay)
            if start.returncode is None:
                start.kill()
            await start.wait()
        assert await migrate(empty_url) == NEWEST
        assert await read_slugs(empty_url) == []

    async def test_half_way_leaves_the_old_schema_and_no_lock(self, empty_url: str) -> None:
        killed = await start_migrating(empty_url, prelude=KILLED_HALF_WAY)
        assert await killed.wait() == -9
        with pytest.raises(SchemaMissing):
            await read_slugs(empty_url)
        async with asyncio.timeout(10):
            assert await migrate(empty_url) == NEWEST
        assert await read_slugs(empty_url) == []


def found(folder: Path, values: Sequence[bytes]) -> list[bytes]:
    """Which of the values are in any of the files."""
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return [value for value in values if value in content]


def deleting_carelessly(
    *where: Any, connect: Callable[..., sqlite3.Connection] = sqlite3.connect, **how: Any
) -> sqlite3.Connection:
    """A connection to a SQLite that was built to leave what is deleted where it was."""
    connection = connect(*where, **how)
    connection.execute("PRAGMA secure_delete=OFF")
    return connection


KILLED_HALF_WAY = """
import os
from storage.migrations import rendering

def half(dialect, since, whole=rendering.render):
    yield from whole(dialect, since)[:9]
    os.kill(os.getpid(), 9)

rendering.render = half
"""


async def start_migrating(url: str, prelude: str = "") -> asyncio.subprocess.Process:
    code = f"{prelude}\nimport asyncio, storage\nasyncio.run(storage.migrate({url!r}))"
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code)


async def read_slugs(url: str) -> list[Row]:
    database = await open_database(url)
    try:
        return await database.read(Statement("SELECT slug FROM petitions"))
    finally:
        await database.close()
