"""SQL as text, by which a test looks into a database or changes what no function changes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from storage.database import Database
from storage.transaction import Transaction

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Statement:
    """A statement, with the values of its parameters by name."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)


def run_sql(tx: Transaction, /, sql: str, **values: Any) -> Rows:
    """Runs one statement; returns its rows."""
    result = tx.connection.execute(text(sql), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


async def read_sql(database: Database, sql: str, **values: Any) -> Rows:
    """Returns the rows of a query."""
    return await database.read(lambda tx: run_sql(tx, sql, **values))


async def write_sql(database: Database, sql: str, **values: Any) -> Rows:
    """Runs one statement as a transaction; returns its rows."""
    return await database.write(lambda tx: run_sql(tx, sql, **values))


@asynccontextmanager
async def postgres_connection(url: str) -> AsyncIterator[Any]:
    """A connection of asyncpg's own, which is closed whatever happens."""
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


async def write_all(database: Database, *statements: Statement) -> list[Rows]:
    """Runs statements as one transaction; returns the rows of each."""

    def run(tx: Transaction) -> list[Rows]:
        return [run_sql(tx, each.sql, **each.values) for each in statements]

    return await database.write(run)
