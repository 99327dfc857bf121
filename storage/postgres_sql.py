"""Translates statements for PostgreSQL: single ones for reading, whole transactions for writing.

asyncpg sends one statement and waits for its answer, so a transaction of eight would take ten
round trips, with the petition's row locked meanwhile: over a network, about a hundred signatures
a second in all. So a transaction is sent as the arguments of one function, which runs its
statements one by one, each seeing what those before it did, and commits as one. The values are
sent apart from the SQL, as three arrays, one for each type in use.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from storage.database import (
    FOR_KEY_SHARE,
    FOR_NO_KEY_UPDATE,
    FOR_UPDATE,
    SKIP_LOCKED,
    Row,
    Statement,
)

# Made by each connection for itself, so it always fits this version of the code.
MAKE_RUNNER = """
CREATE OR REPLACE FUNCTION pg_temp.run_statements(
  statements text[], answering boolean[], texts text[], numbers bigint[], blobs bytea[]
) RETURNS SETOF json LANGUAGE plpgsql AS $$
DECLARE
  answer json;
BEGIN
  FOR i IN 1 .. cardinality(statements) LOOP
    IF answering[i] THEN
      EXECUTE statements[i] INTO answer USING texts, numbers, blobs;
    ELSE
      EXECUTE statements[i] USING texts, numbers, blobs;
      answer := NULL;
    END IF;
    RETURN NEXT answer;
  END LOOP;
END $$
"""

RUN = "SELECT * FROM pg_temp.run_statements($1, $2, $3, $4, $5)"

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: | :(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)

_CLAUSES = {
    FOR_UPDATE: "FOR UPDATE",
    SKIP_LOCKED: "FOR UPDATE SKIP LOCKED",
    FOR_KEY_SHARE: "FOR KEY SHARE",
    FOR_NO_KEY_UPDATE: "FOR NO KEY UPDATE",
}

# The columns of a result, in order, and which of them are bytes; empty if there is no result.
Columns = Mapping[str, bool]


@dataclass(slots=True)
class Batch:
    """The statements of one call of the function, with the values of all of them."""

    _statements: list[str] = field(default_factory=list)
    _columns: list[Columns] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _blobs: list[bytes] = field(default_factory=list)

    def add(self, statement: Statement, columns: Columns) -> None:
        """Adds a statement whose answer has these columns."""
        sql = "".join(
            text + self._placed(statement.values[name]) if name else text
            for text, name in _pieces(statement.sql)
        )
        if columns:
            sql = f"WITH answer AS ({sql}) SELECT json_agg(answer) FROM answer"  # noqa: S608 - no value is in it
        self._statements.append(sql)
        self._columns.append(columns)

    @property
    def arguments(self) -> tuple[list[str], list[bool], list[str], list[int], list[bytes]]:
        """The arguments of `RUN`."""
        answering = [bool(columns) for columns in self._columns]
        return self._statements, answering, self._texts, self._numbers, self._blobs

    def answers(self, rows: list[Any]) -> list[list[Row]]:
        """Returns the rows of each statement from the result of `RUN`."""
        return [
            _decoded(row[0], columns) for row, columns in zip(rows, self._columns, strict=True)
        ]

    def _placed(self, value: object) -> str:
        match value:
            case None:
                return "NULL"
            case str():
                self._texts.append(value)
                return f"($1)[{len(self._texts)}]"
            case int():
                self._numbers.append(value)
                return f"($2)[{len(self._numbers)}]"
            case bytes():
                self._blobs.append(value)
                return f"($3)[{len(self._blobs)}]"
        raise TypeError(f"a database value cannot be a {type(value).__name__}")


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
            text += _CLAUSES.get(match.group(), match.group())
    return (*pieces, (text + sql[end:], None))


def _decoded(answer: str | None, columns: Columns) -> list[Row]:
    rows: list[dict[str, Any]] = json.loads(answer) if answer else []
    blobs = [name for name, is_bytes in columns.items() if is_bytes]
    for row in rows:
        for name in blobs:
            # JSON has no bytes; PostgreSQL writes them there as \x and hex digits.
            row[name] = None if row[name] is None else bytes.fromhex(row[name][2:])
    return list(rows)
