"""Databases as an earlier version made them, on SQLite and PostgreSQL."""

import sqlite3
from contextlib import closing

import asyncpg

from storage import Database, Statement, Value
from storage.migrations.rendering import render


async def make_revision(url: str, revision: str) -> None:
    """Makes the tables of an earlier revision in an empty database."""
    if url.startswith("sqlite"):
        with (
            closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))) as connection,
            connection,
        ):
            for statement in render("sqlite", since=None, until=revision):
                connection.execute(statement)
        connection.close()
        return
    server = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in render("postgresql", since=None, until=revision):
        await server.execute(statement)
    await server.close()


async def insert(database: Database, table: str, **values: Value) -> None:
    """Inserts one row, whatever the columns of this version's table are."""
    names = ", ".join(values)
    asked = ", ".join(f":{name}" for name in values)
    await database.write(Statement(f"INSERT INTO {table} ({names}) VALUES ({asked})", values))  # noqa: S608
