"""Encrypts everything anew with the newest key, while no bot runs. New queries about it go here.

Every value says which key it was encrypted with, so nothing else remembers how far this has come:
it can be killed at any point, and the next run goes on. A value is replaced only if it is still
the one that was read, so what another command writes meanwhile is not overwritten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Table

from storage.database import Database, Row, Statement, Value
from storage.errors import BrokenData
from storage.keyring import NOBODY, Keyring
from storage.sql_in_lists import parameters
from storage.tables import metadata

PORTION = 200
"""Rows in one transaction."""

_PETITIONS = "SELECT slug, key_fingerprint FROM petitions ORDER BY slug"


@dataclass(slots=True)
class Resealed:
    """How many values were encrypted anew, and in which columns some could not be decrypted."""

    values: int = 0
    damaged: dict[str, int] = field(default_factory=dict)


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
        return [
            row["slug"]
            for row in await self._database.read(Statement(_PETITIONS))
            if row["key_fingerprint"] == self._keyring.reference(row["slug"], NOBODY)
        ]

    async def outdated(self) -> int:
        """Returns how many values are encrypted with an older key."""
        heads = self._keyring.outdated()
        if not heads:
            return 0
        counts = [await self._database.read(each.count(heads)) for each in _SEALED]
        return sum(rows[0]["outdated"] for rows in counts)

    async def reseal(self, progress: Callable[[int], object]) -> Resealed:
        """Encrypts anew what is outdated, but for damaged values.

        Args:
            progress: told after each portion how many values are done.
        """
        done, heads = Resealed(), self._keyring.outdated()
        for each in _SEALED:
            after: Row | None = None
            while rows := await self._database.read(each.next_rows(heads, after)):
                found = [(row, self._anew(each, row, done.damaged)) for row in rows]
                renewed = [(row, fresh) for row, fresh in found if fresh]
                if renewed:
                    await self._database.write(
                        *[each.replace(row, fresh) for row, fresh in renewed]
                    )
                    done.values += sum(len(fresh) for _, fresh in renewed)
                    progress(done.values)
                after = rows[-1]
        return done

    def _anew(self, where: "_SealedTable", row: Row, damaged: dict[str, int]) -> dict[str, bytes]:
        """Returns by column what is outdated in a row and can be decrypted, encrypted anew."""
        outdated, fresh = set(self._keyring.outdated()), {}
        for column in where.columns:
            sealed = row[column]
            if sealed is None or bytes(sealed[:5]) not in outdated:
                continue
            place = {"table": where.name, "column": column, "row": row[where.bound_to]}
            try:
                fresh[column] = self._keyring.seal(self._keyring.open(sealed, **place), **place)
            except BrokenData:
                name = f"{where.name}.{column}"
                damaged[name] = damaged.get(name, 0) + 1
        return fresh


@dataclass(frozen=True, slots=True)
class _SealedTable:
    """A table with encrypted columns.

    Attributes:
        key: the columns of its primary key.
        bound_to: the column that its values are bound to.
        columns: those that are encrypted.
    """

    name: str
    key: tuple[str, ...]
    bound_to: str
    columns: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> "_SealedTable":
        key = tuple(column.name for column in table.primary_key)
        # A row without an id is one person's: of a supporter, or of an admin.
        bound_to = "id" if key == ("id",) else key[1]
        sealed = (each.name for each in table.columns if each.name.endswith("_sealed"))
        return cls(table.name, key, bound_to, tuple(sealed))

    def count(self, heads: Sequence[bytes]) -> Statement:
        """Returns the statement that counts its values that begin like one of the heads."""
        are, values = self._are(heads)
        each = " + ".join(f"CASE WHEN {is_it} THEN 1 ELSE 0 END" for is_it in are)
        return Statement(
            f"SELECT CAST(COALESCE(SUM({each}), 0) AS BIGINT) AS outdated FROM {self.name}",  # noqa: S608 - names of tables.py
            values,
        )

    def next_rows(self, heads: Sequence[bytes], after: Row | None) -> Statement:
        """Returns the statement that reads the next rows with such a value."""
        read = ", ".join((*self.key, *self.columns))
        are, values = self._are(heads)
        key, behind = ", ".join(self.key), ""
        if after is not None:
            behind = f"({key}) > ({', '.join(f':{column}' for column in self.key)}) AND "
            values |= {column: after[column] for column in self.key}
        return Statement(
            f"SELECT {read} FROM {self.name} WHERE {behind}({' OR '.join(are)})"  # noqa: S608 - names of tables.py
            f" ORDER BY {key} LIMIT {PORTION}",
            values,
        )

    def replace(self, row: Row, fresh: Mapping[str, bytes]) -> Statement:
        """Returns the statement that replaces values of a row, unless others are there by now."""
        setting = ", ".join(f"{column} = :fresh_{column}" for column in fresh)
        same = [f"{each} = :{each}" for each in self.key]
        same += [f"{column} = :former_{column}" for column in fresh]
        return Statement(
            f"UPDATE {self.name} SET {setting} WHERE {' AND '.join(same)}",  # noqa: S608 - names of tables.py
            {
                **{each: row[each] for each in self.key},
                **{f"fresh_{column}": sealed for column, sealed in fresh.items()},
                **{f"former_{column}": row[column] for column in fresh},
            },
        )

    def _are(self, heads: Sequence[bytes]) -> tuple[list[str], dict[str, Value]]:
        listed, values = parameters("head", heads)
        return [f"substr({column}, 1, 5) IN ({listed})" for column in self.columns], values


_SEALED = [
    _SealedTable.of(table)
    for table in metadata.sorted_tables
    if any(column.name.endswith("_sealed") for column in table.columns)
]
