"""What `tables.py` builds tables of: columns, and the names of what belongs to them."""

import json
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex

from storage.times import from_millis, to_millis

NAMING_CONVENTION = {
    "pk": "%(table_name)s_key",
    "uq": "%(table_name)s_%(column_0_N_name)s_once",
    "fk": "%(table_name)s_%(column_0_name)s_known",
    "ck": "%(table_name)s_%(constraint_name)s",
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
}

# SQLite's strict tables have INTEGER only, which holds 64 bits there.
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

Conversion = Callable[[Any], Any]


class Converted(sa.TypeDecorator[Any]):
    """A value that is stored as another: `to` makes one of the type `stored`, `back` undoes it."""

    impl: Any = sa.types.NullType
    cache_ok = True

    def __init__(self, stored: sa.types.TypeEngine[Any], to: Conversion, back: Conversion) -> None:
        super().__init__()
        self.impl = self.stored = stored
        self.to, self.back = to, back

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any]:
        """See TypeEngine."""
        to = self.to
        return lambda value: None if value is None else to(value)

    def result_processor(self, dialect: sa.Dialect, _: object) -> Callable[[Any], Any]:
        """See TypeEngine; at once, as a list reads a million."""
        back = self.back
        return lambda value: None if value is None else back(value)


def _column(stored: sa.types.TypeEngine[Any]) -> Callable[..., sa.Column[Any]]:
    """Returns what makes a column of a type, of a name and perhaps a default in the schema."""

    def column(name: str, *, null: bool = False, default: object = None) -> sa.Column[Any]:
        start = None if default is None else sa.text(repr(default))
        return sa.Column(name, stored, nullable=null, server_default=start)

    return column


def choice(name: str, of: type[StrEnum], *, null: bool = False) -> sa.Column[Any]:
    """Returns a column of one of an enum's values."""
    return _column(Converted(sa.Text(), str, of))(name, null=null)


number = _column(_WHOLE)
"""Makes a column of whole numbers of 64 bits."""

moment = _column(Converted(_WHOLE, to_millis, from_millis))
"""Makes a column of moments, which are stored as UTC milliseconds."""

flag = _column(Converted(_WHOLE, int, bool))
"""Makes a column of yes and no, which are stored as 1 and 0."""

day = _column(Converted(sa.Text(), date.isoformat, date.fromisoformat))
"""Makes a column of days, which are stored like 2026-11-24."""

text = _column(sa.Text())
"""Makes a column of text."""

json_text = _column(
    Converted(sa.Text(), json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode, json.loads)
)
"""Makes a column of lists, texts and numbers, which are stored as JSON."""


def sealed(name: str, *, number: bool = False, null: bool = False) -> sa.Column[bytes]:
    """Returns a column of encrypted texts, or of the encrypted numbers of people or chats.

    Its name ends in `_sealed`; a transaction takes and gives the plain value by the name before.
    """
    info = {"plain": int if number else str}
    return sa.Column(name, sa.LargeBinary, nullable=null, info=info)


def is_sealed(column: sa.Column[Any]) -> bool:
    """Returns whether a column holds encrypted values."""
    return "plain" in column.info


@cache
def key_of(table: sa.Table) -> sa.Column[Any]:
    """Returns the column of a row's key, which its encrypted values are bound to.

    A row without an id is one person's, of a supporter or of an admin, or has a key or a name.
    """
    keys = ("id", "admin", "supporter", "key", "name")
    return next(table.c[name] for name in keys if name in table.c)


def blob(
    name: str, of: str | None = None, *, null: bool = False, on_delete: str | None = None
) -> sa.Column[bytes]:
    """Returns a column of bytes; `of` is the column of the other table that it refers to."""
    known = [] if of is None else [sa.ForeignKey(of, ondelete=on_delete)]
    return sa.Column(name, sa.LargeBinary, *known, nullable=null)


def petition() -> sa.Column[str]:
    """Returns the column of the petition that a row belongs to."""
    return sa.Column("petition", sa.Text, sa.ForeignKey("petitions.slug"), nullable=False)


def several(
    column: Callable[..., sa.Column[Any]], *names: str, **options: Any
) -> list[sa.Column[Any]]:
    """Returns columns that follow each other and have the same options."""
    return [column(name, **options) for name in names]


def where(condition: str) -> dict[str, Any]:
    """Returns what makes an index one of those rows only for which a condition holds."""
    return {"info": {"where": condition}}


@compiles(CreateIndex)
def _create_index(creating: CreateIndex, compiler: Any, **options: Any) -> str:
    """Adds the condition, whose own option of an index would load both dialects."""
    made: str = compiler.visit_create_index(creating, **options)
    condition = creating.element.info.get("where")
    return f"{made} WHERE {condition}" if condition else made
