"""Migrates a database to this version's tables, once, however many processes start at a time.

One transaction does it, which also holds the lock: SQLite's exclusive one, or an advisory lock in
PostgreSQL. A process killed in the middle leaves the old schema whole, and its lock ends with it.

A new database has the tables of `tables.py` at once; of an earlier one each schema becomes the
next. To change the tables, name the new schema in `SCHEMAS`, and add the function that makes it of
the one before to `STEPS`; `tests/storage/databases` has a database of each that was released.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.database import SqliteAddress, parse_address, postgres_adapter
from storage.errors import NeedsAPerson, SchemaMissing, SchemaUnknown, StorageError, Unavailable
from storage.private_files import create_private
from storage.sqlite_connection import WRITER_PRAGMAS, SqliteConnection, is_locked
from storage.tables import AUDIT, LEASES, SEEN_UPDATES, metadata
from storage.transaction import Result

SCHEMAS = ("0.1.0", "0.2.0", "0.2.1")
"""Those that are taken along, the oldest first, each named for the release that brought it."""


def _to_0_2(is_sqlite: bool) -> Iterator[sa.Executable]:
    yield CreateTable(SEEN_UPDATES)
    whole = "INTEGER" if is_sqlite else "BIGINT"
    yield sa.text(f"ALTER TABLE leases ADD COLUMN replies {whole} DEFAULT 0 NOT NULL")
    yield sa.delete(LEASES).where(LEASES.c.name.startswith("broadcast/"))


def _to_0_2_1(_is_sqlite: bool) -> Iterator[sa.Executable]:
    yield sa.text("ALTER TABLE broadcasts DROP COLUMN total")  # its deliveries are counted
    # Some of the schema before have it.
    yield from (CreateIndex(each, if_not_exists=True) for each in AUDIT.indexes)


STEPS: Sequence[Callable[[bool], Iterator[sa.Executable]]] = (_to_0_2, _to_0_2_1)
"""What makes of each schema the next one: the statements, for SQLite or else for PostgreSQL."""

# How they were named before the first release.
_FORMER = re.compile(r"(00[0-9]{2}|v[1-3])( |$)")

# How long a start waits for another that is migrating; a step can rewrite a big table.
PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05

# Any fixed number that no other program on the same PostgreSQL is likely to lock.
_ADVISORY_LOCK = 0x7065_7469_7469_6F6E

# Named, and made, as Alembic did it.
_VERSIONS = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def migrate(url: str) -> str:
    """Brings the database to the newest schema, and returns that.

    Raises:
        SchemaUnknown: another version of the program made it.
        Unavailable: it cannot be reached, or another start did not finish in two minutes.
    """
    address, loop = parse_address(url), asyncio.get_running_loop()
    if isinstance(address, SqliteAddress):
        await asyncio.to_thread(create_private, address.path)
    deadline = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            await _on_connection(url, _bring_to_newest)
            return SCHEMAS[-1]
        except Unavailable as error:
            if not is_locked(error.__cause__) or loop.time() > deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


async def require_newest(url: str) -> None:
    """Checks, without changing anything, that the tables are this version's.

    Raises:
        StorageError: there is no such file.
        SchemaMissing: there are no tables yet, or they are older.
        SchemaUnknown: another version of the program made them.
        Unavailable: it cannot be reached.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress) and not await asyncio.to_thread(address.path.exists):
        raise StorageError(
            "There is no database at {path}. If there should be one, look at "
            "PETITION_DATABASE_URL; petition-bot run makes a new one.",
            path=Path.cwd() / address.path,
        )
    if await _on_connection(url, _schema) != SCHEMAS[-1]:
        raise SchemaMissing


def require_known_schema(schema: str) -> None:
    """Raises SchemaUnknown unless a database with this schema can be brought to the newest."""
    if _FORMER.match(schema):
        raise SchemaUnknown(
            "The database is from before the first release, 0.1.0, and no release reads it. Go on "
            "with the source that made it or, if nobody has signed in it, set "
            "PETITION_DATABASE_URL to a new one. Nothing was changed."
        )
    if schema not in SCHEMAS:
        raise SchemaUnknown


async def _on_connection(url: str, work: Callable[[sa.Connection], Result]) -> Result:
    """Runs a function on a connection of its own, where every statement commits by itself."""
    address = parse_address(url)
    if not isinstance(address, SqliteAddress):
        async with postgres_adapter().connected_core(address.dsn) as core:
            async with asyncio.timeout(PATIENCE_SECONDS):
                result: Result = await core.run_sync(work)
                return result
    connection = SqliteConnection(address.path, ())
    try:
        await connection.open()
        return await connection.run(lambda: work(connection.core))
    finally:
        await connection.close()


def _bring_to_newest(connection: sa.Connection) -> None:
    """Makes the tables, or of those of an earlier schema the newest, in one transaction."""
    if _schema(connection) == SCHEMAS[-1]:
        return
    run, is_sqlite = connection.exec_driver_sql, connection.dialect.name == "sqlite"
    if is_sqlite:
        for pragma in (*WRITER_PRAGMAS, "secure_delete=ON"):
            run(f"PRAGMA {pragma}")
        run("BEGIN EXCLUSIVE")
    else:
        run("BEGIN")
        run(f"SET LOCAL lock_timeout = {PATIENCE_SECONDS * 1_000:.0f}")
        run("SET LOCAL idle_in_transaction_session_timeout = '60s'")
        # It ends with the transaction, so it cannot outlive the process that took it.
        run(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    schema = _schema(connection)  # once more, as another start may have done it meanwhile
    if schema is None:
        metadata.create_all(connection, checkfirst=False)
        _VERSIONS.create(connection)
        connection.execute(sa.insert(_VERSIONS).values(version_num=SCHEMAS[-1]))
    elif schema != SCHEMAS[-1]:
        for step in STEPS[SCHEMAS.index(schema) :]:
            for statement in step(is_sqlite):
                connection.execute(statement)
        connection.execute(sa.update(_VERSIONS).values(version_num=SCHEMAS[-1]))
        # A step may rebuild a table that others refer to.
        if is_sqlite and run("PRAGMA foreign_key_check").first():
            raise RuntimeError("a row points to nothing")
    run("COMMIT")


def _schema(connection: sa.Connection) -> str | None:
    """Returns which schema it has, None without tables; raises as `require_known_schema` does."""
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    schema: str | None = connection.execute(sa.select(_VERSIONS)).scalar_one_or_none()
    if schema is None:
        raise NeedsAPerson(
            "The table alembic_version is empty, so it is not known which version made the "
            "database. If it is the bot's, put back a backup: petition-bot restore. If it is "
            "another program's, set PETITION_DATABASE_URL to one of the bot's own."
        )
    require_known_schema(schema)
    return schema
