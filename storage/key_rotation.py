"""Encrypts everything anew with the newest key, while the bot runs. New queries about it go here.

Every value says which key it was encrypted with, so nothing else remembers how far this has come:
it can be killed at any point, and the next run goes on. A value is replaced only if it is still
the one that was read, so what the bot writes meanwhile is never overwritten.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Table

from storage.database import SKIP_LOCKED, Database, Row, Statement, Value
from storage.errors import BrokenData, HeldElsewhere, StorageError
from storage.keyring import Keyring
from storage.process_lock import acquire_process_lock
from storage.sql_in_lists import parameters
from storage.tables import metadata

PORTION = 200
"""Rows in one transaction."""

BREATH_SECONDS = 0.02
"""Between two portions, so that whoever signs does not wait."""

LATEST_WRITE_SECONDS = 130.0
"""What was encrypted before the key was exchanged is in the database by then, or never will be:
a statement may take two minutes on PostgreSQL, and is tried again for a few seconds."""

_TAKE_UP_SECONDS, _LOOK_SECONDS = 60.0, 1.0

_BOTS = "SELECT slug, sealed_with FROM petitions"


@dataclass(slots=True)
class Resealed:
    """How many values were encrypted anew, and in which columns some could not be decrypted."""

    values: int = 0
    damaged: dict[str, int] = field(default_factory=dict)


class KeyNotTakenUp(StorageError):
    """A running bot does not use the new key."""


class KeyRotation:
    """Encrypts anew what this keyring can decrypt, of all petitions in the database.

    Values of other keyrings, as other petitions can have, are left alone.

    Args:
        database: where the values are.
        url: its address, whose process locks tell which bots run.
        keyring: the newest of its keys encrypts.
        sleep: waits for that many seconds.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        database: Database,
        url: str,
        keyring: Keyring,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._url = url
        self._keyring = keyring
        self._sleep = sleep
        self._clock = clock

    async def outdated(self) -> int:
        """Returns how many values are encrypted with an older key, or unpadded as once."""
        total = 0
        for each in _SEALED:
            rows = await self._database.read(each.count(self._keyring.outdated()))
            total += rows[0]["outdated"]
        return total

    async def until_taken_up(self) -> None:
        """Waits until every bot that runs on this database and has this key uses the newest one.

        Raises:
            KeyNotTakenUp: one does not within a minute; nothing is changed.
        """
        deadline = self._clock() + _TAKE_UP_SECONDS
        while waiting := await self._not_taken_up():
            if self._clock() > deadline:
                raise KeyNotTakenUp(
                    "The running bot of {petitions} has not taken up the new key within a minute, "
                    "so nothing was encrypted anew. It may use another copy of the key file, or "
                    "be of an older version. Restart it, and run this again.",
                    petitions=", ".join(waiting),
                )
            await self._sleep(_LOOK_SECONDS)

    async def complete(self, progress: Callable[[int], object]) -> Resealed:
        """Encrypts anew until nothing is left that needs an older key, but for damaged values.

        The last round begins when nothing that was encrypted before can still be on its way. To
        be called once the running bots use the newest key.
        """
        done = await self.reseal(progress)
        await self._sleep(LATEST_WRITE_SECONDS)
        while True:
            more = await self.reseal(progress, before=done.values)
            done = Resealed(done.values + more.values, more.damaged)
            if await self.outdated() <= sum(done.damaged.values()):
                return done
            await self._sleep(_LOOK_SECONDS)

    async def reseal(self, progress: Callable[[int], object], *, before: int = 0) -> Resealed:
        """Encrypts anew what is outdated, once through all tables.

        Args:
            progress: told after each portion how many values are done.
            before: how many were done by earlier rounds.
        """
        done, heads = Resealed(), self._keyring.outdated
        for each in _SEALED:
            after: Row | None = None
            while rows := await self._database.read(each.next_rows(heads(), after)):
                found = [(row, self._anew(each, row, done.damaged)) for row in rows]
                renewed = [(row, fresh) for row, fresh in found if fresh]
                if renewed:
                    answers = await self._database.write(
                        *[each.replace(row, fresh) for row, fresh in renewed]
                    )
                    done.values += sum(
                        len(fresh)
                        for (_, fresh), answer in zip(renewed, answers, strict=True)
                        if answer
                    )
                    progress(before + done.values)
                after = rows[-1]
                await self._sleep(BREATH_SECONDS)
        return done

    async def _not_taken_up(self) -> list[str]:
        known = {head[1:] for head in self._keyring.outdated()}
        newest = self._keyring.newest
        rows = await self._database.read(Statement(_BOTS))
        return [
            row["slug"]
            for row in rows
            if row["sealed_with"] != newest
            and (row["sealed_with"] is None or row["sealed_with"] in known)
            and await self._is_running(row["slug"])
        ]

    async def _is_running(self, slug: str) -> bool:
        try:
            async with acquire_process_lock(self._url, f"intake/{slug}"):
                return False
        except HeldElsewhere:
            return True

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
        """Returns the statement that replaces values of a row, unless others are there by now.

        A row that somebody is writing is left for the next round: who waits for none while
        holding others is in no deadlock. It is one statement, since PostgreSQL looks for the
        petition, and so waits for its lock, when a transaction changes a row a second time.
        """
        key = ", ".join(self.key)
        own = " AND ".join(f"{each} = :{each}" for each in self.key)
        setting = ", ".join(f"{column} = :fresh_{column}" for column in fresh)
        unchanged = " AND ".join(f"{column} = :former_{column}" for column in fresh)
        return Statement(
            f"UPDATE {self.name} SET {setting} WHERE {own} AND ({key}) IN ("  # noqa: S608 - names of tables.py
            f"SELECT {key} FROM {self.name} WHERE {own} AND {unchanged} {SKIP_LOCKED}"
            f") RETURNING {self.key[0]}",
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
