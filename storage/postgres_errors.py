"""What the errors of PostgreSQL's driver mean."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.database import PostgresAddress, without_password
from storage.errors import BrokenData, DatabaseUrlWrong, SchemaMissing, StorageError, Unavailable

# SQLSTATE classes: connection, resources, operator, rollback, system; and single states.
_PASSING = ("08", "53", "57", "40", "58", "25006", "25P03", "55P03")
_BROKEN = ("XX001", "XX002")
_REFUSED = ("28", "3D000")
# A prepared statement that is not there, or is there already.
_MIXED_UP = ("26000", "42P05")
# Everything that the driver raises and `storage_error` knows a meaning of.
DRIVER_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    PoolTimeout,
)
LOST = (
    OSError,  # TimeoutError too
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # asyncpg's error for a connection that the server dropped
    asyncpg.InvalidCachedStatementError,  # a newer version has just migrated
    PoolTimeout,
)
# Why it cannot be reached, the first that fits. Where a host has several addresses, a refusal has
# no class of its own.
_REASONS: Mapping[tuple[type[BaseException], ...], StorageError] = {
    (socket.gaierror,): StorageError("the host is not found"),
    (TimeoutError, PoolTimeout): StorageError("no answer, or it waits for a standby that is gone"),
    (ConnectionResetError, BrokenPipeError): StorageError("the connection was cut"),
    (OSError,): StorageError("the connection is refused"),
    (BaseException,): StorageError("the connection was cut"),
}
# What an address of several servers leads to when only standbys answer.
READS_ONLY = asyncpg.TargetServerAttributeNotMatched
_NO_TABLE = "42P01"


@contextmanager
def as_storage_errors(dsn: str) -> Iterator[None]:
    """Raises what the driver raises in the block as the StorageError that it means."""
    try:
        yield
    except DRIVER_ERRORS as error:
        meaning = storage_error(error, dsn)
        if meaning is error:
            raise without_values(error) from None
        raise meaning from error


def storage_error(error: Exception, dsn: str) -> Exception:
    """Returns the StorageError that a driver error of this server means.

    It says where that is, and nothing of the password. A bug comes back unchanged.
    """
    said, place = _said_by_driver(error), without_password(PostgresAddress(dsn))
    if isinstance(said, asyncpg.exceptions.ClientConfigurationError):
        return DatabaseUrlWrong()
    state = getattr(said, "sqlstate", None) or ""
    if state.startswith(_REFUSED):
        return DatabaseUrlWrong(
            "The server of {place} does not accept the user, the password or the name of the "
            "database in PETITION_DATABASE_URL, or lets nobody in from this machine (its "
            "pg_hba.conf says whom). In a password, signs such as @ and / are written %40 and "
            "%2F.",
            place=place,
        )
    if state in _MIXED_UP:
        return DatabaseUrlWrong(
            "The pooler of {place} mixes up the prepared statements of several connections. "
            "PgBouncer keeps them apart from version 1.21 on, with max_prepared_statements = 200 "
            "in its settings.",
            place=place,
        )
    if state.startswith(_BROKEN):
        return BrokenData("The database is damaged: {error}.", error=said)
    if state == _NO_TABLE:
        return SchemaMissing()
    if isinstance(said, READS_ONLY):
        return Unavailable(
            "No server of {place} takes writes: only a standby answers. If the primary is gone, "
            "make the standby the primary (pg_ctl promote), and the bot goes on by itself.",
            place=place,
        )
    # Of this class are bugs of the caller, too; only the message tells them apart.
    is_closed = isinstance(said, asyncpg.InterfaceError) and (
        "clos" in str(said) or "released" in str(said)
    )
    if is_closed or isinstance(said, LOST):
        return Unavailable(
            "PostgreSQL cannot be reached at {place} ({reason}). Is it running? Are the host and "
            "the port in PETITION_DATABASE_URL the right ones (the port is usually 5432)? If it "
            "is on another machine, does it accept connections from this one, and does the "
            "firewall let them through?",
            place=place,
            reason=next(why for kinds, why in _REASONS.items() if isinstance(said, kinds)),
        )
    if state.startswith(_PASSING):
        return Unavailable(
            "The database cannot be used just now ({kind}).", kind=type(said).__name__
        )
    return error


def without_values(error: Exception) -> Exception:
    """Returns an error that does not repeat the values of a row, as the server's detail does."""
    said = _said_by_driver(error)
    if isinstance(error, DBAPIError) and isinstance(said, asyncpg.PostgresError):
        said.detail = None
        error.orig, error.args = said, (str(said),)
    return error


def _said_by_driver(error: Exception) -> BaseException:
    """Returns asyncpg's error, which SQLAlchemy wraps twice."""
    wrapped = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return wrapped.__cause__ or wrapped if isinstance(error, DBAPIError) else error
