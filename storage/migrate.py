"""Migrates a database to this version's tables, once, however many processes start at a time.

One transaction does it, which also holds the lock: SQLite's exclusive one, or an advisory lock in
PostgreSQL. A process killed in the middle leaves the old schema whole, and its lock ends with it.
For a database that is new or up to date Alembic, which takes half a second, is not even imported.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage.database import postgres_adapter
from storage.database_url import SqliteAddress, parse_address
from storage.errors import SchemaMissing, SchemaTooNew, SchemaTooOld, StorageError, Unavailable
from storage.migrations import NEWEST
from storage.migrations.before_the_release import FORMER, to_the_first
from storage.private_files import create_private
from storage.sqlite_connection import WRITER_PRAGMAS, SqliteConnection, is_locked, storage_errors
from storage.tables import metadata
from storage.transaction import Result

if TYPE_CHECKING:
    from alembic.config import Config

# How long a start waits for another that is migrating; a revision can rewrite a big table.
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05

# Any fixed number that no other program on the same PostgreSQL is likely to lock.
_ADVISORY_LOCK = 0x7065_7469_7469_6F6E

_KNOWN = (*FORMER, *(f"v{number}" for number in range(1, int(NEWEST[1:]) + 1)))
# As Alembic makes it.
_VERSIONS = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

# What a revision erased, or moved to other pages, is in the files until they are written anew.
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
    if revision is None or revision.removesuffix(_TO_WRITE_ANEW) in _KNOWN:
        return
    raise SchemaTooOld if "0001" <= revision < FORMER[0] else SchemaTooNew


def alembic_config(connection: sa.Connection) -> "Config":
    """Returns Alembic's settings, so that no alembic.ini is needed, nor found by accident."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


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
    from alembic import command

    if version in FORMER:
        for statement in to_the_first(connection.dialect.name, version):
            connection.execute(statement)
    else:
        _set_version(connection, version.removesuffix(_TO_WRITE_ANEW))
    command.upgrade(alembic_config(connection), "head")
    _set_version(connection, f"{NEWEST}{_TO_WRITE_ANEW}")
    # A revision may rebuild a table that others refer to.
    is_sqlite = connection.dialect.name == "sqlite"
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
