"""SQLite's errors, sorted by what the caller can do about them."""

import sqlite3

from storage.errors import BrokenData, SchemaMissing, Unavailable

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PASSING = _LOCKED | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
}
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def is_locked(error: BaseException | None) -> bool:
    """Returns whether another connection holds the lock."""
    return _code(error) in _LOCKED


def storage_error(error: Exception) -> Exception:
    """Returns the StorageError that an error means; a bug comes back unchanged."""
    code, said = _code(error), getattr(error, "orig", error)
    if code in _LOCKED:
        return Unavailable("Another program holds the lock of the database.")
    if code in _PASSING:
        return Unavailable("The database cannot be read or written: {error}.", error=said)
    if code in _BROKEN:
        return BrokenData("The database file is damaged: {error}.", error=said)
    if str(said).startswith("no such table"):
        return SchemaMissing()
    return error


def fails_whole_group(error: Exception) -> bool:
    """Returns whether the disk or the lock is the cause, and not the one transaction."""
    return _code(error) in _PASSING | _BROKEN


def _code(error: BaseException | None) -> int | None:
    # SQLAlchemy wraps the driver's error.
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    # The low byte is the primary result code; the rest is detail.
    return None if code is None else code & 0xFF
