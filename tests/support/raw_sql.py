"""SQL as text, by which a test looks into a database or changes what no function changes."""

from typing import Any

from sqlalchemy import text

from storage import Database
from storage.transaction import Transaction


def run_sql(tx: Transaction, /, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Runs one statement; returns its rows."""
    result = tx.connection.execute(text(sql), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


async def read_sql(database: Database, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Returns the rows of a query."""
    return await database.look(run_sql, sql, **values)


async def write_sql(database: Database, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Runs one statement as a transaction; returns its rows."""
    return await database.transact(run_sql, sql, **values)
