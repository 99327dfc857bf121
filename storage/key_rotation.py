"""Encrypts everything anew with the newest key, while no bot runs. New queries about it go here.

Every value says which key it was encrypted with, so nothing else remembers how far this has come:
it can be killed at any point, and the next run goes on. A portion is read and written in one
transaction, so what another command writes meanwhile is not overwritten.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)

from storage.columns import is_sealed, key_of
from storage.database import Database
from storage.errors import BrokenData
from storage.keyring import NOBODY, Keyring
from storage.tables import PETITIONS, metadata
from storage.transaction import Transaction

PORTION = 200
"""Rows in one transaction."""

# By table its encrypted columns.
_SEALED = {
    table: sealed
    for table in metadata.sorted_tables
    if (sealed := [each for each in table.columns if is_sealed(each)])
}


@dataclass(slots=True)
class Resealed:
    """How many values were encrypted anew, and in which columns some could not be decrypted."""

    values: int = 0
    damaged: Counter[str] = field(default_factory=Counter)


class KeyRotation:
    """Encrypts anew what this keyring can decrypt, of all petitions in the database.

    Values of other keyrings, as other petitions can have, are left alone.

    Args:
        database: where the values are.
        keyring: the newest of its keys encrypts.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def petitions(self) -> list[str]:
        """Returns the petitions of the database that have this key; no bot of them may run."""
        return await self._database.read(_petitions_of, self._keyring)

    async def outdated(self) -> int:
        """Returns how many values are encrypted with an older key."""
        heads = self._keyring.outdated()
        return await self._database.read(_outdated, heads) if heads else 0

    async def reseal(self, progress: Callable[[int], object]) -> Resealed:
        """Encrypts anew what is outdated, but for damaged values.

        Args:
            progress: told after each portion how many values are done.
        """
        done = Resealed()
        for table in _SEALED:
            after: Sequence[Any] | None = ()
            while after is not None:
                portion, after = await self._database.write(_reseal, table, self._keyring, after)
                done.damaged += portion.damaged
                if portion.values:
                    done.values += portion.values
                    progress(done.values)
        return done


def _petitions_of(tx: Transaction, keyring: Keyring) -> list[str]:
    query = select(PETITIONS.c.slug, PETITIONS.c.key_fingerprint).order_by(PETITIONS.c.slug)
    known = {row.slug: row.key_fingerprint for row in tx.all(query)}
    return [slug for slug in known if known[slug] == keyring.reference(slug, NOBODY)]


def _outdated(tx: Transaction, heads: Sequence[bytes]) -> int:
    """Returns how many values begin like one of the heads."""
    total = 0
    for columns in _SEALED.values():
        counts = (func.count(case((_begins(column, heads), 1))) for column in columns)
        total += sum(tx.all(select(*counts))[0])
    return total


def _reseal(
    tx: Transaction, table: Table, keyring: Keyring, after: Sequence[Any]
) -> tuple[Resealed, Sequence[Any] | None]:
    """Encrypts anew the next outdated values of a table, in the order of its primary key.

    Returns:
        What was done, and the key of the last row; None instead if no rows are left.
    """
    key, columns, heads = list(table.primary_key), _SEALED[table], keyring.outdated()
    query = select(*key, *columns).where(or_(*(_begins(each, heads) for each in columns)))
    if after:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = tx.all(query.order_by(*key).limit(PORTION).with_for_update())
    done, fresh = Resealed(), []
    for row in rows:
        values = {f"key_{each.name}": row._mapping[each] for each in key}
        owner = row._mapping[key_of(table)]
        for column in columns:
            values[f"new_{column.name}"] = _anew(
                keyring, column, row._mapping[column], owner, done
            )
        fresh.append(values)
    if done.values:
        same = (each == bindparam(f"key_{each.name}") for each in key)
        renewed: dict[str, Any] = {each.name: bindparam(f"new_{each.name}") for each in columns}
        tx.change(update(table).where(*same).values(renewed), fresh)
    return done, rows[-1][: len(key)] if rows else None


def _anew(
    keyring: Keyring, column: Column[Any], sealed: bytes | None, owner: bytes, done: Resealed
) -> bytes | None:
    """Returns a value encrypted anew, if it is outdated and can be decrypted; counts it."""
    if sealed is None or bytes(sealed[:5]) not in keyring.outdated():
        return sealed
    place = {"table": column.table.name, "column": column.name}
    try:
        fresh = keyring.seal(keyring.open(sealed, **place, row=owner), **place, row=owner)
    except BrokenData:
        done.damaged[str(column)] += 1
        return sealed
    done.values += 1
    return fresh


def _begins(column: Column[Any], heads: Sequence[bytes]) -> ColumnElement[bool]:
    return func.substr(column, 1, 5).in_(heads)
