"""Runs statements that are texts in a transaction, until all of them are functions."""

import re
from functools import lru_cache

from sqlalchemy import Connection

from storage.database import (
    FOR_KEY_SHARE,
    FOR_NO_KEY_UPDATE,
    FOR_UPDATE,
    SKIP_LOCKED,
    Row,
    Statement,
)
from storage.transaction import Transaction

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: | :(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)

CLAUSES = {
    FOR_UPDATE: "FOR UPDATE",
    SKIP_LOCKED: "FOR UPDATE SKIP LOCKED",
    FOR_KEY_SHARE: "FOR KEY SHARE",
    FOR_NO_KEY_UPDATE: "FOR NO KEY UPDATE",
}


@lru_cache(maxsize=1024)
def translate(sql: str) -> tuple[str, tuple[str, ...]]:
    """Returns the statement with `$1`, `$2`, … for `:name`, and the names in that order."""
    names: dict[str, int] = {}
    words = [
        text + f"${names.setdefault(name, len(names) + 1)}" if name else text
        for text, name in _pieces(sql)
    ]
    return "".join(words), tuple(names)


@lru_cache(maxsize=1024)
def _pieces(sql: str) -> tuple[tuple[str, str | None], ...]:
    """Returns the text before each parameter with its name; the last text has None."""
    pieces: list[tuple[str, str | None]] = []
    text, end = "", 0
    for match in _TOKEN.finditer(sql):
        text += sql[end : match.start()]
        end = match.end()
        if name := match.group("name"):
            pieces.append((text, name))
            text = ""
        else:
            text += CLAUSES.get(match.group(), match.group())
    return (*pieces, (text + sql[end:], None))


_TYPES = ((str, "text"), (int, "bigint"), (bytes, "bytea"))


def run_statements(tx: Transaction, *statements: Statement) -> list[list[Row]]:
    """Returns the rows of each."""
    return [_rows(tx.connection, each) for each in statements]


def _rows(connection: Connection, statement: Statement) -> list[Row]:
    sql, values = statement.sql, statement.values
    if connection.dialect.name == "sqlite":
        result = connection.exec_driver_sql(sql, dict(values))
    else:
        found: dict[str, int] = {}
        text = ""
        for piece, name in _pieces(sql):
            text += piece
            if name and values[name] is None:
                text += "NULL"
            elif name:
                number = found.setdefault(name, len(found) + 1)
                kind = next(kind for of, kind in _TYPES if isinstance(values[name], of))
                text += f"(${number}::{kind})"
        result = connection.exec_driver_sql(text, tuple(values[name] for name in found))
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
