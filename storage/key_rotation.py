"""Encrypts everything anew with the newest key, while no bot runs. New queries about it go here.

Every value says which key it was encrypted with, so nothing else remembers how far this has come:
it can be killed at any point, and the next run goes on. A portion is read and written in one
transaction, so what another command writes meanwhile is not overwritten.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Table, bindparam, func, or_, select, tuple_, update

from storage.columns import is_sealed, key_of
from storage.errors import BrokenData
from storage.keyring import NOBODY, Keyring
from storage.tables import PETITIONS, metadata
from storage.transaction import Transaction

if TYPE_CHECKING:
    from storage import Storage

PORTION = 200
"""Rows in one transaction."""

# By table its encrypted columns.
_SEALED = {
    table: sealed
    for table in metadata.sorted_tables
    if (sealed := [each for each in table.columns if is_sealed(each)])
}


def petitions_with_key(tx: Transaction, keyring: Keyring) -> list[str]:
    """Returns the petitions of the database that have this key; no bot of them may run."""
    rows = tx.all(select(PETITIONS.c.slug, PETITIONS.c.key_fingerprint))
    its = [row.slug for row in rows if row.key_fingerprint == keyring.reference(row.slug, NOBODY)]
    return sorted(its)


def outdated_values(tx: Transaction, keyring: Keyring) -> int:
    """Returns how many values are encrypted with an older key of this keyring."""
    heads, count = keyring.outdated(), select(func.count())
    columns = [each for sealed in _SEALED.values() for each in sealed]
    return sum(tx.scalar(count.where(_begins(each, heads))) or 0 for each in columns)


async def reseal(
    storage: "Storage", keyring: Keyring, progress: Callable[[int], object]
) -> tuple[int, Counter[str]]:
    """Encrypts anew what is outdated, of all petitions, but for damaged values.

    Values of other keyrings, as other petitions can have, are left alone. `progress` is told
    after each portion how many values are done.

    Returns:
        How many values were encrypted, and by column how many could not be decrypted.
    """
    done, damaged = 0, Counter[str]()
    for table in _SEALED:
        after: Sequence[Any] | None = ()
        while after is not None:
            values, broken, after = await storage.write(_reseal, table, keyring, after)
            damaged += broken
            if values:
                done += values
                progress(done)
    return done, damaged


def _reseal(
    tx: Transaction, table: Table, keyring: Keyring, after: Sequence[Any]
) -> tuple[int, Counter[str], Sequence[Any] | None]:
    """Encrypts anew the next outdated values of a table, in the order of its primary key.

    Returns:
        What `reseal` does, and the key of the last row; None instead if no rows are left.
    """
    key, columns, heads = list(table.primary_key), _SEALED[table], keyring.outdated()
    query = select(*key, *columns).where(or_(*(_begins(each, heads) for each in columns)))
    if after:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = tx.all(query.order_by(*key).limit(PORTION).with_for_update())
    done, damaged, anew = 0, Counter[str](), list[dict[str, Any]]()
    for row in rows:
        held = row._mapping
        fresh = {f"its_{each.name}": held[each] for each in key}
        for column in columns:
            sealed = fresh[column.name] = held[column]
            if sealed is None or bytes(sealed[:5]) not in heads:
                continue
            place = {"table": table.name, "column": column.name, "row": held[key_of(table)]}
            try:
                fresh[column.name] = keyring.seal(keyring.open(sealed, **place), **place)
                done += 1
            except BrokenData:
                damaged[str(column)] += 1
        anew.append(fresh)
    if anew:  # at once: row by row takes five times as long
        is_it = (each == bindparam(f"its_{each.name}") for each in key)
        tx.change(update(table).where(*is_it), anew)
    return done, damaged, rows[-1][: len(key)] if rows else None


def _begins(column: Column[Any], heads: Sequence[bytes]) -> ColumnElement[bool]:
    return func.substr(column, 1, 5).in_(heads)
