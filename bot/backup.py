"""Backups: a manifest that everybody can check, and the database, encrypted with age, in one file.

It begins with a line of 4,096 bytes, a JSON object padded with blanks: the manifest. Then comes
the database, as SQLite's file or as `pg_dump` writes it, so that it can be opened without this
program, too: `tail -c +4097 FILE | age --decrypt -i KEY > petition.db`. The key file of the
petition is not in it: names and chats stay sealed.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from bot.age_encryption import decrypting_reader, encrypting_writer
from storage import BackupUnusable, Keyring
from storage.database_copy import CopiedDatabase, CopiedPetition, copy_database
from storage.database_url import SqliteAddress, parse_address
from storage.private_files import output_file

FORMAT = "petition-bot backup 1"
BACKUP_IS_OLD = timedelta(days=7)
"""The start and `petition-bot check` warn when the newest backup is older than this."""

_MANIFEST_BYTES = 4096
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself without a key.

    Attributes:
        made_at: as of which moment, at the latest; UTC.
        database: "sqlite" or "postgresql".
        content: the revision of the tables, and the petitions with their counts.
        payload_bytes, payload_sha256: of what is encrypted.
        seal: what shows that it was made with the petition's key file, since anybody can encrypt
            to a public key; see `was_made_with`.
    """

    made_at: datetime
    database: str
    content: CopiedDatabase
    payload_bytes: int
    payload_sha256: str
    seal: str = ""


def was_made_with(keyring: Keyring, manifest: Manifest) -> bool:
    """Returns whether the bot's own key file was there when a backup was made.

    Any of its reference keys will do: after an exchange, the older one was put below for this.
    """
    content = json.dumps(_fields(manifest)).encode()
    made = keyring.digests(content, table="backup", column="manifest", row=b"")
    seal = manifest.seal.encode()
    return any(hmac.compare_digest(one.hex().encode(), seal) for one in made)


async def write_backup(
    path: Path,
    url: str,
    recipients: list[Any],
    keyring: Keyring,
    *,
    wrote: Callable[[int], None],
) -> Manifest:
    """Copies the database into a new file, encrypted; a bot may run on it meanwhile.

    The file gets its name when it is whole. The recipients are from `parse_recipients`, the
    keyring seals its manifest, and `wrote` is called with how many bytes are written so far.

    Raises:
        FileNotWritten, StorageError: there is no backup; the message says why.
    """
    address = parse_address(url)
    made_at = datetime.now(UTC)
    with output_file(path) as file:
        file.write(b" " * _MANIFEST_BYTES)
        measured = _Measured(file, wrote)
        with encrypting_writer(cast(BinaryIO, measured), recipients) as writer:
            content = await copy_database(address, writer)
        kind = "sqlite" if isinstance(address, SqliteAddress) else "postgresql"
        digest = measured.sha256.hexdigest()
        manifest = Manifest(made_at, kind, content, measured.size, digest)
        manifest = replace(manifest, seal=_seal(keyring, manifest))
        file.seek(0)
        file.write(_line(manifest))
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Reads what a backup says of itself, and checks that the file is whole; needs no key.

    Raises:
        BackupUnusable: it is not; the message says why.
    """
    try:
        with path.open("rb") as file:
            manifest = _manifest(file.read(_MANIFEST_BYTES))
            digest, size = hashlib.sha256(), 0
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise BackupUnusable(f"{path} cannot be read: {error.strerror}.") from error
    if manifest is None:
        raise BackupUnusable(f"{path} is no backup of petition-bot, or its beginning is damaged.")
    if size != manifest.payload_bytes:
        raise BackupUnusable(
            f"{path} is not whole: it should hold {manifest.payload_bytes:,} encrypted bytes, and"
            f" holds {size:,}. Take another copy of it, or another backup."
        )
    if digest.hexdigest() != manifest.payload_sha256:
        raise BackupUnusable(
            f"{path} is damaged: its content is not what its manifest says. Take another copy of"
            " it, or another backup."
        )
    return manifest


@contextmanager
def opened_backup(path: Path, identities: list[Any]) -> Iterator[BinaryIO]:
    """Yields a reader of the database in a backup; raises CannotDecrypt as it is read."""
    with path.open("rb") as file:
        file.seek(_MANIFEST_BYTES)
        with decrypting_reader(file, identities) as reader:
            yield reader


class _Measured:
    """A file that is written to, with the size and the hash of what was written."""

    def __init__(self, file: BinaryIO, wrote: Callable[[int], None]) -> None:
        self._file = file
        self._wrote = wrote
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, part: bytes) -> int:
        written = self._file.write(part)
        self.sha256.update(memoryview(part)[:written])
        self.size += written
        self._wrote(self.size)
        return written

    def flush(self) -> None:
        self._file.flush()


def _fields(manifest: Manifest) -> dict[str, object]:
    """Returns the manifest as it is written, but for its seal."""
    return {
        "format": FORMAT,
        "made_at": manifest.made_at.isoformat(timespec="seconds"),
        "database": manifest.database,
        **asdict(manifest.content),
        "payload_bytes": manifest.payload_bytes,
        "payload_sha256": manifest.payload_sha256,
    }


def _seal(keyring: Keyring, manifest: Manifest) -> str:
    content = json.dumps(_fields(manifest)).encode()
    return keyring.digest(content, table="backup", column="manifest", row=b"").hex()


def _line(manifest: Manifest) -> bytes:
    line = json.dumps({**_fields(manifest), "seal": manifest.seal}).encode()
    if len(line) >= _MANIFEST_BYTES:
        raise BackupUnusable("The database holds more petitions than the manifest has room for.")
    return line.ljust(_MANIFEST_BYTES - 1) + b"\n"


def _manifest(line: bytes) -> Manifest | None:
    """Returns what a first line says; None if it is none."""
    try:
        said = json.loads(line)
        if said["format"] != FORMAT:
            return None
        petitions = tuple(
            CopiedPetition(str(each["slug"]), int(each["signatures"]), int(each["last_number"]))
            for each in said["petitions"]
        )
        return Manifest(
            made_at=datetime.fromisoformat(said["made_at"]),
            database=str(said["database"]),
            content=CopiedDatabase(str(said["revision"]), petitions),
            payload_bytes=int(said["payload_bytes"]),
            payload_sha256=str(said["payload_sha256"]),
            seal=str(said["seal"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
