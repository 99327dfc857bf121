"""A transaction is a plain function: it reads, decides, and writes, and awaits nothing.

`read` and `write` of a database take such a function and its arguments. It runs in a thread or a
greenlet of the database and may run twice, so it is pure: moments are its arguments, and ids come
from `Transaction.new_id`, the same in every run.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from storage.columns import Conversion, is_sealed, key_of
from storage.errors import BrokenData
from storage.journal import Entry
from storage.keyring import Keyring
from storage.tables import PETITIONS
from storage.times import rising_id

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Condition = sa.ColumnElement[bool] | bytes | str
"""Which rows are meant: bytes are the id of one, or the reference of whose row it is, and a text
is its key."""

Row = sa.Row[Any]
"""A row as it is stored, whose attributes are the columns; what is encrypted in it stays so."""


class Stored(Protocol):
    """The values of a row by their columns; what is encrypted in it stays so."""

    def __getitem__(self, column: sa.ColumnElement[Any], /) -> Any: ...


Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""The values of a statement's parameters; of a sequence, each is carried out."""


@dataclass(slots=True)
class Transaction:
    """A transaction that is open, of the petition `slug`.

    Attributes:
        seed: from it, which no other transaction has, come its ids.
        noted: what the journal keeps of it.
        is_written_down: whether it was.
        write_down: writes that into the journal before the commit, in a thread that may wait.
    """

    connection: sa.Connection
    slug: str = field(init=False)
    keyring: Keyring = field(init=False, repr=False)
    seed: bytes = field(init=False)
    noted: list[Entry] = field(default_factory=list)
    is_written_down: bool = False
    write_down: Callable[[Sequence[Entry]], object] = lambda _: None
    _ids: int = 0

    def all(self, query: sa.Executable, values: Values | None = None) -> Sequence[Row]:
        """Returns the rows of a query, or of a change that returns some."""
        return self.connection.execute(query, values).all()

    def first(self, query: sa.Executable, values: Values | None = None) -> Row | None:
        """Returns the first row; None without one."""
        return self.connection.execute(query, values).first()

    def every(
        self, table: sa.Table, *conditions: sa.ColumnElement[bool], by: Sequence[Any] = ()
    ) -> Sequence[Row]:
        """Returns the rows of this petition for which all of that holds, in an order if given."""
        query = _every(table, self.slug)
        if conditions or by:
            query = query.where(*conditions).order_by(*by)
        return self.all(query)

    def scalar(self, query: sa.Executable) -> Any | None:
        """Returns the first column of the first row; None without one."""
        return self.connection.execute(query).scalar()

    def change(self, statement: sa.Executable, values: Values | None = None) -> int:
        """Carries out a change; returns how many rows it changed."""
        return self.connection.execute(statement, values).rowcount

    def change_kept(self, statement: sa.Executable, values: Mapping[str, Any]) -> int:
        """Carries out a change that is made once and kept; returns how many rows it changed.

        On SQLite it goes to the driver, as SQLAlchemy takes several times as long as the change.
        """
        if self.connection.dialect.name != "sqlite":
            return self.change(statement, values)
        return self._on_driver(statement, values)[0]

    def first_kept(self, statement: sa.Executable, values: Mapping[str, Any]) -> Stored | None:
        """Returns the first row of a statement that is made once and kept, as in `change_kept`."""
        if self.connection.dialect.name != "sqlite":
            row = self.first(statement, values)
            return None if row is None else row._mapping
        return self._on_driver(statement, values)[1]

    def _on_driver(self, statement: Any, values: Mapping[str, Any]) -> tuple[int, Stored | None]:
        core = self.connection
        sql, parameters, columns = _compiled(statement, tuple(values), core.dialect)
        given = [to(values.get(name, default)) for name, default, to in parameters]
        with closing(core.connection.cursor()) as cursor:  # an open one keeps its snapshot
            changed, row = cursor.execute(sql, given).rowcount, cursor.fetchone()
        if row is None:
            return changed, None
        pairs = zip(columns, row, strict=True)
        return changed, {column: back(value) for (column, back), value in pairs}

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Returns the condition that a row is of this petition; true of tables without one."""
        return _of(table, self.slug)

    def find(self, table: sa.Table, *conditions: Condition, lock: bool = False) -> Row | None:
        """Returns the row of this petition for which all of that holds; None without one.

        With `lock` nobody else changes it before the commit.
        """
        if len(conditions) == 1 and isinstance(conditions[0], bytes | str):
            return self.first(_with_key(table, self.slug, lock), {"own_key": conditions[0]})
        query = sa.select(table).where(*self._where(table, conditions)).limit(1)
        return self.first(query.with_for_update() if lock else query)

    def count(self, table: sa.Table, *conditions: Condition) -> int:
        """Returns how many rows of this petition there are for which all of that holds."""
        query = sa.select(sa.func.count()).select_from(table)
        return self.scalar(query.where(*self._where(table, conditions))) or 0

    def add(self, table: sa.Table, **values: Any) -> None:
        """Adds a row to this petition, with the values that its sealed columns hold in plain."""
        adding = inserting(table, self.connection.dialect.name)
        self.change_kept(adding, self.stored(table, **values))

    def add_new(self, table: sa.Table, **values: Any) -> bool:
        """Adds a row to this petition unless one of its key is there; returns whether it did."""
        adding = inserting(table, self.connection.dialect.name, unless_there=True)
        return self.change_kept(adding, self.stored(table, **values)) == 1

    def put(self, table: sa.Table, **values: Any) -> None:
        """Adds a row to this petition, in place of the one of its key if there is one."""
        stored = self.stored(table, **values)
        self.change_kept(_putting(table, tuple(stored), self.connection.dialect.name), stored)

    def set(self, table: sa.Table, *conditions: Condition, **values: Any) -> int:
        """Sets columns of the rows of this petition for which all of that holds; counts them.

        What is to be sealed is given in plain, of one row, whose key is the first condition.
        """
        own = conditions[0] if conditions else None
        stored = self._sealed(table, values, own)
        is_plain = not any(isinstance(each, sa.ClauseElement) for each in stored.values())
        if len(conditions) == 1 and isinstance(own, bytes) and is_plain:
            return self.change_kept(_changing(table, self.slug), {**stored, "own_key": own})
        changing = sa.update(table).where(*self._where(table, conditions))
        return self.change(changing.values(stored))

    def delete(self, table: sa.Table, *conditions: Condition) -> int:
        """Deletes the rows of this petition for which all of that holds; returns how many."""
        return self.change(sa.delete(table).where(*self._where(table, conditions)))

    def unsealed(self, table: sa.Table, row: Row) -> dict[str, Any]:
        """Returns the columns of a table that a row has, with `x_sealed` decrypted as `x`.

        What is damaged is None, so that it keeps nobody from what else there is. Which petition it
        is of is left out, as that is known.
        """
        has, plain = row._mapping, {}
        for column in table.c:
            if column not in has or column.name == "petition":
                continue
            name, value = column.name, has[column]
            if is_sealed(column):
                value = self.opened(value, column, has[key_of(table)])
            plain[name.removesuffix("_sealed")] = value
        return plain

    def _where(
        self, table: sa.Table, conditions: Sequence[Condition]
    ) -> Iterator[sa.ColumnElement[bool]]:
        yield self.of(table)
        for each in conditions:
            yield key_of(table) == each if isinstance(each, bytes | str) else each

    def stored(self, table: sa.Table, /, **values: Any) -> dict[str, Any]:
        """Returns a row of this petition by its columns, encrypted where they are sealed."""
        its = {"petition": self.slug} if "petition" in table.c else {}
        return {**self._sealed(table, values), **its}

    def _sealed(self, table: sa.Table, values: dict[str, Any], own: Any = None) -> dict[str, Any]:
        """Returns values by their columns, encrypted where a column `x_sealed` holds an `x`.

        Without `own`, the key of the row is one of the values.
        """
        stored = dict(values)
        for name, column in _sealed_columns(table).items():
            if name in stored:
                if (value := stored.pop(name)) is not None:
                    value = self.seal(value, column, own or values[key_of(table).name])
                stored[column.name] = value
        return stored

    def new_id(self, at: datetime) -> bytes:
        """Returns an id that rises with time; see `rising_id`."""
        self._ids += 1
        return rising_id(at, hashlib.sha256(b"%b%d" % (self.seed, self._ids)).digest())

    def seal(self, plain: str | int, column: sa.Column[Any], row: bytes) -> bytes:
        """Encrypts a value for this column of this row only."""
        return self.keyring.seal(str(plain), table=column.table.name, column=column.name, row=row)

    def opened(self, sealed: bytes | None, column: sa.Column[Any], row: bytes) -> Any:
        """Decrypts what was sealed for this column and row; None if it is damaged or None."""
        if sealed is None:
            return None
        place = {"table": column.table.name, "column": column.name}
        with suppress(BrokenData):
            return column.info["plain"](self.keyring.open(sealed, **place, row=row))

    def note(self, entry: Entry) -> None:
        """Has the journal keep an entry; where that fails, nothing of the transaction is done."""
        self.noted.append(entry)

    def count_deeds(self) -> None:
        """Counts what is noted, as the last before the commit; by that an older copy is known."""
        if self.noted:
            self.set(PETITIONS, deeds=PETITIONS.c.deeds + 1)


@lru_cache
def _of(table: sa.Table, slug: str) -> sa.ColumnElement[bool]:
    column = table.c.get("petition", table.c.get("slug"))
    return sa.true() if column is None else column == slug


@lru_cache
def _sealed_columns(table: sa.Table) -> dict[str, sa.Column[Any]]:
    """Returns the columns that hold encrypted values, by the names of the plain ones."""
    return {each.name.removesuffix("_sealed"): each for each in table.c if is_sealed(each)}


@lru_cache
def _every(table: sa.Table, slug: str) -> sa.Select[Any]:
    return sa.select(table).where(_of(table, slug))


@lru_cache
def _with_key(table: sa.Table, slug: str, lock: bool) -> sa.Select[Any]:
    """Returns the query for the row of a key, made once, as that takes longer than the answer."""
    query = (
        sa.select(table).where(_of(table, slug), key_of(table) == sa.bindparam("own_key")).limit(1)
    )
    return query.with_for_update() if lock else query


@lru_cache
def inserting(table: sa.Table, dialect: str, *, unless_there: bool = False) -> Any:
    """Returns the insertion of a database, as SQLAlchemy has one for each.

    With `unless_there` it passes over a row whose key is there. Only that of the database in use
    is loaded, since the one of PostgreSQL takes two megabytes.
    """
    adding = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    return adding.on_conflict_do_nothing() if unless_there else adding


@lru_cache
def _putting(table: sa.Table, names: tuple[str, ...], dialect: str) -> Any:
    adding = inserting(table, dialect)
    new = {name: adding.excluded[name] for name in names}
    return adding.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)


@lru_cache
def _changing(table: sa.Table, slug: str) -> sa.Update:
    """Returns the change of the row of a key, made once as in `_with_key`; columns are added."""
    return sa.update(table).where(_of(table, slug), key_of(table) == sa.bindparam("own_key"))


@lru_cache(maxsize=512)
def _compiled(
    statement: Any, names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[str, Sequence[tuple[str, Any, Conversion]], Sequence[tuple[Any, Conversion]]]:
    """Returns SQL; its parameters: name, value if none is given, and encoding; its columns."""
    compiled = statement.compile(dialect=dialect, column_keys=names)
    compiled.construct_params(dict.fromkeys(names))  # raises where a value is missing
    if compiled.post_compile_params:
        raise sa.exc.CompileError("a list is only known at each execution")
    parameters = [
        (name, bind.value, bind.type.dialect_impl(dialect).bind_processor(dialect) or _unchanged)
        for name, bind in ((name, compiled.binds[name]) for name in compiled.positiontup)
    ]
    columns = [
        (each, each.type.dialect_impl(dialect).result_processor(dialect, None) or _unchanged)
        for each in statement.exported_columns
    ]
    return str(compiled), parameters, columns


def _unchanged(value: Any) -> Any:
    return value


def write_notes(transactions: Sequence[Transaction]) -> None:
    """Writes down what is noted in transactions of a database, with one wait for the disk.

    Raises:
        JournalUnwritable: it cannot be written now; nothing of it is.
    """
    transactions[0].write_down([entry for each in transactions for entry in each.noted])
    for each in transactions:
        each.is_written_down = True


def take_back_notes(transactions: Iterable[Transaction | None]) -> None:
    """Writes down that nothing of what was written down is done: a restore must not do it."""
    for each in transactions:
        if each is not None and each.is_written_down:
            with suppress(Exception):  # the failure that led here is the one to tell
                each.write_down([replace(entry, refused=True) for entry in each.noted])


Work = Callable[Concatenate[Transaction, Arguments], Result]
"""What is done in a transaction, with its arguments."""

BoundWork = Callable[[Transaction], Result]
"""What is done in a transaction, whose arguments it has."""

Read = Callable[[BoundWork[Any]], Awaitable[Any]]
"""What returns what a function finds."""
