"""Tests that migrations lead to exactly this version's tables, however and whenever they run."""

import asyncio
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvloop
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.database import data_folder, open_database
from storage.errors import NeedsAPerson, SchemaMissing, SchemaUnknown, Unavailable
from storage.migrate import SCHEMAS, STEPS, migrate, require_newest
from storage.tables import metadata
from tests.storage.silent_connection import a_line
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import postgres_connection, read_sql, write_sql

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
    async with postgres_connection(url) as connection:
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

    async def test_on_postgres_they_are_the_declared_ones(
        self, postgres_server: PostgresServer
    ) -> None:
        migrated = await asyncio.to_thread(postgres_server.migrated)
        by_hand = await asyncio.to_thread(postgres_server.empty)
        async with postgres_connection(by_hand) as connection:
            for statement in declared(POSTGRES()):
                await connection.execute(statement)
        assert await postgres_schema(migrated) == await postgres_schema(by_hand)


class TestMigrate:
    async def test_several_starts_at_once_all_succeed(self, empty_url: str) -> None:
        revisions = await asyncio.gather(*[migrate(empty_url) for _ in range(6)])
        assert revisions == [SCHEMAS[-1]] * 6

    @pytest.mark.parametrize(
        ("schema", "said"),
        [
            ("9999", "newer version"),
            ("0026", "before the first release"),
            ("v3 to write anew", "before the first release"),
        ],
    )
    async def test_refuses_a_database_of_another_version_and_leaves_it_as_it_is(
        self, database_url: str, schema: str, said: str
    ) -> None:
        database = await open_database(database_url)
        await write_sql(
            database, "UPDATE alembic_version SET version_num = :schema", schema=schema
        )
        await database.close()
        folder = data_folder(database_url)
        before = folder and sqlite_path(database_url).read_bytes()
        for look in (migrate, require_newest):
            with pytest.raises(SchemaUnknown, match=said):
                await look(database_url)
        assert before == (folder and sqlite_path(database_url).read_bytes())

    async def test_says_what_to_do_where_the_version_is_gone(self, database_url: str) -> None:
        """As where somebody put back the tables alone, or another program made that one."""
        database = await open_database(database_url)
        await write_sql(database, "DELETE FROM alembic_version")
        await database.close()
        for look in (migrate, require_newest):
            with pytest.raises(NeedsAPerson, match="petition-bot restore"):
                await look(database_url)

    def test_works_inside_uvloop(self, empty_url: str) -> None:
        assert uvloop.run(migrate(empty_url)) == SCHEMAS[-1]

    async def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(NeedsAPerson, match="nowhere"):
            await migrate(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'petition.db'}")

    async def test_the_new_file_is_its_owners_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "petition.db"
        await migrate(f"sqlite+aiosqlite:///{path}")
        assert path.stat().st_mode & 0o777 == 0o600

    async def test_on_postgres_it_waits_for_no_table_without_end(
        self, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = await asyncio.to_thread(postgres_server.migrated)
        next_schema(monkeypatch, "ALTER TABLE signatures ADD COLUMN fresh TEXT")
        monkeypatch.setattr("storage.migrate.PATIENCE_SECONDS", 0.2)
        async with postgres_connection(url) as reader, reader.transaction():
            await reader.execute("LOCK TABLE signatures IN ACCESS SHARE MODE")
            with pytest.raises(Unavailable):
                async with asyncio.timeout(5):
                    await migrate(url)
        monkeypatch.setattr("storage.migrate.PATIENCE_SECONDS", 20.0)
        assert await migrate(url) == "next"

    async def test_on_postgres_it_ends_where_the_server_answers_no_more(
        self, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        url = await asyncio.to_thread(postgres_server.empty)
        run: Any = Connection.exec_driver_sql
        async with a_line(url) as (line, through):

            def silent(self: Connection, sql: str) -> Any:
                if "advisory" in sql:
                    line.fall_silent()
                return run(self, sql)

            monkeypatch.setattr("storage.migrate.PATIENCE_SECONDS", 0.2)
            monkeypatch.setattr(Connection, "exec_driver_sql", silent)
            with pytest.raises(Unavailable):
                async with asyncio.timeout(5):
                    await migrate(through)
        monkeypatch.undo()
        assert await migrate(url) == SCHEMAS[-1]


KILLED_HALF_WAY = """
import asyncio, os, sys
from sqlalchemy import event
from storage.migrate import migrate
from storage.tables import SIGNATURES

event.listen(SIGNATURES, "after_create", lambda *_, **__: os.kill(os.getpid(), 9))
asyncio.run(migrate(sys.argv[1]))
"""


@pytest.mark.processes
async def test_a_kill_half_way_leaves_the_old_schema_and_no_lock(empty_url: str) -> None:
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_HALF_WAY, empty_url)
    assert await killed.wait() == -9
    with pytest.raises(SchemaMissing):
        await read_slugs(empty_url)
    async with asyncio.timeout(10):
        assert await migrate(empty_url) == SCHEMAS[-1]
    assert await read_slugs(empty_url) == []


def next_schema(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """Lets these statements make another schema of the present one, as a next version would."""
    monkeypatch.setattr("storage.migrate.SCHEMAS", (*SCHEMAS, "next"))
    monkeypatch.setattr("storage.migrate.STEPS", (*STEPS, lambda _: map(text, statements)))


async def read_slugs(url: str) -> list[dict[str, Any]]:
    database = await open_database(url)
    try:
        return await read_sql(database, "SELECT slug FROM petitions")
    finally:
        await database.close()
