"""Backups: a manifest that everybody can check, and the database, encrypted with age, in one file.

It begins with a line of 4,096 bytes, a JSON object padded with blanks: the manifest. Then comes
the database, as SQLite's file or as `pg_dump` writes it, so that it can be opened without this
program, too: `tail -c +4097 FILE | age --decrypt -i KEY > petition.db`. The key file of the
petition is not in it: names and chats stay sealed.
"""

import glob
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import structlog
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
)

from bot.age_encryption import decrypt, encrypting_writer
from bot.database_copy import copy_database
from storage import Storage
from storage.admins import last_done
from storage.database import SqliteAddress, parse_address
from storage.errors import BackupUnusable, said_by_system
from storage.keyring import Keyring
from storage.petitions import reached_so_far
from storage.private_files import output_file, remove_unfinished

_log = structlog.stdlib.get_logger()

BACKUP_IS_OLD = timedelta(days=7)
"""The start warns when the newest backup is older than this."""

_MANIFEST_BYTES = 4096

# What a manifest says is printed before anybody can tell who wrote it.
_Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
_Count = Annotated[int, Field(strict=True, ge=0, lt=10**12)]


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset():
        raise ValueError("a backup is dated in UTC")
    return moment.astimezone(UTC)


class BackedUpPetition(BaseModel):
    """A petition in a backup: how many signatures it counts, and the highest number given."""

    model_config = ConfigDict(frozen=True)

    slug: _Word
    signatures: _Count
    last_number: _Count


class Manifest(BaseModel):
    """What a backup says of itself without a key.

    Attributes:
        made_at: as of which moment, at the latest; UTC.
        revision: of the tables.
        payload_bytes, payload_sha256: of what is encrypted.
        key: the id of the key that encrypted names then, in hex; "" in one from before.
        seal: what shows that it was made with the petition's key file, since anybody can encrypt
            to a public key; see `was_made_with`.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal["petition-bot backup 1"] = "petition-bot backup 1"
    made_at: Annotated[AwareDatetime, AfterValidator(_utc)]
    database: Literal["sqlite", "postgresql"]
    revision: _Word
    petitions: tuple[BackedUpPetition, ...]
    payload_bytes: _Count
    payload_sha256: _Word
    key: _Word | Literal[""] = ""
    seal: str

    @field_serializer("made_at")
    def _to_the_second(self, moment: datetime) -> str:
        return moment.isoformat(timespec="seconds")


def was_made_with(keyring: Keyring, manifest: Manifest) -> bool:
    """Returns whether the bot's own key file was there when a backup was made."""
    return hmac.compare_digest(_seal(keyring, manifest).encode(), manifest.seal.encode())


def names_open_with(keyring: Keyring, manifest: Manifest) -> bool:
    """Returns whether the key file still has the key that encrypted the names in a backup.

    Of one from before manifests said which it is, nobody can tell without opening it.
    """
    return not manifest.key or keyring.opens(bytes.fromhex(manifest.key))


async def say_age_of_backup(storage: Storage, now: datetime) -> None:
    """Logs how old the newest backup is, as a warning when that is too old."""
    backup = await storage.read(last_done, "backup")
    if backup is None:
        if (await storage.read(reached_so_far)).number > 0:
            _log.warning("no_backup")
        return
    log = _log.warning if now - backup.at > BACKUP_IS_OLD else _log.info
    log("last_backup", seconds=(now - backup.at).total_seconds())


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
        StorageError: there is no backup; the message says why.
    """
    address = parse_address(url)
    made_at = datetime.now(UTC)
    with output_file(path) as file:
        file.write(b" " * _MANIFEST_BYTES)
        measured = _Hashed(file, wrote)
        with encrypting_writer(cast(BinaryIO, measured), recipients) as writer:
            content = await copy_database(address, writer)
        kind = "sqlite" if isinstance(address, SqliteAddress) else "postgresql"
        manifest = Manifest(
            made_at=made_at,
            database=kind,
            **content,
            payload_bytes=measured.size,
            payload_sha256=measured.sha256.hexdigest(),
            key=keyring.newest.hex(),
            seal="",
        )
        manifest = manifest.model_copy(update={"seal": _seal(keyring, manifest)})
        file.seek(0)
        file.write(_line(manifest))
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Reads what a backup says of itself, and checks that the file is whole; needs no key.

    Raises:
        BackupUnusable: it is not; the message says why.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise BackupUnusable("{path} is a device or a pipe; name a file.", path=path)
        with path.open("rb") as file:
            manifest = _manifest(file.read(_MANIFEST_BYTES))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell() - _MANIFEST_BYTES
    except OSError as error:
        raise BackupUnusable(
            "{path} cannot be read: {reason}.", path=path, reason=said_by_system(error)
        ) from error
    if manifest is None:
        raise BackupUnusable(
            "{path} is no backup of petition-bot, or its beginning is damaged.", path=path
        )
    if size != manifest.payload_bytes:
        raise BackupUnusable(
            "{path} is not whole: it should hold {said} encrypted bytes, and holds {size}. Take "
            "another copy of it, or another backup.",
            path=path,
            said=manifest.payload_bytes,
            size=size,
        )
    if digest != manifest.payload_sha256:
        raise BackupUnusable(
            "{path} is damaged: its content is not what its manifest says. Take another copy of "
            "it, or another backup.",
            path=path,
        )
    return manifest


def decrypt_backup(
    path: Path,
    manifest: Manifest,
    identities: list[Any],
    target: BinaryIO,
    wrote: Callable[[int], None],
) -> None:
    """Writes the database in a backup to `target`; `wrote` is called with how many bytes.

    It is checked that it is what the manifest is about, as the file may have been replaced since
    that was read.

    Raises:
        CannotDecrypt, BackupUnusable: what was written is not to be used.
    """
    with path.open("rb") as file:
        is_same = _manifest(file.read(_MANIFEST_BYTES)) == manifest
        hashed = _Hashed(file)
        if is_same:
            decrypt(hashed, _Hashed(target, wrote), identities)
    if not is_same or hashed.sha256.hexdigest() != manifest.payload_sha256:
        raise BackupUnusable(
            "{path} was changed or replaced after it was checked. Nothing was restored; find out "
            "who can write there, and take a backup that nobody else can change.",
            path=path,
        )


def remove_old_backups(
    beside: Path, keyring: Keyring, before: datetime
) -> tuple[list[Path], list[Path]]:
    """Removes the backups from before a moment in the folder of a new one, if named like it.

    Unfinished files that a killed backup left there go too.

    Returns:
        The whole backups with the same key file, which were removed, and what says that it is a
        backup, and is damaged or somebody else's: it is left.
    """
    names = f"*{glob.escape(beside.suffix)}"
    removed: list[Path] = []
    doubtful: list[Path] = []
    for path in sorted(beside.parent.glob(names)):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                manifest = _manifest(file.read(_MANIFEST_BYTES))
        except OSError:
            continue  # somebody else's
        if manifest is None or manifest.made_at >= before:
            continue
        if _is_own(path, keyring):
            path.unlink()
            removed.append(path)
        else:
            doubtful.append(path)
    remove_unfinished(beside.parent, names)
    return removed, doubtful


def _is_own(path: Path, keyring: Keyring) -> bool:
    try:
        return was_made_with(keyring, read_manifest(path))
    except BackupUnusable:
        return False


class _Hashed:
    """A file, with the size and the hash of what was read from it or written to it."""

    def __init__(self, file: BinaryIO, passed: Callable[[int], None] = lambda _: None) -> None:
        self._file = file
        self._passed = passed
        self.sha256 = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self._note(part)
        return part

    def write(self, part: bytes) -> int:
        written = self._file.write(part)
        self._note(memoryview(part)[:written])
        return written

    def flush(self) -> None:
        self._file.flush()

    def _note(self, part: bytes | memoryview) -> None:
        self.sha256.update(part)
        self.size += len(part)
        self._passed(self.size)


def _fields(manifest: Manifest) -> dict[str, object]:
    """Returns the manifest as it is written, but for its seal."""
    return manifest.model_dump(exclude={"seal"} if manifest.key else {"seal", "key"})


def _seal(keyring: Keyring, manifest: Manifest) -> str:
    content = json.dumps(_fields(manifest)).encode()
    return keyring.digest(content, table="backup", column="manifest", row=b"").hex()


def _line(manifest: Manifest) -> bytes:
    line = json.dumps({**_fields(manifest), "seal": manifest.seal}).encode()
    if len(line) >= _MANIFEST_BYTES:
        raise BackupUnusable("The database holds more petitions than the manifest has room for.")
    return line.ljust(_MANIFEST_BYTES - 1) + b"\n"


def _manifest(line: bytes) -> Manifest | None:
    """Returns what a first line says; None if it is none, or says what no backup says."""
    try:
        return Manifest.model_validate_json(line)
    except ValidationError:
        return None
