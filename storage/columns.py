"""What `tables.py` and the revisions in `migrations/` build tables of: columns, and their names.

A revision that was released makes the same tables for ever, so what is here only grows.
"""

from typing import Any

import sqlalchemy as sa

NAMING_CONVENTION = {
    "pk": "%(table_name)s_key",
    "uq": "%(table_name)s_%(column_0_N_name)s_once",
    "fk": "%(table_name)s_%(column_0_name)s_known",
    "ck": "%(table_name)s_%(constraint_name)s",
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
}

# SQLite's strict tables have INTEGER only, which holds 64 bits there.
_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def number(name: str, *, null: bool = False, default: int | None = None) -> sa.Column[int]:
    """Returns a column of whole numbers of 64 bits."""
    start = None if default is None else sa.text(str(default))
    return sa.Column(name, _WHOLE, nullable=null, server_default=start)


def text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    """Returns a column of text."""
    start = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, sa.Text, nullable=null, server_default=start)


def blob(
    name: str, of: str | None = None, *, null: bool = False, on_delete: str | None = None
) -> sa.Column[bytes]:
    """Returns a column of bytes; `of` is the column of the other table that it refers to."""
    known = [] if of is None else [sa.ForeignKey(of, ondelete=on_delete)]
    return sa.Column(name, sa.LargeBinary, *known, nullable=null)


def petition() -> sa.Column[str]:
    """Returns the column of the petition that a row belongs to."""
    return sa.Column("petition", sa.Text, sa.ForeignKey("petitions.slug"), nullable=False)


def where(condition: str) -> dict[str, Any]:
    """Returns what makes an index one of those rows only for which a condition holds."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
