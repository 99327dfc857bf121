"""Migrates a database to this version's tables, once, however many processes start at a time.

One transaction does it, which also holds the lock: SQLite's exclusive one, or an advisory lock in
PostgreSQL. A process killed in the middle leaves the old schema whole, and its lock ends with it.

A new database has the tables of `tables.py` at once; of an earlier one each schema becomes the
next. To change the tables, name the new schema in `SCHEMAS`, and add the function that makes it of
the one before to `_STEPS`; `tests/storage/databases` has a database of each that was released.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address
from storage.errors import SchemaMissing, SchemaTooNew, SchemaTooOld, StorageError, Unavailable
from storage.private_files import create_private
from storage.sqlite_connection import WRITER_PRAGMAS, SqliteConnection, is_locked, storage_errors
from storage.tables import DELIVERIES, metadata
from storage.transaction import Result

SCHEMAS = ("0025", "0026", "v1", "v2", "v3")
"""Those that are taken along, the oldest first; the first two were from before the release."""

NEWEST = SCHEMAS[-1]

# How long a start waits for another that is migrating; a step can rewrite a big table.
_PATIENCE_SECONDS = 120.0
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

# What a step erased, or moved to other pages, is in the files until they are written anew.
# That this is to be done is noted in its transaction, so that a later start does what fails.
_TO_WRITE_ANEW = " to write anew"


async def migrate(url: str) -> str:
    """Brings the database to the newest revision and returns that revision.

    Raises:
        SchemaTooNew, SchemaTooOld: another version of the program made it.
        Unavailable: it cannot be reached, or another start did not finish in two minutes.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress):
        await asyncio.to_thread(create_private, address.path)
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while not await _is_migrated(url):
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable("Another program has held the database for two minutes.")
        await asyncio.sleep(_PAUSE_SECONDS)
    return NEWEST


async def require_newest(url: str) -> None:
    """Checks, without changing anything, that the tables are this version's.

    Raises:
        StorageError: there is no such file.
        SchemaMissing: there are no tables yet, or they are older.
        SchemaTooNew, SchemaTooOld: another version of the program made them.
        Unavailable: it cannot be reached.
    """
    address = parse_address(url)
    if isinstance(address, SqliteAddress) and not await asyncio.to_thread(address.path.exists):
        raise StorageError(
            "There is no database at {path}. If there should be one, look at "
            "PETITION_DATABASE_URL; petition-bot run makes a new one.",
            path=Path.cwd() / address.path,
        )
    version = await _on_connection(url, _version)
    require_known_revision(version)
    if version is None or version.removesuffix(_TO_WRITE_ANEW) != NEWEST:
        raise SchemaMissing


def require_known_revision(revision: str | None) -> None:
    """Checks that a database with this revision can be brought to the newest.

    Raises:
        SchemaTooNew, SchemaTooOld: another version of the program made it.
    """
    if revision is None or revision.removesuffix(_TO_WRITE_ANEW) in SCHEMAS:
        return
    raise SchemaTooOld if "0001" <= revision < SCHEMAS[0] else SchemaTooNew


def statements_from(schema: str, *, is_sqlite: bool) -> Iterator[sa.Executable]:
    """Yields the statements that lead from an earlier schema to that of today."""
    for step in _STEPS[SCHEMAS.index(schema) :]:
        yield from step(is_sqlite)


async def _on_connection(
    url: str, work: Callable[[sa.Connection], Result], server_answers_in: float | None = None
) -> Result:
    """Runs a function on a connection of its own, where every statement commits by itself."""
    address = parse_address(url)
    if not isinstance(address, SqliteAddress):
        async with postgres_adapter().connected_core(address.dsn) as core:
            async with asyncio.timeout(server_answers_in):
                result: Result = await core.run_sync(work)
                return result
    connection = SqliteConnection(address.path, ())
    try:
        with storage_errors():
            await connection.open()
            return await connection.run(lambda: work(connection.core))
    finally:
        await connection.close()


async def _is_migrated(url: str) -> bool:
    """Migrates; returns False if somebody else holds SQLite's lock, or reads its log."""
    try:
        if await _on_connection(url, _upgraded, _PATIENCE_SECONDS):
            return True
        return await _on_connection(url, _written_anew)
    except Unavailable as error:
        if is_locked(error.__cause__):
            return False
        raise


def _upgraded(connection: sa.Connection) -> bool:
    """Brings it to the newest revision; returns False if the files are to be written anew."""
    version = _version(connection)
    require_known_revision(version)
    if version == NEWEST:
        return True
    run, is_sqlite = connection.exec_driver_sql, connection.dialect.name == "sqlite"
    if is_sqlite:
        for pragma in (*WRITER_PRAGMAS, "secure_delete=ON"):
            run(f"PRAGMA {pragma}")
        run("BEGIN EXCLUSIVE")
    else:
        run(f"SET lock_timeout = {_PATIENCE_SECONDS * 1_000:.0f}")
        run("BEGIN")
        # It ends with the transaction, so it cannot outlive the process that took it.
        run(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    _upgrade(connection)
    run("COMMIT")
    return _version(connection) == NEWEST


def _written_anew(connection: sa.Connection) -> bool:
    """Writes the files anew, however long it takes; returns False if SQLite's are being read."""
    run, is_sqlite = connection.exec_driver_sql, connection.dialect.name == "sqlite"
    if not is_sqlite:
        run(f"SET lock_timeout = {_PATIENCE_SECONDS * 1_000:.0f}")
    run("VACUUM" if is_sqlite else "VACUUM FULL signatures, conversations")
    if is_sqlite and run("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
        return False
    _set_version(connection, NEWEST)
    return True


def _upgrade(connection: sa.Connection) -> None:
    """Brings it to the newest revision, in the transaction that holds the lock."""
    version = _version(connection)
    if version is None:
        metadata.create_all(connection, checkfirst=False)
        _VERSIONS.create(connection)
        connection.execute(sa.insert(_VERSIONS).values(version_num=NEWEST))
        return
    if version.removesuffix(_TO_WRITE_ANEW) == NEWEST:
        return  # another start did it meanwhile
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in statements_from(version.removesuffix(_TO_WRITE_ANEW), is_sqlite=is_sqlite):
        connection.execute(statement)
    _set_version(connection, f"{NEWEST}{_TO_WRITE_ANEW}")
    # A step may rebuild a table that others refer to.
    if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("a row points to nothing")


def _version(connection: sa.Connection) -> str | None:
    """Returns the revision, with what is still to be done for it; None without tables."""
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    version: str | None = connection.execute(sa.select(_VERSIONS)).scalar()
    return version


def _set_version(connection: sa.Connection, version: str) -> None:
    connection.execute(sa.update(_VERSIONS).values(version_num=version))


def _to_0026(is_sqlite: bool) -> Iterator[sa.Executable]:
    """Counts what the journal is told, and lets a delivery be in the state that came last."""
    whole = "INTEGER" if is_sqlite else "BIGINT"
    yield sa.text(f"ALTER TABLE petitions ADD COLUMN deeds {whole} DEFAULT 0 NOT NULL")
    yield sa.text("ALTER TABLE conversations ADD COLUMN notice TEXT")
    if not is_sqlite:
        yield sa.text(
            "ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_known,"
            " ADD CONSTRAINT deliveries_state_known"
            " CHECK (state IN ('pending', 'sending', 'delivered', 'unreachable', 'rejected',"
            " 'forbidden', 'unconfirmed', 'withdrawn'))"
        )
        return
    # SQLite cannot change a constraint, so it writes the table anew.
    yield sa.text("ALTER TABLE deliveries RENAME TO deliveries_before")
    yield CreateTable(DELIVERIES)
    yield sa.text("INSERT INTO deliveries SELECT * FROM deliveries_before")
    yield sa.text("DROP TABLE deliveries_before")
    yield from (CreateIndex(index) for index in DELIVERIES.indexes)


def _to_v1(_: bool) -> Iterator[sa.Executable]:
    yield sa.text("ALTER TABLE petitions DROP COLUMN sealed_with")
    # Once there was one reason alone to stop: Telegram does not accept the message.
    yield sa.text("UPDATE broadcasts SET stop_reason = 'content' WHERE stop_reason = 'other'")


def _to_v2(is_sqlite: bool) -> Iterator[sa.Executable]:
    """Keeps the names of those alone who have it handed over: who chose otherwise loses theirs.

    In place, since a table that is written anew would take along what refers to it.
    """
    for of in ("signatures", "conversations"):
        # A file that somebody was sent shows the name that they had to type.
        theirs = f"{of}.petition = sent_files.petition AND {of}.supporter = sent_files.supporter"
        yield sa.text(
            "UPDATE sent_files SET due = 1 WHERE due = 0 AND EXISTS"  # noqa: S608 - constants
            f" (SELECT 1 FROM {of} WHERE {theirs} AND {of}.with_name = 0)"
        )
    if is_sqlite:
        yield sa.text("ALTER TABLE signatures RENAME COLUMN name_sealed TO former_name")
        yield sa.text("ALTER TABLE signatures ADD COLUMN name_sealed BLOB")
        yield sa.text("UPDATE signatures SET name_sealed = former_name WHERE with_name = 1")
        yield sa.text("ALTER TABLE signatures DROP COLUMN former_name")
    else:
        yield sa.text("ALTER TABLE signatures ALTER COLUMN name_sealed DROP NOT NULL")
        yield sa.text("UPDATE signatures SET name_sealed = NULL WHERE with_name = 0")
    yield sa.text("ALTER TABLE signatures DROP COLUMN with_name")
    yield sa.text("UPDATE conversations SET name_sealed = NULL WHERE with_name = 0")
    yield sa.text(
        "UPDATE conversations SET with_name = 1 WHERE with_name IS NULL"
        " AND (name_sealed IS NOT NULL OR stage = 'name' OR return_stage = 'name')"
    )


def _to_v3(is_sqlite: bool) -> Iterator[sa.Executable]:
    """Keeps what admins were told of a broadcast beside all else that they were told.

    And no digest of a broadcast's content, which nothing reads. Who opened a petition again ended
    its planned closing update; for long, that has to be cancelled first.
    """
    broadcast = "lower(hex(broadcasts.id))" if is_sqlite else "encode(broadcasts.id, 'hex')"
    yield sa.text(
        "INSERT INTO petition_notices (petition, kind, about) SELECT broadcasts.petition,"  # noqa: S608 - constants
        f" admin_notices.kind, {broadcast} || '/' || admin_notices.about"
        " FROM admin_notices JOIN broadcasts ON broadcasts.id = admin_notices.broadcast_id"
    )
    yield sa.text(
        "UPDATE broadcasts SET state = 'cancelled', stop_reason = NULL, reason_detail = NULL"
        " WHERE stop_reason = 'open'"
    )
    yield sa.text("DROP TABLE admin_notices")
    yield sa.text("ALTER TABLE broadcasts DROP COLUMN content_sha256")


_STEPS = (_to_0026, _to_v1, _to_v2, _to_v3)
"""What makes of each schema the next one."""
