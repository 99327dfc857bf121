"""The highest signature number of a petition, stored apart from its database.

SQLite opens an older copy of a database, or one whose write-ahead log was lost or damaged,
without an error: it shows the signatures that are left. Signature numbers only ever rise, so the
highest one seen is written beside the key, and the bot does not start on a database that has not
reached it. On PostgreSQL the server looks after its files, and no mark is stored.
"""

import asyncio
import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from storage.database_url import SqliteAddress, parse_address
from storage.errors import DatabaseBehind, SchemaMissing
from storage.private_files import write_over
from storage.sqlite_errors import storage_error

_NUMBER = "SELECT last_number FROM petitions WHERE slug = ?"
_MARK = re.compile(r"[0-9]{1,18}\n")
_FLAGGED = "petition-bot run --restored-backup"
_OTHERWISE = f"If it is a backup that you restored on purpose, start once with: {_FLAGGED}"


class HighWaterMark:
    """The highest signature number that a petition has given in one database."""

    def __init__(self, path: Path, database: Path, slug: str) -> None:
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
        number = await asyncio.to_thread(self._number_in_database)
        if number < mark:
            raise DatabaseBehind(
                f"The database {self._database} ends at signature {number}, and {mark} were given:"
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
                f"The database {self._database} went back from signature {self._number} to"
                f" {number} while the bot ran: another file was written over it. Put back the"
                f" newest copy. {_OTHERWISE}"
            )
        if number != self._number:
            write_over(self.path, f"{number}\n")
            self._number = number

    def forget(self) -> int:
        """Deletes the mark, so that the bot starts on the database as it is.

        Returns:
            What it said; 0 if that cannot be read.

        Raises:
            DatabaseBehind: the mark cannot be deleted; the message says what to do.
        """
        try:
            number = self._read() or 0
        except DatabaseBehind:
            number = 0
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise DatabaseBehind(
                f"{self.path} cannot be removed ({error.strerror}); remove it, and start again."
            ) from error
        return number

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
            f"{self.path} says how far the signatures in {self._database} had got, and cannot"
            " be read, so nobody can tell whether any are missing. Let the bot's user read and"
            f" write it, or, if you know that none are missing, start once with: {_FLAGGED}"
        )

    def _number_in_database(self) -> int:
        # Opening an empty file would delete the write-ahead log that was left beside it.
        if not self._database.exists() or self._database.stat().st_size == 0:
            return 0
        address = f"file:{quote(str(self._database.resolve()))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                row = database.execute(_NUMBER, (self._slug,)).fetchone()
        except sqlite3.Error as error:
            meaning = storage_error(error)
            if isinstance(meaning, SchemaMissing):
                return 0
            raise meaning from error
        return int(row[0]) if row else 0


def mark_of(key_file: Path, url: str, slug: str) -> HighWaterMark | None:
    """Returns the mark of a petition in this database, beside the key; None for PostgreSQL."""
    address = parse_address(url)
    if not isinstance(address, SqliteAddress):
        return None
    # One key may serve several petitions, and a petition may have a second database for trials.
    where = hashlib.sha256(str(address.path.resolve()).encode()).hexdigest()[:8]
    path = key_file.with_name(f"{key_file.name}.{slug}.{where}.mark")
    return HighWaterMark(path, address.path, slug)
