"""The keyring: it encrypts names and chat ids, and turns a user id into a reference.

The key file is text, so that a person who finds it knows what it is and how much it matters:

    # The key of a petition bot. …
    reference <32 bytes, base64>
    encryption <id, 8 hex digits> <32 bytes, base64>

The reference key never changes, or nobody would be recognised any more. There can be several
encryption keys, newest first: the first encrypts, and all of them decrypt. A process that runs
takes up a new one before it encrypts the next value, and when it meets a value of one that it does
not know; it keeps those that were taken out of the file meanwhile. A sealed value is one
byte of format, the key's id, a random nonce of 96 bits, and AES-256-GCM's ciphertext with its
tag; it is bound to its table, column and row, so a value moved elsewhere cannot be decrypted.
Random nonces are safe for 2^32 values a key, far more than signatures a petition can have.

A ciphertext is as long as its text, and a length narrows down a name. So a text is padded before
it is encrypted, to a multiple of 64 bytes: one 0x80 and then zeros, as in ISO/IEC 7816-4. Values
of the first format, which did not pad, can still be decrypted.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.database_url import data_folder
from storage.errors import BrokenData, KeyFileMissing, KeyFileUnusable, StorageError
from storage.private_files import sync_folder, write_new

_UNPADDED = b"\x01"
_PADDED = b"\x02"
_STEP_BYTES = 64
_PADDING = b"\x80"
_ID_BYTES = 4
_NONCE_BYTES = 12
_KEY_BYTES = 32
_HEADER_BYTES = len(_PADDED) + _ID_BYTES + _NONCE_BYTES

# A value is bound to the name that its column had when it was first sealed: whoever renames the
# column cannot encrypt the values anew, as SQL has no key.
_SEALED_AS = {
    ("broadcasts", "author_sealed"): "started_by_sealed",
    ("broadcasts", "confirmed_by_sealed"): "approved_by_sealed",
}

_TITLE = (
    "# The key of a petition bot: it opens the names and chat ids in the bot's database.\n"
    "# Keep a copy in a safe place, apart from the database and its backups: without it they\n"
    "# cannot be read by anyone. Never send it, never commit it.\n"
)


class Keyring:
    """The keys of one bot; printing does not show them, copying and pickling are refused."""

    __slots__ = ("_ciphers", "_damaged", "_newest", "_reference", "_seen", "path")

    def __init__(self, reference: bytes, encryption: dict[bytes, bytes], path: Path) -> None:
        self.path = path
        self._reference = hmac.new(reference, digestmod=hashlib.sha256)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in encryption.items()}
        self._newest = next(iter(encryption))
        self._damaged: Callable[[BrokenData], object] = _ignore
        self._seen: _Stamp | None = None

    @classmethod
    def generate(cls, path: Path) -> "Keyring":
        """Makes a new key file that only its owner can read; never touches an existing file.

        Raises:
            KeyFileUnusable: it cannot be made there, or others can write to its folder.
        """
        _refuse_open_folders(path)
        text = _TITLE + f"reference {_encoded(_new_key())}\n" + _encryption_line()
        try:
            write_new(path, text)
        except FileExistsError as error:
            raise KeyFileUnusable(f"{path} exists already; it is left as it is.") from error
        except OSError as error:
            raise KeyFileUnusable(f"{path} cannot be written: {error.strerror}.") from error
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads a key file; refuses one that others than its owner can read or replace."""
        seen = _stamp(path)
        keyring = cls(*_parsed(_guarded_text(path), path), path)
        keyring._seen = seen
        return keyring

    @classmethod
    def rotate(cls, path: Path) -> "Keyring":
        """Puts a new encryption key first; the older keys stay and still decrypt.

        The file is replaced in one step, so an interruption leaves the old one or the new one.
        """
        lines, first = _lines_and_first_key(path)
        _replace(path, [*lines[:first], _encryption_line(), *lines[first:]])
        return cls.load(path)

    @classmethod
    def forget_older(cls, path: Path, newest: bytes) -> "Keyring":
        """Leaves only the newest encryption key in the file, which is replaced in one step.

        Raises:
            KeyFileUnusable: the newest one is another than the one with this id.
        """
        lines, first = _lines_and_first_key(path)
        if lines[first].split()[1] != newest.hex():
            raise KeyFileUnusable(f"{path} was changed meanwhile; it is left as it is.")
        rest = [line for line in lines[first + 1 :] if not _is_encryption(line)]
        _replace(path, [*lines[: first + 1], *rest])
        return cls.load(path)

    @property
    def newest(self) -> bytes:
        """The id of the key that encrypts: 4 bytes, which are in every value."""
        return self._newest

    @property
    def has_older(self) -> bool:
        """Whether there are encryption keys besides the newest."""
        return len(self._ciphers) > 1

    def take_up(self) -> None:
        """Reads the file again if it was replaced.

        One that cannot be read now, or belongs to another bot, changes nothing. The older keys
        are kept: values that were read before may still have to be decrypted.
        """
        seen = _stamp(self.path)
        if seen is None or seen == self._seen:
            return
        self._seen = seen
        try:
            reference, encryption = _parsed(_guarded_text(self.path), self.path)
        except StorageError:
            return
        if hmac.digest(reference, b"", hashlib.sha256) != self._reference.digest():
            return
        self._ciphers |= {key_id: AESGCM(key) for key_id, key in encryption.items()}
        self._newest = next(iter(encryption))

    def outdated(self) -> list[bytes]:
        """Returns how values begin that are to be encrypted again: format and key, 5 bytes."""
        return [
            form + key_id
            for form in (_UNPADDED, _PADDED)
            for key_id in self._ciphers
            if form + key_id != _PADDED + self._newest
        ]

    def reference(self, slug: str, user_id: int) -> bytes:
        """Returns the 32 bytes that stand for one person in one petition, and in no other."""
        mac = self._reference.copy()
        # The zero byte ends the slug: no other slug and user id give the same message.
        mac.update(slug.encode() + b"\x00" + user_id.to_bytes(8, "big", signed=True))
        return mac.digest()

    def digest(self, content: bytes, *, table: str, column: str, row: bytes) -> bytes:
        """Returns the 32 bytes that stand for a content in this column and row only.

        The same content has another digest in every row, and none can be made without the key.
        """
        mac = self._reference.copy()
        # No slug is empty, so no reference is made from a message that begins with a zero byte.
        mac.update(b"\x00" + _associated_data(table, column, row))
        return hmac.digest(mac.digest(), content, hashlib.sha256)

    def seal(self, plain: str, *, table: str, column: str, row: bytes) -> bytes:
        """Encrypts a text for this column and row only; the result differs every time."""
        self.take_up()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(
            nonce, _padded(plain.encode()), _PADDED + _associated_data(table, column, row)
        )
        return b"".join((_PADDED, self._newest, nonce, sealed))

    def beside(self, end: str) -> Path:
        """Returns the path of a file beside the key file that begins with its name."""
        return self.path.with_name(f"{self.path.name}.{end}")

    def tell_damage_to(self, listener: Callable[[BrokenData], object]) -> None:
        """Sets the listener, which is told of every value that cannot be decrypted."""
        self._damaged = listener

    def open(self, sealed: bytes, *, table: str, column: str, row: bytes) -> str:
        """Decrypts what was sealed for this column and row; raises BrokenData for all else."""
        try:
            return self._opened(sealed, table, column, row)
        except BrokenData as error:
            self._damaged(error)
            raise

    def open_if_whole(
        self, sealed: bytes | None, *, table: str, column: str, row: bytes
    ) -> str | None:
        """Decrypts what was sealed for this column and row; None if it is damaged or None."""
        if sealed is None:
            return None
        try:
            return self.open(sealed, table=table, column=column, row=row)
        except BrokenData:
            return None

    def _opened(self, sealed: bytes, table: str, column: str, row: bytes) -> str:
        where, form = f"{table}.{column}", sealed[:1]
        if len(sealed) <= _HEADER_BYTES or form not in (_UNPADDED, _PADDED):
            raise BrokenData(f"A value in {where} is not a sealed one.", where)
        key_id = sealed[1 : 1 + _ID_BYTES]
        if key_id not in self._ciphers:
            self.take_up()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise BrokenData(
                f"A value in {where} was sealed with the key {key_id.hex()}, which the key file"
                " does not have; put back the key file that belongs to this database.",
                where,
            )
        nonce = sealed[1 + _ID_BYTES : _HEADER_BYTES]
        place = _associated_data(table, column, row)
        try:
            if form == _UNPADDED:
                return cipher.decrypt(nonce, sealed[_HEADER_BYTES:], place).decode()
            padded = cipher.decrypt(nonce, sealed[_HEADER_BYTES:], _PADDED + place)
        except InvalidTag as error:
            raise BrokenData(
                f"A value in {where} was changed, or sealed for another place.", where
            ) from error
        return padded[: padded.rindex(_PADDING)].decode()

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._ciphers)} encryption keys>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a keyring is never pickled or copied")


def _ignore(_: BrokenData) -> None:
    """Ignores damage: the listener until one is set."""


def key_apart_from_data(key_file: Path, database_url: str) -> None:
    """Refuses a key file inside the folder of the SQLite database, at any depth.

    Whoever copies or backs up that folder would have the data and its key together. With
    PostgreSQL there is no such folder and nothing to refuse.

    Raises:
        KeyFileUnusable: it lies in that folder; the message says what to do.
    """
    folder = data_folder(database_url)
    if folder is None or not key_file.resolve().is_relative_to(folder):
        return
    raise KeyFileUnusable(
        f"The key file {key_file} lies inside {folder}, the folder of the database: whoever"
        " copies that folder has both. Move the key file elsewhere and set PETITION_KEY_FILE,"
        " or give the database a folder of its own in PETITION_DATABASE_URL."
    )


def _associated_data(table: str, column: str, row: bytes) -> bytes:
    label = _SEALED_AS.get((table, column), column)
    return f"{table}|{label}|".encode() + row


def _padded(plain: bytes) -> bytes:
    """Returns a text with its padding, which is at least one byte."""
    return plain + _PADDING + bytes(-(len(plain) + 1) % _STEP_BYTES)


def _new_key() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _encryption_line() -> str:
    return f"encryption {secrets.token_hex(_ID_BYTES)} {_encoded(_new_key())}\n"


# Device, inode, time of the last change (of its permissions too) in nanoseconds, size.
_Stamp = tuple[int, int, int, int]


def _stamp(path: Path) -> _Stamp | None:
    """Returns what tells a replaced file from the former one; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size


def _lines_and_first_key(path: Path) -> tuple[list[str], int]:
    """Returns the lines of a whole key file, and the place of the newest encryption key."""
    lines = _guarded_text(path).splitlines(keepends=True)
    _parsed("".join(lines), path)
    return lines, next(i for i, line in enumerate(lines) if _is_encryption(line))


def _is_encryption(line: str) -> bool:
    return line.split()[:1] == ["encryption"]


def _replace(path: Path, lines: list[str]) -> None:
    path = path.resolve()  # a link stays one
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        write_new(fresh, "".join(lines))
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise KeyFileUnusable(f"{path} cannot be written: {error.strerror}.") from error


def _guarded_text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileUnusable(
                f"{path} is not a file; point PETITION_KEY_FILE at the key file."
            )
        if os.name == "posix" and mode & 0o077:
            raise KeyFileUnusable(
                f"Others than its owner can use the key file {path}; run: "
                + shlex.join(["chmod", "600", str(path)])
            )
        _refuse_open_folders(path)
        return path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise KeyFileMissing(
            f"There is no key file at {path}; make one with: petition-bot keygen"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileUnusable(f"The key file {path} cannot be read as one.") from error


def _refuse_open_folders(path: Path) -> None:
    """Refuses a key file in a folder where others can replace it.

    If the path is a link, the folders of the link are checked as well as those of the file.
    """
    around = {path.parent.absolute(), path.resolve().parent}
    above = {one for folder in around for one in folder.parents} - around
    folders = [folder for folder in (*around, *above) if folder.is_dir()]
    writable = [one for one in folders if _others_write(one.stat().st_mode, inside=one in above)]
    if writable:
        raise _replaceable(path, ["chmod", "go-w"], writable)
    known = {0, os.geteuid(), *([path.stat().st_uid] if path.exists() else [])}
    strange = [one for one in folders if one in around and one.stat().st_uid not in known]
    if strange:
        raise _replaceable(path, ["chown", str(os.geteuid())], strange)


def _others_write(mode: int, *, inside: bool) -> bool:
    # The sticky bit keeps others from moving a folder inside, but not from adding files.
    return bool(mode & 0o022) and not (inside and mode & stat.S_ISVTX)


def _replaceable(path: Path, command: list[str], folders: list[Path]) -> KeyFileUnusable:
    mending = shlex.join([*command, *sorted(map(str, folders), key=len, reverse=True)])
    return KeyFileUnusable(
        f"Others can put another key in the place of the key file {path}; run: {mending}"
    )


def _parsed(text: str, path: Path) -> tuple[bytes, dict[bytes, bytes]]:
    reference: bytes | None = None
    encryption: dict[bytes, bytes] = {}
    for line in text.splitlines():
        match line.split():
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["reference", key] if reference is None:
                reference = _decoded(key, _KEY_BYTES, path)
            case ["encryption", key_id, key]:
                encryption[_decoded_id(key_id, path)] = _decoded(key, _KEY_BYTES, path)
            case _:
                raise _not_a_key_file(path)
    if reference is None or not encryption:
        raise _not_a_key_file(path)
    return reference, encryption


def _decoded(text: str, size: int, path: Path) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _not_a_key_file(path) from None
    if len(key) != size:
        raise _not_a_key_file(path)
    return key


def _decoded_id(text: str, path: Path) -> bytes:
    try:
        key_id = bytes.fromhex(text)
    except ValueError:
        raise _not_a_key_file(path) from None
    if len(key_id) != _ID_BYTES:
        raise _not_a_key_file(path)
    return key_id


def _not_a_key_file(path: Path) -> KeyFileUnusable:
    # The message quotes nothing of the file, which may hold most of a key.
    return KeyFileUnusable(
        f"{path} is not a whole key file; put back a good copy, or make a new one elsewhere with:"
        " petition-bot keygen"
    )
