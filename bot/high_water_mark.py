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

A petition has one mark.
"""

import glob
import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from storage.database import parse_address, without_password
from storage.database_contents import reached_in
from storage.errors import DatabaseBehind, StorageError
from storage.keyring import Keyring
from storage.petitions import Reached
from storage.private_files import locked_file, reason_and_command, write_file

# The number and the deeds; then where, and which bots.
_MARK = re.compile(r"([0-9]{1,18}) ([0-9]{1,18})\n(\S*)\n([0-9 ]*)\n")


class _Mark(NamedTuple):
    reached: Reached = Reached()
    database: str = ""
    bots: frozenset[str] = frozenset()


class HighWaterMark:
    """How far a petition has got, and in which database, written beside the key."""

    def __init__(self, key_file: Path, url: str, slug: str, bot_id: str = "") -> None:
        self.path = _path(key_file, slug)
        self._key_file = key_file
        self._url = url
        self._slug = slug
        self._database = without_password(parse_address(url))
        self._bots = frozenset({bot_id} - {""})
        self._known: Reached | None = None

    async def require_reached(self, *, restored: bool = False) -> None:
        """Checks that the database has reached the mark, without changing anything in it.

        Call it before anything else opens the database: the first write to it would destroy a
        write-ahead log that could still be repaired. An empty database does not take the place of
        one with signatures: each petition of the key is asked for by itself, as another one may
        begin beside it.

        Args:
            restored: whether it may be older, as a backup that was put there on purpose.

        Raises:
            DatabaseBehind: it has not, the mark cannot be read, or nobody began the petition here
                and people signed it elsewhere; the message says what to do.
        """
        self.require_readable()
        mark = _read(self.path)
        reached = await reached_in(self._url, self._slug)
        is_elsewhere = restored or mark.database != self._database
        if reached is None and mark.reached.number > 0 and is_elsewhere:
            raise self._begun_elsewhere(mark)
        if not restored:
            self._require(reached or Reached(), mark.reached)

    def raise_to(self, reached: Reached) -> None:
        """Writes the mark if it has risen, or does not know this bot.

        Raises:
            DatabaseBehind: it fell, as another file was written over the database.
            OSError: the mark cannot be read or written.
        """
        with ExitStack() as stack:
            # A command and the bot may write it in one moment, and each knows its own bot alone.
            # One that is just being made has no lock: there the bot adds itself at its next look.
            if self.path.exists():
                stack.enter_context(locked_file(self.path))
            noted = _read(self.path)
            # A command may have noted more since the bot asked its database.
            self._require(reached, self._known or noted.reached)
            highest = Reached(*map(max, reached, noted.reached))
            mark = _Mark(highest, self._database, noted.bots | self._bots)
            if mark != noted:
                place, bots = quote(mark.database, safe="/:+"), " ".join(sorted(mark.bots))
                text = f"{highest.number} {highest.deeds}\n{place}\n{bots}\n"
                write_file(self.path, text.encode())
        self._known = reached

    def require_readable(self) -> None:
        """Raises DatabaseBehind if a mark of this petition cannot be read; it says what to do."""
        why = StorageError("It is damaged.")
        try:
            if _parsed(self.path) is not None:
                return
        except FileNotFoundError:
            if not self.path.is_symlink():  # one that leads nowhere
                return
        except OSError as error:
            why = reason_and_command(self.path, error)
        raise DatabaseBehind(
            "{path} says how far the petition in {database} had got, and cannot be read, so "
            "nobody can tell whether signatures are missing. {why} If you know that none are, "
            "remove it; run: {command}",
            path=self.path,
            database=self._database,
            why=why,
            command=shlex.join(["rmdir" if self.path.is_dir() else "rm", str(self.path)]),
        )

    def _require(self, reached: Reached, mark: Reached) -> None:
        if reached.number >= mark.number and reached.deeds >= mark.deeds:
            return
        if reached.number < mark.number:
            missing = StorageError(
                "ends at signature {number}, and {given} were given",
                number=reached.number,
                given=mark.number,
            )
        else:
            missing = StorageError(
                "knows {known} of the {given} times that somebody withdrew, or changed what they "
                "want",
                known=reached.deeds,
                given=mark.deeds,
            )
        raise DatabaseBehind(
            "The database {database} {missing}: it is an older copy, another file was written "
            "over it, or its write-ahead log is lost or damaged. Put back the newest copy with "
            "its -wal file. If it is a backup that you put there on purpose, start once with: "
            "{command}, which does again what people asked for since.",
            database=self._database,
            missing=missing,
            command="petition-bot run --restored-backup",
        )

    def _begun_elsewhere(self, mark: _Mark) -> DatabaseBehind:
        new_key = str(self._key_file.with_stem(f"{self._key_file.stem}-new"))
        return DatabaseBehind(
            "The database {database} has nothing of the petition {slug}, and people signed it "
            "with the key {key} in another one: {where}. Nothing was changed. To go on with that "
            "one, set PETITION_DATABASE_URL to it. If it is lost, put a backup in its place: "
            "petition-bot restore FILE. To begin anew without its signatures, make a new key: "
            "petition-bot keygen {new}, and set PETITION_KEY_FILE to that.",
            database=self._database,
            slug=self._slug,
            key=self._key_file,
            where=mark.database,
            new=shlex.quote(new_key),
        )


def highest_reached(keyring: Keyring, slug: str) -> Reached:
    """Returns how far a petition got, as far as its mark says it."""
    return _read(_path(keyring.path, slug)).reached


def petition_signed_with(bot_id: str, key_file: Path) -> str | None:
    """Returns the short name of a petition that people have signed with this bot.

    Wherever its database is, and whatever the settings say of it now: a mark beside the key tells.

    Raises:
        OSError: the key's folder cannot be read.
    """
    for path in key_file.parent.glob(f"{glob.escape(key_file.name)}.*.mark"):
        mark = _read(path)
        if bot_id in mark.bots and mark.reached.number > 0:
            return path.name.removeprefix(f"{key_file.name}.").partition(".")[0]
    return None


def _path(key_file: Path, slug: str) -> Path:
    return key_file.with_name(f"{key_file.name}.{slug}.mark")


def _read(path: Path) -> _Mark:
    """Returns what a mark says; nothing if there is none, or it is damaged."""
    try:
        return _parsed(path) or _Mark()
    except FileNotFoundError:
        return _Mark()


def _parsed(path: Path) -> _Mark | None:
    """Returns what a mark says; None if it is damaged."""
    found = _MARK.fullmatch(path.read_text(encoding="ascii", errors="replace"))
    if found is None:
        return None
    number, deeds, database, bots = found.groups()
    return _Mark(Reached(int(number), int(deeds)), unquote(database), frozenset(bots.split()))
