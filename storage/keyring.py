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

import hashlib
import hmac
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import BrokenData
from storage.key_file import ID_BYTES, KEY_BYTES, make_key_file, read_key_file

_FORMAT = b"\x02"
_STEP_BYTES = 64
_PADDING = b"\x80"
_NONCE_BYTES = 12
_HEADER_BYTES = len(_FORMAT) + ID_BYTES + _NONCE_BYTES

# A value is bound to the name that its column had when it was first sealed: if you rename the
# column cannot encrypt the values anew, as SQL has no key.
_SEALED_AS = {
    ("broadcasts", "author_sealed"): "started_by_sealed",
    ("broadcasts", "confirmed_by_sealed"): "approved_by_sealed",
}

NOBODY = 0
"""No Telegram user has this id, so its reference is the fingerprint of the key that made it."""


class Keyring:
    """The keys of one bot; printing does not show them, copying and pickling are refused."""

    __slots__ = ("_ciphers", "_damaged", "_newest", "_reference", "path")

    def __init__(self, reference: bytes, encryption: dict[bytes, bytes], path: Path) -> None:
        self.path = path
        self._reference = hmac.new(reference, digestmod=hashlib.sha256)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in encryption.items()}
        self._newest = next(iter(encryption))
        self._damaged: Callable[[BrokenData], object] = lambda _: None

    @classmethod
    def generate(cls, path: Path) -> "Keyring":
        """Makes a new key file and reads it; raises as `make_key_file` does."""
        make_key_file(path)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads a key file; raises as `read_key_file` does."""
        return cls(*read_key_file(path), path)

    @classmethod
    def in_memory(cls, path: Path) -> "Keyring":
        """Returns new keys that are in no file: what they encrypt is lost with the process.

        Args:
            path: where the key file would be, as other files lie beside it.
        """
        encryption = {os.urandom(ID_BYTES): os.urandom(KEY_BYTES)}
        return cls(os.urandom(KEY_BYTES), encryption, path)

    @property
    def newest(self) -> bytes:
        """The id of the key that encrypts: 4 bytes, which are in every value."""
        return self._newest

    def outdated(self) -> list[bytes]:
        """Returns how values begin that are to be encrypted again: format and key, 5 bytes."""
        return [_FORMAT + key_id for key_id in self._ciphers if key_id != self._newest]

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
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(
            nonce, _padded(plain.encode()), _FORMAT + _associated_data(table, column, row)
        )
        return b"".join((_FORMAT, self._newest, nonce, sealed))

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
        where = f"{table}.{column}"
        if len(sealed) <= _HEADER_BYTES or sealed[:1] != _FORMAT:
            raise BrokenData("A value in {where} is not a sealed one.", where, where=where)
        key_id = sealed[1 : 1 + ID_BYTES]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise BrokenData(
                "A value in {where} was sealed with the key {key}, which the key file does not "
                "have; put back the key file that belongs to this database.",
                where,
                where=where,
                key=key_id.hex(),
            )
        nonce = sealed[1 + ID_BYTES : _HEADER_BYTES]
        place = _associated_data(table, column, row)
        try:
            padded = cipher.decrypt(nonce, sealed[_HEADER_BYTES:], _FORMAT + place)
        except InvalidTag as error:
            raise BrokenData(
                "A value in {where} was changed, or sealed for another place.", where, where=where
            ) from error
        return padded[: padded.rindex(_PADDING)].decode()

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._ciphers)} encryption keys>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a keyring is never pickled or copied")


def _associated_data(table: str, column: str, row: bytes) -> bytes:
    label = _SEALED_AS.get((table, column), column)
    return f"{table}|{label}|".encode() + row


def _padded(plain: bytes) -> bytes:
    """Returns a text with its padding, which is at least one byte."""
    return plain + _PADDING + bytes(-(len(plain) + 1) % _STEP_BYTES)
