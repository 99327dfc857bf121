"""The interface to a database; only its adapter knows which database it is.

Queries are plain SQL in the dialect that SQLite and PostgreSQL share: `:name` parameters,
`ON CONFLICT`, `RETURNING`, `CASE`, partial indexes. A parameter used twice must have the same
type both times, since PostgreSQL infers types; where it cannot, `CAST(:x AS BIGINT)` works on
both. Sums of integers, and comparisons as columns, have other types on PostgreSQL: write
`CAST(SUM(…) AS BIGINT)` and `CASE WHEN … THEN 1 ELSE 0 END`. The markers below stand for clauses
that the two do not share.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from storage.errors import BrokenData
from storage.journal import Journal
from storage.journal_entries import Entry
from storage.transaction import Arguments, Result, Transaction, Work

Value = None | int | str | bytes
Row = Mapping[str, Any]

# Comments to SQLite, which has one writer and needs no row locks; the PostgreSQL adapter replaces
# them with the clauses they name. In this order they are for a select whose rows the rest of the
# transaction relies on; for the sub-select of a claim; for rows that others may change but not
# delete; and for a broadcast, to which new rows of other tables may still refer.
FOR_UPDATE = "/* for update */"
SKIP_LOCKED = "/* for update skip locked */"
FOR_KEY_SHARE = "/* for key share */"
FOR_NO_KEY_UPDATE = "/* for no key update */"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement and its `:name` parameters, as data, so that it can be run again.

    Attributes:
        journal: what must outlive a restored backup; it is on the disk before the transaction
            begins, and without it nothing is written. The statement returns a row where the deed
            was done, and none where it was refused.
    """

    sql: str
    # Values can be personal, and a repr ends in logs and tracebacks.
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    journal: Entry | None = None


class Snapshot(Protocol):
    """A database as it was at one moment, whatever is written meanwhile."""

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds in it; see Database.look."""
        ...


class Database(Protocol):
    """A database to read and write, safe to use from many tasks at once.

    Every method raises `Unavailable` for what may pass (locked, full, unreachable); bugs surface
    as the driver's own exceptions.
    """

    async def read(self, statement: Statement) -> list[Row]:
        """Returns the rows of one read-only statement, as of one moment."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Opens a snapshot, of the moment of its first read.

        What is erased meanwhile leaves the files only after it is closed, so it is kept short.
        """
        ...

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """Runs the statements as one transaction and returns once it is durable.

        Either all of them take effect or none; the rows of each (`RETURNING`, `SELECT`) come back
        in order. A transaction may be run again after a conflict, and when `Unavailable` is raised
        during the commit, it is not known whether it took effect: write statements that can be
        repeated without harm. Cancelling the caller does not undo it.
        """
        ...

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Returns what a function finds, which sees one moment and writes nothing."""
        ...

    async def transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a function as one transaction and returns once it is durable.

        As in `write` it may run again, cancelling the caller does not undo it, and after
        `Unavailable` it may have taken effect.

        Raises:
            JournalUnwritable: what it notes could not be written down; nothing of it is done.
        """
        ...

    def require_files(self) -> None:
        """Checks that a restart would find what is written now; does nothing for a server.

        Raises:
            DatabaseReplaced: the open files are no longer those at their paths.
        """
        ...

    async def close(self) -> None:
        """Finishes what was already requested, then closes the database."""
        ...


class WatchedDatabase:
    """A database that notes in the journal what is to be noted before it is written.

    It also tells a listener of all damage that is found in it. `counting` are the statements that
    count a deed, which begin its transaction.

    Attributes:
        in_progress: how many reads and writes wait for their answer.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        counting: tuple[Statement, ...],
    ) -> None:
        self._database = database
        self._journal = journal
        self._counting = counting
        self._damaged: Callable[[BrokenData], object] = lambda _: None
        self.in_progress = 0

    def tell_damage_to(self, listener: Callable[[BrokenData], object]) -> None:
        """Sets the listener, which is told of damage even if the caller handles the error."""
        self._damaged = listener

    async def read(self, statement: Statement) -> list[Row]:
        """See Database.read."""
        with self._watched():
            return await self._database.read(statement)

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """See Database.snapshot."""
        return self._database.snapshot()

    async def write(self, *statements: Statement) -> list[list[Row]]:
        """See Database.write."""
        noted = [each.journal for each in statements if each.journal is not None]
        if not noted:
            with self._watched():
                return await self._database.write(*statements)
        await self._journal.append(*noted)
        with self._watched():
            rows = await self._database.write(*self._counting, *statements)
        rows = rows[len(self._counting) :]
        decided = [
            replace(each.journal, refused=not found)
            for each, found in zip(statements, rows, strict=True)
            if each.journal is not None
        ]
        # A restore would carry out what was refused, against the person's word.
        if refused := [each for each in decided if each.refused]:
            await self._journal.append(*refused)
        if subjects := {each.subject for each in decided if each.takes_back_name}:
            await self._journal.forget_names(subjects)
        return rows

    async def look(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.look."""
        with self._watched():
            return await self._database.look(work, *args, **kwargs)

    async def transact(
        self, work: Work[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """See Database.transact."""
        noted: Sequence[Entry] = ()

        def noting(transaction: Transaction) -> Result:
            nonlocal noted
            transaction.write_down, noted = self._journal.append_now, transaction.noted
            return work(transaction, *args, **kwargs)

        with self._watched():
            result = await self._database.transact(noting)
        if subjects := {each.subject for each in noted if each.takes_back_name}:
            await self._journal.forget_names(subjects)
        return result

    def require_files(self) -> None:
        """See Database.require_files."""
        self._database.require_files()

    async def close(self) -> None:
        """See Database.close."""
        await self._journal.close()
        await self._database.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self.in_progress += 1
        try:
            yield
        except BrokenData as error:
            self._damaged(error)
            raise
        finally:
            self.in_progress -= 1
