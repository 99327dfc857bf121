"""Files encrypted with age, so that only those who hold a recipient's key can open them.

`age` (https://age-encryption.org) is a small program of every system; pyrage is its library. The
server has the recipients, which are public, and never an identity: what it writes it cannot
open again. What it encrypts passes through a pipe in memory, and is on no disk in plain. pyrage is
imported where it is used: it takes two megabytes, which a running bot does without.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from storage.errors import StorageError, said_by_system

_BUFFER_BYTES = 1 << 16
_HEADER = b"age-encryption.org/v1"


class RecipientWrong(ValueError):
    """A recipient is no public key that age knows; the message does not repeat it."""


class CannotDecrypt(StorageError):
    """The file cannot be decrypted; the message says why."""


def parse_recipients(keys: Iterable[str]) -> list[Any]:
    """Returns pyrage's recipients of public keys: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`.

    Raises:
        RecipientWrong: one of them is no such key.
    """
    return [_recipient(key.strip()) for key in keys]


def read_identities(path: Path) -> list[Any]:
    """Reads a key file as `age-keygen` writes it, or a private SSH key, as pyrage's identities.

    Raises:
        CannotDecrypt: there is no key in it that can be used.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotDecrypt(
            "The key {path} cannot be read: {reason}.", path=path, reason=said_by_system(error)
        ) from error
    if content.startswith(_HEADER):
        raise CannotDecrypt(
            "The key {path} is itself encrypted; open it first: age --decrypt {path}", path=path
        )
    import pyrage

    try:
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode().splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except (ValueError, pyrage.IdentityError):
        found = []  # the error is left out: it may quote the key
    if not found:
        raise CannotDecrypt(
            "{path} holds no key of age; `age-keygen -o key.txt` makes one.", path=path
        )
    return found


@contextmanager
def encrypting_writer(target: BinaryIO, recipients: list[Any]) -> Iterator[BinaryIO]:
    """Yields a writer; what is written to it arrives in `target`, encrypted.

    It is a pipe: `fileno()` can be given to another process. Where the block fails, what arrived
    cannot be opened as a whole file.

    Raises:
        OSError: `target` could not be written, whatever the block did.
    """
    readable, writable = os.pipe()
    source = _Source(readable)
    sink = _Sink(target)
    with ThreadPoolExecutor(1, "age") as thread:
        encrypted = thread.submit(_encrypt, source, sink, recipients)
        plain = os.fdopen(writable, "wb", _BUFFER_BYTES)
        try:
            yield plain
            plain.flush()
            source.is_whole = True
        except BrokenPipeError:
            # The other end was closed first, for a reason of its own.
            if sink.error is None:
                raise
        finally:
            # If the other end was closed first, it tells why.
            with suppress(BrokenPipeError):
                plain.close()
        encrypted.result()


def decrypt(source: Any, target: Any, identities: list[Any]) -> None:
    """Writes to `target` what `source` holds, decrypted; it is whole unless this raises.

    Raises:
        CannotDecrypt: it was encrypted to other keys, was changed, or ends too early.
        OSError: `target` could not be written.
    """
    import pyrage

    sink = _Sink(target)
    try:
        pyrage.decrypt_io(source, sink, identities)
    except (pyrage.DecryptError, OSError) as error:
        if sink.error is None:
            raise CannotDecrypt(
                "The file cannot be decrypted: it was encrypted to other keys, was changed, or is "
                "not whole ({error}).",
                error=error,
            ) from error
    if sink.error is not None:
        raise sink.error


class _Source:
    """The end of the pipe that pyrage reads; fails at its end unless all was written."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.is_whole = False

    def read(self, size: int) -> bytes:
        part = os.read(self.handle, size)
        if not part and not self.is_whole:
            raise EOFError
        return part


class _Sink:
    """What pyrage writes to; keeps the error, of which pyrage's own has the text only."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, part: bytes) -> int:
        try:
            return self._target.write(part)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._target.flush()


def _recipient(key: str) -> Any:
    import pyrage

    kind = pyrage.ssh if key.startswith("ssh-") else pyrage.x25519
    with suppress(pyrage.RecipientError):
        return kind.Recipient.from_str(key)
    # Raised outside of the handler: somebody may have given the secret key.
    raise RecipientWrong("It is no public key that age knows.")


def _encrypt(source: _Source, sink: _Sink, recipients: list[Any]) -> None:
    import pyrage

    try:
        pyrage.encrypt_io(source, sink, recipients)
    except pyrage.EncryptError:
        # If the block failed, its own error is the one to tell.
        if source.is_whole and sink.error is None:
            raise
    finally:
        os.close(source.handle)  # the one who writes on gets a BrokenPipeError
    # Checked without an EncryptError too: pyrage passes over an error of the last write.
    if sink.error is not None:
        raise sink.error
