"""The journal: what people asked for and a restored backup must not undo, outside the database.

A backup knows nothing of what came after it: who withdrew would be back in it, and who wanted no
messages would get them. So each such deed is written here before its transaction is committed,
and `replay` carries it out again. A deed that was noted and not committed, as after a kill, was
asked for all the same, and its update comes again. What was refused is noted as refused.

The file lies beside the key, one for each petition, and consists of blocks of 512 bytes. The
first is a header: a name of the format, a salt, a check of the key, and when it was begun.
Each other block is a nonce of 96 bits and AES-256-GCM's ciphertext of one padded entry with its
tag, bound to its place in the file. The key is made from the salt and the reference key, which
stays when the encryption keys change, so that a copy of the key file from the first day opens it;
a file that is rewritten has a salt, and so a key, of its own.

Several processes may write at once: each locks the file for as long as it writes.
"""

import asyncio
import fcntl
import json
import os
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import JournalUnusable, JournalUnwritable, said_by_system
from storage.ids import was_made_before
from storage.journal_entries import Deed, Entry, last_entries
from storage.keyring import Keyring
from storage.private_files import FileIdentity, reason_and_command, sync_folder
from storage.times import from_millis, to_millis

# A sector of a disk. The longest entry, a name of a hundred characters, fits into one.
_BLOCK_BYTES = 512
_FORMAT = b"petition-journal"
_SALT_BYTES = 16
# Where the header has the moment of the beginning: milliseconds, or zero if it is not known.
_BEGUN = slice(64, 72)
_NONCE_BYTES = 12
_TAG_BYTES = 16
_PADDED_BYTES = _BLOCK_BYTES - _NONCE_BYTES - _TAG_BYTES

# The most entries of one wait for the disk; a kill or a power cut leaves no more half written.
GROUP_SIZE = 64
# By then people are told that what they asked for was not done.
_LONGEST_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal holds, oldest first.

    Attributes:
        unreadable: how many entries are damaged.
        is_missing: whether there was no file before `prepare`.
        begun_at: when its first file was made; None if that is not known.
    """

    entries: tuple[Entry, ...]
    unreadable: int
    is_missing: bool = False
    begun_at: datetime | None = field(default=None, compare=False)

    def knows_all_since(self, moment: datetime | None) -> bool:
        """Returns whether it has all that was asked for since then, as far as it can be told.

        One that was begun later took the place of another, which is missing.
        """
        if self.is_missing or self.unreadable:
            return False
        if self.begun_at is None or moment is None:
            return True
        # A backup says its moment to the second.
        return self.begun_at.replace(microsecond=0) <= moment


class Journal:
    """The journal of one petition."""

    def __init__(self, path: Path, keyring: Keyring, slug: str) -> None:
        self.path = path
        self._keyring = keyring
        self._slug = slug
        self._was_missing = False
        self._without_name = set[bytes]()
        self._forgetting = asyncio.Lock()
        self._trying: Future[None] | None = None
        self._turn = threading.Lock()

    def prepare(self) -> None:
        """Makes the file, if there is none, and checks that it can be written.

        Raises:
            JournalUnusable: it cannot be; the message says what to do.
        """
        self._was_missing = self._is_missing()
        try:
            with self._locked():
                pass
        except OSError as error:
            raise JournalUnusable(
                "The bot notes in {path} who withdraws, so that nobody comes back with a restored "
                "backup, and it cannot be written: {reason}",
                path=self.path,
                reason=reason_and_command(self.path, error),
            ) from error

    def append(self, entries: Sequence[Entry]) -> None:
        """Writes entries, and waits in this thread until they are on the disk.

        Raises:
            JournalUnwritable: they could not be written, or not in time; the same at once while
                an earlier try still waits for the disk.
        """
        if not self._turn.acquire(timeout=_LONGEST_SECONDS):
            raise _silent()
        try:
            if self._trying is not None and not self._trying.done():
                raise _silent()
            self._trying = _in_thread(self._write, list(entries))
            self._trying.result(_LONGEST_SECONDS)
        except TimeoutError:
            raise _silent() from None
        except Exception as error:
            raise _meaning(error) from error
        finally:
            self._turn.release()

    async def forget_names(self, subjects: set[bytes]) -> None:
        """Writes over the names that these do not have any more; `rewrite` does what fails.

        The whole file is read for that, so those who come meanwhile share the next reading.
        """
        self._without_name |= subjects
        async with self._forgetting:
            waiting, self._without_name = self._without_name, set()
            if waiting:
                with suppress(OSError, JournalUnusable):
                    await asyncio.to_thread(self._write_over_names, waiting)

    def read(self) -> JournalContent:
        """Returns what it holds; an entry at its end that a kill left half written is no damage.

        Raises:
            JournalUnusable: it is not a journal, or was made with another key.
        """
        if self._is_missing():
            return JournalContent((), 0, is_missing=True)
        with self._locked() as file:
            return replace(file.content(), is_missing=self._was_missing)

    def rewrite(self, before: datetime | None, names_before: datetime | None = None) -> int:
        """Leaves out what a later entry overtook, and signatures made before a moment, if any.

        Of those made before another, the names alone. Retention erases both from any restored
        copy. The file is replaced in one step. In a damaged journal every entry keeps its place,
        since what cannot be read could not be kept; names that no longer hold are written over.

        Returns:
            How many entries are damaged.
        """
        if not self.path.exists():
            return 0
        with self._locked() as file:
            found = file.entries()
            last = last_entries(found.values())
            over = (before, names_before)
            kept = [e for e in last if not _was_made_before(e, over if e.has_name else over[:1])]
            if unreadable := file.unreadable(found):
                file.write_over_names(found, kept)
                return unreadable
            if len(kept) == len(found):
                return 0
            fresh = self.path.with_name(f"{self.path.name}.new")
            fresh.unlink(missing_ok=True)
            with _LockedFile.opened(fresh, self._keyring, self._slug, file.begun) as replacement:
                replacement.append(kept)
            fresh.replace(self.path)
            sync_folder(self.path.parent)
        return 0

    def _is_missing(self) -> bool:
        """Returns whether there is no file, or one that was copied to a full disk."""
        return not self.path.exists() or self.path.stat().st_size == 0

    def _write(self, entries: list[Entry]) -> None:
        with self._locked() as file:
            file.append(entries)

    def _write_over_names(self, subjects: set[bytes]) -> None:
        with self._locked() as file:
            end = file.end()
            with file.unlocked():  # others write while all of it is read
                known = file.entries()
            if not file.identity.is_same():
                return  # it was rewritten without such names
            places = [place for place, each in known.items() if each.subject in subjects]
            now = file.entries([*places, *range(end, file.end())])
            found = {at: each for at, each in now.items() if each.subject in subjects}
            file.write_over_names(found, last_entries(found.values()))

    @contextmanager
    def _locked(self) -> Iterator["_LockedFile"]:
        """Opens and locks the file."""
        while True:
            with _LockedFile.opened(self.path, self._keyring, self._slug) as file:
                # Another process may have replaced it before it was locked.
                if file.identity.is_same():
                    yield file
                    return


def journal_of(keyring: Keyring, slug: str) -> Journal:
    """Returns the journal beside the key file."""
    return Journal(_path(keyring.path, slug), keyring, slug)


def _path(key_file: Path, slug: str) -> Path:
    return key_file.with_name(f"{key_file.name}.{slug}.journal")


def has_entries(key_file: Path, slug: str) -> bool:
    """Returns whether there is a journal of a petition beside a key file that notes anything."""
    path = _path(key_file, slug)
    return path.exists() and path.stat().st_size > _BLOCK_BYTES


def _was_made_before(entry: Entry, moments: tuple[datetime | None, ...]) -> bool:
    return any(each and was_made_before(entry.subject, each) for each in moments)


class _LockedFile:
    """A journal that no other process reads or writes; made by `opened`."""

    def __init__(
        self, path: Path, handle: int, keyring: Keyring, slug: str, begun: bytes | None
    ) -> None:
        self._path = path
        self._handle = handle
        self.identity = FileIdentity(path, handle)
        if os.fstat(handle).st_size <= _BLOCK_BYTES:
            self._begin(keyring, slug, begun or to_millis(datetime.now(UTC)).to_bytes(8, "big"))
        header = os.pread(handle, _BLOCK_BYTES, 0)
        salt = header[len(_FORMAT) : len(_FORMAT) + _SALT_BYTES]
        check = _key(keyring, slug, salt, _checked(header[_BEGUN]))
        if header != _header(salt, check, header[_BEGUN]):
            raise JournalUnusable(
                "{path} is damaged, or was made with another key than the one of the settings. It "
                "says who withdrew. Put back the key file that belongs to it; if nobody needs it "
                "any more, run: {command}",
                path=path,
                command=shlex.join(["mv", str(path), f"{path}.former"]),
            )
        self.begun = header[_BEGUN]
        self._salt = salt
        self._cipher = AESGCM(_key(keyring, slug, salt, b"key"))

    @classmethod
    @contextmanager
    def opened(
        cls, path: Path, keyring: Keyring, slug: str, begun: bytes | None = None
    ) -> Iterator["_LockedFile"]:
        """Opens and locks a file until the block ends.

        A new one gets a header with `begun`: since when it knows everything; None: from now on.
        """
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield cls(path, handle, keyring, slug, begun)
        finally:
            os.close(handle)

    def content(self) -> JournalContent:
        """Returns all entries."""
        found = self.entries()
        begun_at = from_millis(int.from_bytes(self.begun, "big") or None)
        return JournalContent((*found.values(),), self.unreadable(found), begun_at=begun_at)

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """Lets others write, and replace the file, until the block ends."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    def entries(self, places: Iterable[int] | None = None) -> dict[int, Entry]:
        """Returns each entry that can be read, by its place; of all places or of some."""
        asked = range(1, self.end()) if places is None else places
        found = {place: self._entry(place) for place in asked}
        return {place: each for place, each in found.items() if each is not None}

    def unreadable(self, found: Mapping[int, Entry]) -> int:
        """Returns how many entries are damaged, besides those that were found."""
        return self.end() - 1 - len(found)

    def append(self, entries: list[Entry]) -> None:
        """Writes all entries, or none, behind the last whole one, and waits for the disk."""
        end = self.end()
        blocks = [self._sealed(each, end + i) for i, each in enumerate(entries)]
        start = end * _BLOCK_BYTES
        try:
            os.ftruncate(self._handle, start)  # what a kill left half written
            for at in range(0, len(blocks), GROUP_SIZE):
                portion = b"".join(blocks[at : at + GROUP_SIZE])
                _write_all(self._handle, portion, start + at * _BLOCK_BYTES)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, start)
            raise

    def write_over_names(self, found: Mapping[int, Entry], kept: list[Entry]) -> None:
        """Puts nothing in the place of each of these names that is not kept."""
        for place, entry in found.items():
            if entry.has_name and entry not in kept:
                nothing = Entry(Deed.WITH_NAME, entry.subject, refused=True)
                _write_all(self._handle, self._sealed(nothing, place), place * _BLOCK_BYTES)

    def end(self) -> int:
        """Returns the place behind the last entry that a kill did not leave half written."""
        size = os.fstat(self._handle).st_size // _BLOCK_BYTES
        for end in range(size, max(1, size - GROUP_SIZE) - 1, -1):
            if end == 1 or self._entry(end - 1) is not None:
                return end
        return size  # more than one group: this is damage, and nothing is thrown away

    def _begin(self, keyring: Keyring, slug: str, begun: bytes) -> None:
        """Writes the header, unless it is there; without it there was no entry yet."""
        if os.pread(self._handle, _BLOCK_BYTES, 0).startswith(_FORMAT):
            return
        salt = os.urandom(_SALT_BYTES)
        check = _key(keyring, slug, salt, _checked(begun))
        _write_all(self._handle, _header(salt, check, begun), 0)
        sync_folder(self._path.parent)

    def _sealed(self, entry: Entry, place: int) -> bytes:
        refused = [1] if entry.refused else []
        listed = [entry.deed, entry.subject.hex(), entry.value, *refused]
        plain = json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()
        if len(plain) > _PADDED_BYTES:
            raise ValueError("the entry is longer than a block of the journal")
        nonce = os.urandom(_NONCE_BYTES)
        padded = plain.ljust(_PADDED_BYTES)
        return nonce + self._cipher.encrypt(nonce, padded, self._place(place))

    def _entry(self, place: int) -> Entry | None:
        """Returns the entry at a place; None if it is damaged or unknown."""
        block = os.pread(self._handle, _BLOCK_BYTES, place * _BLOCK_BYTES)
        try:
            plain = self._cipher.decrypt(
                block[:_NONCE_BYTES], block[_NONCE_BYTES:], self._place(place)
            )
            deed, subject, value, *refused = json.loads(plain)
            return Entry(Deed(deed), bytes.fromhex(subject), value, bool(refused))
        except (InvalidTag, ValueError):
            return None

    def _place(self, place: int) -> bytes:
        return self._salt + place.to_bytes(8, "big")


def _checked(begun: bytes) -> bytes:
    """Returns what the check is made of; a journal without a beginning has none in its check."""
    return b"check" + begun.lstrip(b"\0")


def _header(salt: bytes, check: bytes, begun: bytes) -> bytes:
    return (_FORMAT + salt + check + begun).ljust(_BLOCK_BYTES, b"\0")


def _key(keyring: Keyring, slug: str, salt: bytes, use: bytes) -> bytes:
    """Returns the key, or its check."""
    return keyring.digest(use, table="journal", column=slug, row=salt)


def _write_all(handle: int, content: bytes, start: int) -> None:
    """Writes at a place of a file, and waits until it is on the disk."""
    written = 0
    while written < len(content):
        written += os.pwrite(handle, content[written:], start + written)
    os.fsync(handle)


def _in_thread(write: Callable[[list[Entry]], None], entries: list[Entry]) -> Future[None]:
    """Begins to write in a thread that does not keep the process from ending."""
    written = Future[None]()

    def run() -> None:
        try:
            write(entries)
            written.set_result(None)
        except Exception as error:  # passed to who waits for it
            written.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return written


def _silent() -> JournalUnwritable:
    return JournalUnwritable("The journal's disk does not answer.")


def _meaning(error: Exception) -> Exception:
    """Returns a new exception for one caller: one raised in many would mix their tracebacks."""
    if isinstance(error, JournalUnusable):
        return JournalUnwritable("{said}", said=error)
    if not isinstance(error, OSError):
        return error
    return JournalUnwritable(
        "The journal cannot be written just now ({reason}).", reason=said_by_system(error)
    )
