"""Encrypts everything anew with the newest key, while no bot runs. New queries about it go here.

Every value says which key it was encrypted with, so nothing else remembers how far this has come:
it can be killed at any point, and the next run goes on. A value is replaced only if it is still
the one that was read, so what another command writes meanwhile is not overwritten.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)

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
    if (sealed := [each for each in table.columns if each.name.endswith("_sealed")])
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
        return await self._database.look(_petitions_of, self._keyring)

    async def outdated(self) -> int:
        """Returns how many values are encrypted with an older key."""
        heads = self._keyring.outdated()
        return await self._database.look(_outdated, heads) if heads else 0

    async def reseal(self, progress: Callable[[int], object]) -> Resealed:
        """Encrypts anew what is outdated, but for damaged values.

        Args:
            progress: told after each portion how many values are done.
        """
        done, heads = Resealed(), self._keyring.outdated()
        for table in _SEALED:
            after: Row[Any] | None = None
            while rows := await self._database.look(_next_rows, table, heads, after):
                found = [(row, self._anew(table, row, done.damaged)) for row in rows]
                renewed = [(row, fresh) for row, fresh in found if fresh]
                if renewed:
                    await self._database.transact(_replace, table, renewed)
                    done.values += sum(len(fresh) for _, fresh in renewed)
                    progress(done.values)
                after = rows[-1]
        return done

    def _anew(self, table: Table, row: Row[Any], damaged: Counter[str]) -> dict[str, bytes]:
        """Returns by column what is outdated in a row and can be decrypted, encrypted anew."""
        outdated, fresh = set(self._keyring.outdated()), {}
        key = _key(table)
        # A row without an id is one person's: of a supporter, or of an admin.
        owner = row._mapping[key[0] if len(key) == 1 else key[1]]
        for column in _SEALED[table]:
            sealed = row._mapping[column]
            if sealed is None or bytes(sealed[:5]) not in outdated:
                continue
            place = {"table": table.name, "column": column.name, "row": owner}
            try:
                fresh[column.name] = self._keyring.seal(
                    self._keyring.open(sealed, **place), **place
                )
            except BrokenData:
                damaged[str(column)] += 1
        return fresh


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


def _next_rows(
    tx: Transaction, table: Table, heads: Sequence[bytes], after: Row[Any] | None
) -> Sequence[Row[Any]]:
    """Returns the next rows of a table with a value that begins like one of the heads."""
    key, columns = _key(table), _SEALED[table]
    query = select(*key, *columns).where(or_(*(_begins(each, heads) for each in columns)))
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after[: len(key)]))
    return tx.all(query.order_by(*key).limit(PORTION))


def _replace(
    tx: Transaction, table: Table, renewed: Sequence[tuple[Row[Any], Mapping[str, bytes]]]
) -> None:
    """Replaces values of rows, unless others are there by now."""
    key, columns = _key(table), _SEALED[table]
    is_same = [each == bindparam(f"was_{each.name}") for each in key]
    is_same += [each.is_not_distinct_from(bindparam(f"was_{each.name}")) for each in columns]
    replacing = update(table).where(*is_same)
    tx.change(
        replacing.values({each.name: bindparam(f"new_{each.name}") for each in columns}),
        [
            {f"was_{name}": value for name, value in row._mapping.items()}
            | {f"new_{each.name}": fresh.get(each.name, row._mapping[each]) for each in columns}
            for row, fresh in renewed
        ],
    )


def _begins(column: Column[Any], heads: Sequence[bytes]) -> ColumnElement[bool]:
    return func.substr(column, 1, 5).in_(heads)


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key)
