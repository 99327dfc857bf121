"""The one interface to a database; which database it is, only its adapter knows.

Queries are plain SQL in the dialect that SQLite and PostgreSQL share: `:name` parameters,
`ON CONFLICT`, `RETURNING`, `CASE`, partial indexes. A parameter used twice must mean the same
type both times, since PostgreSQL infers types; `CAST(:x AS BIGINT)` works on both when it
cannot. `SUM` of whole numbers and comparisons as columns come back as other types there: write
`CAST(SUM(…) AS BIGINT)` and `CASE WHEN … THEN 1 ELSE 0 END`. The clauses that they do not share
are the markers below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from storage.errors import BrokenData

Value = None | int | str | bytes
Row = Mapping[str, Any]

# Comments to SQLite, which has one writer and needs no row locks; the PostgreSQL adapter puts the
# clauses they name in their place. For a select whose rows the rest of the transaction relies on;
# for the sub-select of a claim; for rows that others may change, but not delete; and for a
# broadcast, to which rows of other tables may still be made to point.
FOR_UPDATE: Final = "/* for update */"
SKIP_LOCKED: Final = "/* for update skip locked */"
FOR_KEY_SHARE: Final = "/* for key share */"
FOR_NO_KEY_UPDATE: Final = "/* for no key update */"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement and its `:name` parameters: data, so a transaction can be run again."""

    sql: str
    # Values can be personal, and a repr ends in logs and tracebacks.
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)


class Database(Protocol):
    """A place to read and write, safe to use from many tasks at once.

    Every method raises `Unavailable` for what may pass (locked, full, away) and lets mistakes
    of ours surface as the driver's own exceptions.
    """

    async def read(self, statement: Statement) -> list[Row]:
        """The rows of one statement that changes nothing, seen at one moment."""
        ...

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """Run the statements as one transaction and return once it is durable.

        Either all of them happened or none; the rows of each (`RETURNING`, `SELECT`) come back
        in order. A transaction may be run again after a clash, and when `Unavailable` is raised
        while committing, it is not known whether it happened: write so that a repeat is
        harmless. Cancelling the caller does not undo it.
        """
        ...

    def require_files(self) -> None:
        """Ask whether a restart would find what is written now; nothing to ask of a server.

        Raises:
            DatabaseReplaced: the files that are open are not those at their paths any more.
        """
        ...

    async def close(self) -> None:
        """Finish what was already asked for, then let go of the database."""
        ...


class WatchedDatabase:
    """A database that has somebody told of all damage that is met in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._damaged: Callable[[BrokenData], object] = _nobody

    def tell_damage_to(self, listener: Callable[[BrokenData], object]) -> None:
        """Has somebody told, whoever it is that meets it and goes on."""
        self._damaged = listener

    async def read(self, statement: Statement) -> list[Row]:
        """See Database.read."""
        try:
            return await self._database.read(statement)
        except BrokenData as error:
            self._damaged(error)
            raise

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """See Database.write."""
        try:
            return await self._database.write(*statements)
        except BrokenData as error:
            self._damaged(error)
            raise

    def require_files(self) -> None:
        """See Database.require_files."""
        self._database.require_files()

    async def close(self) -> None:
        """See Database.close."""
        await self._database.close()


def _nobody(_: BrokenData) -> None:
    """Is told of damage until somebody else is to be."""
