"""The keyring: it encrypts names and chat ids, and turns a user id into a reference.

The key file is text, so that a person who finds it knows what it is and how much it matters:

    # The key of a petition bot. …
    reference <32 bytes, base64>
    encryption <id, 8 hex digits> <32 bytes, base64>

The reference key stays, or nobody would be recognised any more. There can be several encryption
keys, newest first: the first encrypts, and all of them decrypt. A sealed value is one byte of
format, the key's id, a random nonce of 96 bits, and AES-256-GCM's ciphertext with its tag; it is
bound to its table, column and row, so a value moved elsewhere cannot be decrypted.
Random nonces are safe for 2^32 values a key, far more than signatures a petition can have.

A ciphertext is as long as its text, and a length narrows down a name. So a text is padded before
it is encrypted, to a multiple of 64 bytes: one 0x80 and then zeros, as in ISO/IEC 7816-4.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import BrokenData, KeyFileMissing, NeedsAPerson
from storage.private_files import output_file, said_of, write_file

_ID_BYTES = 4
_KEY_BYTES = 32
_FORMAT = b"\x02"
_STEP_BYTES = 64
_PADDING = b"\x80"
_NONCE_BYTES = 12
_HEADER_BYTES = len(_FORMAT) + _ID_BYTES + _NONCE_BYTES

# A line that only a key file has, also one that is damaged.
_OF_KEY_FILE = re.compile(rb"(?m)^# The key of a petition bot|^\s*(reference|encryption)\s")
# The line of an encryption key.
_ENCRYPTION = re.compile(r"^[ \t]*encryption\s.*\n?", re.MULTILINE)

_TITLE = (
    "# The key of a petition bot: it opens the names and chat ids in the bot's database.\n"
    "# Keep a copy in a safe place, apart from the database and its backups: without it they\n"
    "# cannot be read by anyone. Never send it, never commit it.\n"
)

NOBODY = 0
"""No Telegram user has this id, so its reference is the fingerprint of the key that made it."""


class Keyring:
    """The keys of one bot, which printing does not show.

    Attributes:
        newest: the id of the key that encrypts: 4 bytes, which are in every value.
        on_damage: is told of all damage, also of the database itself, whoever handles the error.
    """

    __slots__ = ("_ciphers", "_reference", "newest", "on_damage", "path")

    def __init__(self, reference: bytes, encryption: dict[bytes, bytes], path: Path) -> None:
        self.path = path
        self._reference = hmac.new(reference, digestmod=hashlib.sha256)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in encryption.items()}
        self.newest = next(iter(encryption))
        self.on_damage: Callable[[BrokenData], object] = lambda _: None

    @classmethod
    def generate(cls, path: Path) -> "Keyring":
        """Makes a new key file, which only its owner can read; never touches an existing one.

        Raises:
            StorageError: it cannot be made there, or others can write to its folder.
        """
        refuse_open_folders(path)
        with output_file(path) as file:
            file.write(f"{_TITLE}reference {_new_key()}\n{_new_encryption()}".encode())
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads a key file.

        Raises:
            KeyFileMissing, NeedsAPerson: others than its owner can read or replace it, or it
                is no key file; the message says what to do.
        """
        _, reference, encryption = _read(path)
        return cls(reference, encryption, path)

    def opens(self, key_id: bytes) -> bool:
        """Returns whether it has the key of this id, and so opens what was encrypted with it."""
        return key_id in self._ciphers

    def outdated(self) -> list[bytes]:
        """Returns how values begin that are to be encrypted again: format and key, 5 bytes."""
        return [_FORMAT + key_id for key_id in self._ciphers if key_id != self.newest]

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
        nonce, padded = os.urandom(_NONCE_BYTES), plain.encode() + _PADDING
        padded += bytes(-len(padded) % _STEP_BYTES)
        place = _associated_data(table, column, row)
        sealed = self._ciphers[self.newest].encrypt(nonce, padded, _FORMAT + place)
        return b"".join((_FORMAT, self.newest, nonce, sealed))

    def beside(self, end: str) -> Path:
        """Returns the path of a file beside the key file that begins with its name."""
        return self.path.with_name(f"{self.path.name}.{end}")

    def open(self, sealed: bytes, *, table: str, column: str, row: bytes) -> str:
        """Decrypts what was sealed for this column and row; raises BrokenData for all else."""
        where = f"{table}.{column}"
        if len(sealed) <= _HEADER_BYTES or sealed[:1] != _FORMAT:
            raise self._told(BrokenData("A value in {where} is not a sealed one.", where=where))
        key_id = sealed[1 : 1 + _ID_BYTES]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            error = BrokenData(
                "A value in {where} was sealed with the key {key}, which the key file does not "
                "have; put back the key file that belongs to this database.",
                where=where,
                key=key_id.hex(),
            )
            raise self._told(error)
        nonce = sealed[1 + _ID_BYTES : _HEADER_BYTES]
        place = _associated_data(table, column, row)
        try:
            padded = cipher.decrypt(nonce, sealed[_HEADER_BYTES:], _FORMAT + place)
        except InvalidTag as error:
            changed = "A value in {where} was changed, or sealed for another place."
            raise self._told(BrokenData(changed, where=where)) from error
        return padded[: padded.rindex(_PADDING)].decode()

    def _told(self, error: BrokenData) -> BrokenData:
        self.on_damage(error)
        return error


def _associated_data(table: str, column: str, row: bytes) -> bytes:
    return f"{table}|{column}|".encode() + row


def add_encryption_key(path: Path) -> None:
    """Puts a new encryption key first; the older keys stay."""
    text, *_ = _read(path)
    _write(path, _ENCRYPTION.sub(lambda first: _new_encryption() + first[0], text, count=1))


def remove_older_encryption_keys(path: Path, newest: bytes) -> None:
    """Leaves only the newest encryption key; raises NeedsAPerson if that has another id."""
    text, _, keys = _read(path)
    if next(iter(keys)) != newest:
        raise NeedsAPerson(
            "{path} was changed meanwhile; it is left as it is. Run: petition-bot keys rotate",
            path=path,
        )
    end = next(_ENCRYPTION.finditer(text)).end()
    _write(path, text[:end] + _ENCRYPTION.sub("", text[end:]))


def _write(path: Path, text: str) -> None:
    with said_of("{path} cannot be written: {reason}", path, NeedsAPerson):
        write_file(path, text.encode())


def _new_encryption() -> str:
    return f"encryption {secrets.token_hex(_ID_BYTES)} {_new_key()}\n"


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _read(path: Path) -> tuple[str, bytes, dict[bytes, bytes]]:
    """Returns a key file, its reference key, and the encryption keys, the newest first."""
    with said_of("The key file {path} cannot be read: {reason}", path, NeedsAPerson):
        return _read_file(path)


def _read_file(path: Path) -> tuple[str, bytes, dict[bytes, bytes]]:
    content = b""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # it may have no end
            raise NeedsAPerson("{path} is a device or a pipe; name a file.", path=path)
        content = path.read_bytes()
        text = content.decode("ascii")
        # Before its permissions: those of a file that is none of the bot's are not to change.
        keys = _parsed(text)
        if path.stat().st_mode & 0o077:
            raise NeedsAPerson(
                "Others than its owner can use the key file {path}; run: {command}",
                path=path,
                command=shlex.join(["chmod", "600", str(path)]),
            )
        refuse_open_folders(path)
        return text, *keys
    except FileNotFoundError as error:
        raise KeyFileMissing(
            "There is no key file at {path}. If people have signed already, put back your copy of "
            "it; if nobody has, run: petition-bot keygen",
            path=path,
        ) from error
    except ValueError:
        # The message quotes nothing of the file, which may hold most of a key.
        other = path.with_stem(f"{path.stem}-new")
        raise NeedsAPerson(
            "{path} is not a key of this bot, and was left as it is. If people have signed "
            "already, set PETITION_KEY_FILE to the bot's key, or put back your copy of it; if "
            "nobody has, run: {command}\nThen set PETITION_KEY_FILE={key}"
            if not _OF_KEY_FILE.search(content)
            else "{path} is not a whole key file. Put back a good copy of it; if nobody has "
            "signed yet, run: {command}\nThen set PETITION_KEY_FILE={key}",
            path=path,
            key=other,
            command=shlex.join(["petition-bot", "keygen", str(other)]),
        ) from None


def _parsed(text: str) -> tuple[bytes, dict[bytes, bytes]]:
    """Returns what is in a key file; raises ValueError if it is not a whole one."""
    references: list[bytes] = []
    encryption: dict[bytes, bytes] = {}
    for line in text.splitlines():
        match line.split():
            case ["reference", key]:
                references.append(base64.b64decode(key, validate=True))
            case ["encryption", key_id, key]:
                encryption[bytes.fromhex(key_id)] = base64.b64decode(key, validate=True)
            case [first, *_] if not first.startswith("#"):
                raise ValueError("a line is none of a key file")
    sizes = {len(key) for key in (*references, *encryption.values())}
    if not references or sizes != {_KEY_BYTES} or {*map(len, encryption)} != {_ID_BYTES}:
        raise ValueError("a key or its id is missing, or has another length")
    # Below it can stand what belongs to older backups.
    return references[0], encryption


def refuse_open_folders(path: Path) -> None:
    """Refuses a key file in a folder where others can replace it.

    If the path is a link, the folders of the link are checked as well as those of the file.
    """
    around = {path.parent.absolute(), path.resolve().parent}
    above = {one for folder in around for one in folder.parents} - around
    known = {0, os.geteuid(), *([path.stat().st_uid] if path.exists() else [])}
    for folder in filter(Path.is_dir, (*around, *sorted(above))):
        found = folder.stat()
        # The sticky bit keeps others from moving a folder inside, but not from adding files.
        keeps = folder in above and found.st_mode & stat.S_ISVTX
        if found.st_mode & 0o022 and not keeps:
            mending = "chmod go-w"
        elif folder in around and found.st_uid not in known:
            mending = f"chown {os.geteuid()}"
        else:
            continue
        raise NeedsAPerson(
            "Others can put another key in the place of the key file {path}; run: {command}",
            path=path,
            command=f"{mending} {shlex.quote(str(folder))}",
        )
