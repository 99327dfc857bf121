"""How far a petition has got in its database, stored apart from it.

SQLite opens an older copy of a database, or one whose write-ahead log was lost or damaged,
without an error: it shows the signatures that are left, and people who have withdrawn since. The
numbers of signatures only ever rise, and so does the count of what people asked for; the highest
ones seen are written beside the key, and the bot does not start on a database that has not
reached both. On PostgreSQL the server looks after its files; there the mark tells a backup that
was put back by hand.

Where that database is stands in the mark, without user and password: a bot that is started from
another folder, or with another address, would begin an empty one and know nobody who signed. So
do the bots that people sign with: a rehearsal must not begin in the chats of those who signed.
"""

import asyncio
import glob
import hashlib
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from storage.database_copy import reading
from storage.database_url import PostgresAddress, SqliteAddress, parse_address
from storage.errors import DatabaseBehind, SchemaMissing, StorageError
from storage.journal import has_entries
from storage.keyring import Keyring
from storage.open_database import postgres_adapter
from storage.petitions import Reached
from storage.private_files import locked_file, reason_and_command, write_file

# All columns, as the tables from before the release have fewer.
_PETITION = "SELECT * FROM petitions WHERE slug = $1"
# The number and the deeds; then where, and which bots, which were in files beside it before.
_MARK = re.compile(r"([0-9]{1,18})(?: ([0-9]{1,18}))?\n(?:(\S*)\n([0-9 ]*)\n)?")
_FLAGGED = "petition-bot run --restored-backup"
_OTHERWISE = StorageError(
    "If it is a backup that you put there on purpose, start once with: {command}, which does "
    "again what people asked for since",
    command=_FLAGGED,
)


class _Mark(NamedTuple):
    """What a mark says, and where it is."""

    path: Path
    reached: Reached
    database: str
    bots: set[str]


class HighWaterMark:
    """How far a petition has got in one database, written beside the key."""

    def __init__(self, key_file: Path, url: str, slug: str, bot_id: str = "") -> None:
        self._database = parse_address(url)
        # One key may serve several petitions, and a petition may have a second database.
        where = hashlib.sha256(_named_after(self._database).encode()).hexdigest()[:8]
        self.path = key_file.with_name(f"{key_file.name}.{slug}.{where}.mark")
        self._key_file = key_file
        self._url = url
        self._slug = slug
        self._bot_id = bot_id
        self._reached: Reached | None = None

    @property
    def tells_of_a_signature(self) -> bool:
        """Whether this process has marked at least one signature."""
        return self._reached is not None and self._reached.number > 0

    async def require_not_begun_elsewhere(self) -> None:
        """Checks that an empty database does not take the place of one with signatures.

        A key is used by the petitions of all its marks, so each petition is asked for by itself:
        another one may begin beside it. Changes nothing.

        Raises:
            DatabaseBehind: nobody began the petition in this database, and what lies beside the
                key tells of signatures; the message says where they are, and what to do.
        """
        if await reached_in(self._url, self._slug) is not None:
            return
        known = await asyncio.to_thread(_last_used, self._key_file, self._slug)
        if known is None and not has_entries(self._key_file, self._slug):
            return
        new_key = str(self._key_file.with_stem(f"{self._key_file.stem}-new"))
        raise DatabaseBehind(
            "The database {name} has nothing of the petition {slug}, and people signed it with "
            "the key {key} in another one{known}. Nothing was changed. To go on with that one, "
            "set PETITION_DATABASE_URL to it. If it is lost, put a backup in its place: "
            "petition-bot restore FILE. To begin anew without its signatures, make a new key: "
            "petition-bot keygen {new}, and set PETITION_KEY_FILE to that.",
            name=self._name,
            slug=self._slug,
            key=self._key_file,
            known=known or "",
            new=shlex.quote(new_key),
        )

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
        reached = await reached_in(self._url, self._slug) or Reached()
        if reached.is_behind(mark):
            raise DatabaseBehind(
                "The database {name} {missing}: it is an older copy, or its write-ahead log is "
                "lost or damaged. Nothing was changed in it. Put back the newest copy with its "
                "-wal file. {otherwise}",
                name=self._name,
                missing=_missing(reached, mark),
                otherwise=_OTHERWISE,
            )

    def raise_to(self, reached: Reached) -> None:
        """Writes the mark if it has risen.

        Raises:
            DatabaseBehind: it fell while the bot ran.
            OSError: the mark cannot be written.
        """
        before = self._reached
        if before is not None and reached.is_behind(before):
            raise DatabaseBehind(
                "The database {name} {missing} while the bot ran: another file was written over "
                "it. Put back the newest copy. {otherwise}",
                name=self._name,
                missing=_missing(reached, before),
                otherwise=_OTHERWISE,
            )
        if reached != before:
            try:
                write_file(self.path, self._content(reached, set()), replaces=False)
            except FileExistsError:
                # A command and the bot may both write it, and each knows its own bot alone.
                with locked_file(self.path):
                    known = _read_mark(self.path)
                    content = self._content(reached, known.bots if known else set())
                    write_file(self.path, content)
            self._reached = reached

    def _content(self, reached: Reached, bots: set[str]) -> bytes:
        place = quote(_place(self._database), safe="/:+")
        noted = " ".join(sorted({*bots, self._bot_id})).strip()
        return f"{reached.number} {reached.deeds}\n{place}\n{noted}\n".encode()

    def raise_beside_the_bot(self, reached: Reached) -> None:
        """Writes the mark for a command, if it is lower, unless it cannot be written."""
        mark = self._read()
        if mark is None or mark.is_behind(reached):
            with suppress(OSError):  # as the bot does
                self.raise_to(reached)

    def _read(self) -> Reached | None:
        why: object = ""
        try:
            if mark := _read_mark(self.path):
                return mark.reached
        except FileNotFoundError:
            return None
        except OSError as error:
            why = reason_and_command(self.path, error)
        raise DatabaseBehind(
            "{path} says how far the petition in {name} had got, and cannot be read, so nobody "
            "can tell whether any are missing. If you know that none are, start once with: "
            "{flagged}. Otherwise let the bot's user read and write it: {why}",
            path=self.path,
            name=self._name,
            flagged=_FLAGGED,
            why=why,
        )

    @property
    def _name(self) -> str:
        # The address of a server may hold a password.
        database = self._database
        return str(database.path) if isinstance(database, SqliteAddress) else "of the settings"


async def reached_in(url: str, slug: str) -> Reached | None:
    """Returns how far a petition has got in a database, without changing anything.

    Returns:
        None if the petition was never begun there, or there is no such database.

    Raises:
        StorageError: it cannot be read.
    """
    address = parse_address(url)
    try:
        if isinstance(address, SqliteAddress):
            row = await asyncio.to_thread(_petition_in_file, address.path, slug)
        else:
            async with postgres_adapter().connected(address.dsn) as connection:
                row = await connection.fetchrow(_PETITION, slug)
    except SchemaMissing:
        return None
    return None if row is None else Reached(row["last_number"], dict(row).get("deeds", 0))


def _petition_in_file(database: Path, slug: str) -> dict[str, int] | None:
    # Opening an empty file would delete the write-ahead log that was left beside it.
    if not database.exists() or database.stat().st_size == 0:
        return None
    with reading(database) as opened:
        found = opened.execute(_PETITION, {"1": slug})
        row, columns = found.fetchone(), [column[0] for column in found.description]
        return None if row is None else dict(zip(columns, row, strict=True))


def highest_reached(keyring: Keyring, slug: str) -> Reached:
    """Returns how far a petition got in any database, as far as marks say it."""
    marks = [Reached(), *(mark.reached for mark in _marks(keyring.path, slug))]
    return Reached(max(mark.number for mark in marks), max(mark.deeds for mark in marks))


def petition_signed_with(bot_id: str, key_file: Path) -> str | None:
    """Returns the short name of a petition that people have signed with this bot.

    Wherever its database is, and whatever the settings say of it now: a mark beside the key tells.

    Raises:
        OSError: the key's folder cannot be read.
    """
    for mark in _marks(key_file, "*"):
        if bot_id in mark.bots and mark.reached.number > 0:
            return mark.path.name.removeprefix(f"{key_file.name}.").rsplit(".", 2)[0]
    return None


def _missing(reached: Reached, mark: Reached) -> StorageError:
    if reached.number < mark.number:
        return StorageError(
            "ends at signature {number}, and {given} were given",
            number=reached.number,
            given=mark.number,
        )
    return StorageError(
        "knows {known} of the {given} times that somebody withdrew, or changed what they want",
        known=reached.deeds,
        given=mark.deeds,
    )


def _read_mark(path: Path) -> _Mark | None:
    """Returns what a mark says; None if it is damaged."""
    found = _MARK.fullmatch(path.read_text(encoding="ascii", errors="replace"))
    if found is None:
        return None
    number, deeds, database, noted = found.groups(default="")
    bots = set(noted.split())
    if not database:
        former = path.with_suffix(".database")
        database = former.read_text(errors="replace").strip() if former.exists() else "…"
        beside = path.parent.glob(f"{glob.escape(path.stem)}.*.bot")
        bots = {each.stem.rpartition(".")[2] for each in beside}
    return _Mark(path, Reached(int(number), int(deeds or 0)), unquote(database), bots)


def _marks(key_file: Path, slug: str) -> Iterator[_Mark]:
    """Yields the marks of a petition in all its databases that can be read."""
    for path in key_file.parent.glob(f"{glob.escape(key_file.name)}.{slug}.????????.mark"):
        if mark := _read_mark(path):
            yield mark


def _last_used(key_file: Path, slug: str) -> StorageError | None:
    """Returns where people signed last, and when, as an end of a sentence; None if nobody has."""
    signed = [mark for mark in _marks(key_file, slug) if mark.reached.number > 0]
    if not signed:
        return None
    newest = max(signed, key=lambda mark: mark.path.stat().st_mtime)
    day = datetime.fromtimestamp(newest.path.stat().st_mtime, UTC).date()
    return StorageError(", which was last used on {day}: {where}", day=day, where=newest.database)


def _named_after(address: SqliteAddress | PostgresAddress) -> str:
    """Returns what a mark is named after; it never changes, or those that are there are lost.

    Neither the user nor the password is part of it: with others it is the same database.
    """
    if isinstance(address, SqliteAddress):
        return str(address.path.resolve())
    parts = urlsplit(address.dsn)
    return f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}"


def _place(address: SqliteAddress | PostgresAddress) -> str:
    """Returns the address of a database without user, password and options."""
    if isinstance(address, SqliteAddress):
        return f"sqlite+aiosqlite:///{address.path.resolve()}"
    parts = urlsplit(address.dsn)
    return f"postgresql+asyncpg://{parts.netloc.rpartition('@')[2]}{parts.path}"
