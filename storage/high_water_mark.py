"""The highest signature number of a petition, stored apart from its database.

SQLite opens an older copy of a database, or one whose write-ahead log was lost or damaged,
without an error: it shows the signatures that are left. Signature numbers only ever rise, so the
highest one seen is written beside the key, and the bot does not start on a database that has not
reached it. On PostgreSQL the server looks after its files; there the mark tells a backup that was
put back by hand.
"""

import asyncio
import glob
import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

from storage.database_url import PostgresAddress, SqliteAddress, parse_address
from storage.errors import DatabaseBehind, SchemaMissing
from storage.keyring import Keyring
from storage.open_database import postgres_adapter
from storage.private_files import write_over
from storage.sqlite_errors import storage_error

_NUMBER = "SELECT last_number FROM petitions WHERE slug = ?"
_MARK = re.compile(r"[0-9]{1,18}\n")
_FLAGGED = "petition-bot run --restored-backup"
_OTHERWISE = f"If it is a backup that you restored on purpose, start once with: {_FLAGGED}"


class HighWaterMark:
    """The highest signature number that a petition has given in one database."""

    def __init__(self, path: Path, database: Path | PostgresAddress, slug: str) -> None:
        self.path = path
        self._database = database
        self._slug = slug
        self._number: int | None = None

    @property
    def tells_of_a_signature(self) -> bool:
        """Whether this process has marked at least one signature."""
        return bool(self._number)

    async def require_reached(self) -> None:
        """Checks that the database has reached the mark, without changing anything in it.

        Call it before anything else opens the database: the first write to it would destroy a
        write-ahead log that could still be repaired.

        Raises:
            DatabaseBehind: it has not, or the mark cannot be read; the message says what to do.
        """
        mark = self._read()
        if mark is None:
            return
        number = await self._number_in_database()
        if number < mark:
            raise DatabaseBehind(
                f"The database {self._name} ends at signature {number}, and {mark} were given:"
                " it is an older copy, or its write-ahead log is lost or damaged. Nothing was"
                f" changed in it. Put back the newest copy with its -wal file. {_OTHERWISE}"
            )

    def raise_to(self, number: int) -> None:
        """Writes the mark if the number has risen.

        Raises:
            DatabaseBehind: the number fell while the bot ran.
            OSError: the mark cannot be written.
        """
        if self._number is not None and number < self._number:
            raise DatabaseBehind(
                f"The database {self._name} went back from signature {self._number} to"
                f" {number} while the bot ran: another file was written over it. Put back the"
                f" newest copy. {_OTHERWISE}"
            )
        if number != self._number:
            write_over(self.path, f"{number}\n")
            self._number = number

    def _read(self) -> int | None:
        try:
            text = self.path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable() from error
        if not _MARK.fullmatch(text):
            raise self._unreadable()
        return int(text)

    def _unreadable(self) -> DatabaseBehind:
        return DatabaseBehind(
            f"{self.path} says how far the signatures in {self._name} had got, and cannot"
            " be read, so nobody can tell whether any are missing. Let the bot's user read and"
            f" write it, or, if you know that none are missing, start once with: {_FLAGGED}"
        )

    @property
    def _name(self) -> str:
        # The address of a server may hold a password.
        return str(self._database) if isinstance(self._database, Path) else "of the settings"

    async def _number_in_database(self) -> int:
        if isinstance(self._database, Path):
            return await asyncio.to_thread(self._number_in_file, self._database)
        postgres = postgres_adapter()
        async with postgres.connected(self._database.dsn) as connection:
            try:
                return int(await connection.fetchval(_NUMBER.replace("?", "$1"), self._slug) or 0)
            except postgres.DRIVER_ERRORS as error:
                meaning = postgres.storage_error(error)
                if isinstance(meaning, SchemaMissing):
                    return 0
                raise meaning from error

    def _number_in_file(self, database: Path) -> int:
        # Opening an empty file would delete the write-ahead log that was left beside it.
        if not database.exists() or database.stat().st_size == 0:
            return 0
        address = f"file:{quote(str(database.resolve()))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as opened:
                row = opened.execute(_NUMBER, (self._slug,)).fetchone()
        except sqlite3.Error as error:
            meaning = storage_error(error)
            if isinstance(meaning, SchemaMissing):
                return 0
            raise meaning from error
        return int(row[0]) if row else 0


def mark_of(key_file: Path, url: str, slug: str) -> HighWaterMark:
    """Returns the mark of a petition in this database, beside the key."""
    address = parse_address(url)
    database = address.path if isinstance(address, SqliteAddress) else address
    # One key may serve several petitions, and a petition may have a second database for trials.
    where = hashlib.sha256(_place(address).encode()).hexdigest()[:8]
    path = key_file.with_name(f"{key_file.name}.{slug}.{where}.mark")
    return HighWaterMark(path, database, slug)


def highest_number(keyring: Keyring, slug: str) -> int:
    """Returns the highest number that a petition gave in any database, as far as marks say it."""
    marks = keyring.path.parent.glob(f"{glob.escape(keyring.path.name)}.{slug}.????????.mark")
    read = [each.read_text(encoding="ascii", errors="replace") for each in marks]
    return max((int(text) for text in read if _MARK.fullmatch(text)), default=0)


def _place(address: SqliteAddress | PostgresAddress) -> str:
    if isinstance(address, SqliteAddress):
        return str(address.path.resolve())
    # Neither the user nor the password: with others it is the same database.
    parts = urlsplit(address.dsn)
    return f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}"
