"""The journal: what people asked for and a restored backup must not undo, outside the database.

A backup knows nothing of what came after it: who withdrew would be back in it, and who wanted no
messages would get them. So each such deed is written here before its transaction is committed,
and `replay` carries it out again. A deed that was noted and not committed, as after a kill, was
asked for all the same, and its update comes again; what surely was not done is noted as refused.

The file lies beside the key, one for each petition, and consists of blocks of 512 bytes. The
first is a header: a name of the format, a salt, a check of the key, and when it was begun.
Each other block is a nonce of 96 bits and AES-256-GCM's ciphertext of one padded entry with its
tag, bound to its place in the file. The key is made from the salt and the reference key, which
stays when the encryption keys change, so that a copy of the key file from the first day opens it;
a file that is rewritten has a salt, and so a key, of its own.
"""

import json
import os
import shlex
from collections import Counter
from collections.abc import Iterator, Reversible, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import JournalUnwritable, NeedsAPerson, said_by_system
from storage.keyring import Keyring
from storage.private_files import locked_file, said_of, sync_folder, write_file
from storage.times import from_millis, rising_id, to_millis

# A sector of a disk. The longest entry, a name of a hundred characters, fits into one.
_BLOCK_BYTES = 512
_FORMAT = b"petition-journal"
# Where the header has the salt, and the moment of the beginning in milliseconds.
_SALT, _BEGUN = slice(16, 32), slice(64, 72)
_NONCE_BYTES = 12
_TAG_BYTES = 16
_PADDED_BYTES = _BLOCK_BYTES - _NONCE_BYTES - _TAG_BYTES

# The most entries of one wait for the disk; a kill or a power cut leaves no more half written.
_GROUP_SIZE = 64


class Deed(StrEnum):
    """What an entry is about: who did it, or whose it was, comes back to that.

    The subject is the signature, or the handover. The value of those marked with a time is
    milliseconds, or empty where the deed was undone.
    """

    WITHDRAWAL = "withdrawal"  # the signature is erased; no value
    WITH_NAME = "with_name"  # the id of the consent to it and the name; or TAKEN_OFF
    MUTED = "muted"  # a time
    UPDATES_ENDED = "updates_ended"  # a time
    NEWS_ENDED = "news_ended"  # a time
    RESTRICTED = "restricted"  # a time
    OBJECTED = "objected"  # a time
    HANDOVER = "handover"  # the handover and its list, as a JSON object


TAKEN_OFF = "0"
"""The value of `Deed.WITH_NAME` where the signature has no name from then on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed; the last entry of a deed and a subject is what holds.

    Attributes:
        subject: the id of the signature, or of the handover, which begins with its time.
        value: see `Deed`; it can be a name.
        refused: whether the same entry before it, the last of them, was not done.
    """

    deed: Deed
    subject: bytes
    value: str = field(default="", repr=False)
    refused: bool = False

    @property
    def has_name(self) -> bool:
        """Whether the value holds a name."""
        return self.deed is Deed.WITH_NAME and " " in self.value

    @classmethod
    def since(cls, deed: Deed, subject: bytes, moment: datetime | None) -> "Entry":
        """Returns the entry of a deed that holds from a moment on, or with None no longer."""
        return cls(deed, subject, "" if moment is None else str(to_millis(moment)))


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal holds, oldest first.

    Attributes:
        unreadable: how many entries are damaged.
        begun_at: when its first file was made; None if there was none before `prepare`.
    """

    entries: tuple[Entry, ...]
    unreadable: int = 0
    begun_at: datetime | None = field(default=None, compare=False)

    def knows_all_since(self, moment: datetime | None) -> bool:
        """Returns whether it has all that was asked for since then, as far as it can be told.

        One that was begun later took the place of another, which is missing.
        """
        if self.begun_at is None or self.unreadable:
            return False
        # A backup says its moment to the second.
        return moment is None or self.begun_at.replace(microsecond=0) <= moment


class Journal:
    """The journal of one petition, beside the key file.

    Attributes:
        has_new: whether this process noted something since it last rewrote it.
    """

    def __init__(self, keyring: Keyring, slug: str) -> None:
        self.path = keyring.beside(f"{slug}.journal")
        self._keyring = keyring
        self._slug = slug
        self._was_missing = False
        self.has_new = False

    def prepare(self) -> None:
        """Makes the file, if there is none; raises NeedsAPerson if it cannot be written."""
        self._was_missing = self._is_missing()
        with (
            said_of(
                "The bot notes in {path} who withdraws, so that nobody comes back with a restored "
                "backup, and it cannot be written: {reason}",
                self.path,
                NeedsAPerson,
            ),
            self._locked(),
        ):
            pass

    def append(self, entries: Sequence[Entry]) -> None:
        """Writes entries, and waits for the disk; raises JournalUnwritable if they are not."""
        try:
            with self._locked() as file:
                file.append(entries)
                self.has_new = True
        except NeedsAPerson as error:
            raise JournalUnwritable("{said}", said=error) from error
        except OSError as error:
            raise JournalUnwritable(
                "The journal cannot be written just now ({reason}).", reason=said_by_system(error)
            ) from error

    def read(self) -> JournalContent:
        """Returns what it holds; an entry at its end that a kill left half written is no damage.

        Raises:
            NeedsAPerson: it is not a journal, or was made with another key.
        """
        if self._is_missing():
            return JournalContent(())
        with self._locked() as file:
            found, unreadable = file.entries()
            begun_at = None if self._was_missing else from_millis(int.from_bytes(file.begun))
            return JournalContent((*found,), unreadable, begun_at)

    def rewrite(self, before: datetime | None, names_before: datetime | None = None) -> int:
        """Leaves out what a later entry overtook, and signatures made before a moment, if any.

        Of those made before another, the names alone. Retention erases both from any restored
        copy. The file is replaced in one step. One that was damaged begins anew, as what it had
        is not known any more. Returns how many entries were damaged.
        """
        if not self.path.exists():
            return 0
        with self._locked() as file:
            found, unreadable = file.entries()
            kept = [
                each
                for each in last_entries(found)
                if not _is_over(each, before)
                and not (each.has_name and _is_over(each, names_before))
            ]
            if unreadable or len(kept) < len(found):
                begun = _now() if unreadable else file.begun
                fresh = _Sealing(self._keyring, self._slug, begun, os.urandom(16))
                blocks = [fresh.sealed(each, place) for place, each in enumerate(kept, 1)]
                write_file(self.path, b"".join((fresh.header, *blocks)))
            self.has_new = False
        return unreadable

    def _is_missing(self) -> bool:
        """Returns whether there is no file, or one that was copied to a full disk."""
        return not self.path.exists() or self.path.stat().st_size == 0

    @contextmanager
    def _locked(self) -> Iterator["_LockedFile"]:
        with locked_file(self.path) as handle:
            yield _LockedFile(self.path, handle, self._keyring, self._slug)


def last_entries(entries: Reversible[Entry]) -> list[Entry]:
    """Returns what holds: the last entry of each deed and subject, none of what was withdrawn."""
    held: dict[bytes, dict[Deed, Entry]] = {}
    for each in _done(entries):
        of_subject = held.setdefault(each.subject, {})
        if Deed.WITHDRAWAL in of_subject:
            continue
        if each.deed is Deed.WITHDRAWAL:
            of_subject.clear()
        of_subject.pop(each.deed, None)
        of_subject[each.deed] = each
    return [each for of_subject in held.values() for each in of_subject.values()]


def _done(entries: Reversible[Entry]) -> list[Entry]:
    """Leaves out what was refused: of each such entry, the same one before it."""
    done: list[Entry] = []
    refused: Counter[Entry] = Counter()
    for each in reversed(entries):
        if each.refused:
            refused[replace(each, refused=False)] += 1
        elif refused[each] > 0:
            refused[each] -= 1
        else:
            done.append(each)
    return done[::-1]


def _is_over(entry: Entry, before: datetime | None) -> bool:
    return before is not None and entry.subject < rising_id(before, bytes(16))


class _LockedFile:
    """A journal's file, open and locked, so that no other process reads or writes it."""

    def __init__(self, path: Path, handle: int, keyring: Keyring, slug: str) -> None:
        self._handle = handle
        header = self._block(0)
        # A new one, or a kill left its header unfinished: then there was no entry yet.
        if self._blocks() <= 1 and not header.startswith(_FORMAT):
            header = _Sealing(keyring, slug, _now(), os.urandom(16)).header
            _write_all(handle, header, 0)
            sync_folder(path.parent)
        self.begun = header[_BEGUN]
        self._sealing = _Sealing(keyring, slug, self.begun, header[_SALT])
        if header != self._sealing.header:
            raise NeedsAPerson(
                "{path} is damaged, or was made with another key than the one of the settings. It "
                "says who withdrew. Put back the key file that belongs to it; if nobody needs it "
                "any more, run: {command}",
                path=path,
                command=shlex.join(["mv", str(path), f"{path}.former"]),
            )

    def entries(self) -> tuple[list[Entry], int]:
        """Returns each entry that can be read, and how many are damaged."""
        opened = [self._opened(place) for place in range(1, self._end())]
        found = [each for each in opened if each is not None]
        return found, len(opened) - len(found)

    def append(self, entries: Sequence[Entry]) -> None:
        """Writes all entries, or none, behind the last whole one, and waits for the disk."""
        end = self._end()
        blocks = [self._sealing.sealed(each, place) for place, each in enumerate(entries, end)]
        start = end * _BLOCK_BYTES
        try:
            os.ftruncate(self._handle, start)  # what a kill left half written
            for at in range(0, len(blocks), _GROUP_SIZE):
                portion = b"".join(blocks[at : at + _GROUP_SIZE])
                _write_all(self._handle, portion, start + at * _BLOCK_BYTES)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, start)
            raise

    def _end(self) -> int:
        """Returns the place behind the last entry that a kill did not leave half written."""
        size = self._blocks()
        for end in range(size, max(1, size - _GROUP_SIZE) - 1, -1):
            if end == 1 or self._opened(end - 1) is not None:
                return end
        return size  # more than one group: this is damage, and nothing is thrown away

    def _opened(self, place: int) -> Entry | None:
        return self._sealing.opened(self._block(place), place)

    def _blocks(self) -> int:
        return os.fstat(self._handle).st_size // _BLOCK_BYTES

    def _block(self, place: int) -> bytes:
        return os.pread(self._handle, _BLOCK_BYTES, place * _BLOCK_BYTES)


class _Sealing:
    """How the entries of one file are encrypted: under the key of its header, by their place."""

    def __init__(self, keyring: Keyring, slug: str, begun: bytes, salt: bytes) -> None:
        def key(use: bytes) -> bytes:
            return keyring.digest(use, table="journal", column=slug, row=salt)

        check = key(b"check" + begun.lstrip(b"\0"))
        self.header = (_FORMAT + salt + check + begun).ljust(_BLOCK_BYTES, b"\0")
        self._salt = salt
        self._cipher = AESGCM(key(b"key"))

    def sealed(self, entry: Entry, place: int) -> bytes:
        """Returns the block that an entry is at its place."""
        listed = [entry.deed, entry.subject.hex(), entry.value, *([1] if entry.refused else [])]
        plain = json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()
        if len(plain) > _PADDED_BYTES:
            raise ValueError("the entry is longer than a block of the journal")
        nonce = os.urandom(_NONCE_BYTES)
        padded = plain.ljust(_PADDED_BYTES)
        return nonce + self._cipher.encrypt(nonce, padded, self._salt + place.to_bytes(8))

    def opened(self, block: bytes, place: int) -> Entry | None:
        """Returns the entry that a block is at its place; None if it is damaged or unknown."""
        nonce, sealed = block[:_NONCE_BYTES], block[_NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, sealed, self._salt + place.to_bytes(8))
            deed, subject, value, *refused = json.loads(plain)
            return Entry(Deed(deed), bytes.fromhex(subject), value, bool(refused))
        except (InvalidTag, ValueError):
            return None


def _now() -> bytes:
    return to_millis(datetime.now(UTC)).to_bytes(8)


def _write_all(handle: int, content: bytes, start: int) -> None:
    """Writes at a place of a file, and waits until it is on the disk."""
    written = 0
    while written < len(content):
        written += os.pwrite(handle, content[written:], start + written)
    os.fsync(handle)
