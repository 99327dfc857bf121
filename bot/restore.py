"""Restores a backup, or tries whether that would work; nobody who withdrew comes back with it.

On SQLite everything is done on a copy beside the database: it is decrypted, checked, migrated,
brought up to date from the journal, and held back from sending. Once it is whole in one file it
takes the place of the database, which is moved aside and kept for a week. On PostgreSQL the backup
goes into a new, empty database; a file beside the key keeps a bot from starting on it until all is
done.
"""

import asyncio
import glob
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.backup import Manifest, decrypt_backup, was_made_with
from bot.database_copy import require_empty, run_program
from bot.high_water_mark import HighWaterMark, highest_reached
from storage import Storage, open_storage
from storage.database import PostgresAddress, SqliteAddress, parse_address
from storage.database_contents import contents_of
from storage.errors import BackupUnusable, BrokenData, DatabaseBehind, SchemaMissing
from storage.keyring import Keyring
from storage.leases import lock_name
from storage.migrate import migrate, require_known_schema
from storage.petitions import petition_state
from storage.private_files import new_file, remove_unfinished, sync_folder, unfinished_file
from storage.process_lock import acquire_process_lock
from storage.restores import (
    held_restore,
    open_one_chat,
    record_copy,
    record_restore,
    repeat_after_restore,
    restore_awaits_repetition,
)
from storage.sqlite_connection import storage_error

_log = structlog.stdlib.get_logger()

MOVED_ASIDE_KEPT_FOR = timedelta(days=7)
"""How long the database that a backup took the place of is there; it has the same people."""

# Behind a database's name: it was there before a backup took its place; a moment follows.
_MOVED_ASIDE = ".before-restore-"
_ENDS = ("", "-wal", "-shm")
_MOVED_AT = re.compile(r"-([0-9]{8}T[0-9]{6}\.[0-9]{6})Z(-wal|-shm)?$")

# Tables of this program have none of these, and all of them run what somebody wrote.
_RUNS = """
SELECT name FROM sqlite_master
WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Order:
    """A backup, checked by its manifest, that is to become the database at `url`.

    One of pyrage's `identities` opens it, the keyring and the slug are of the petition of the
    settings, and `read` is called with how many bytes were decrypted.
    """

    path: Path
    manifest: Manifest
    identities: list[Any]
    url: str
    keyring: Keyring
    slug: str
    at: datetime
    read: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore, or of a drill.

    Attributes:
        signatures: how many the petition counts in it.
        lost: how many numbers were given after the backup: the most signatures that can be lost.
        repeated: how much of what the journal says the backup did not know.
        knows_all: whether the journal has all since the backup, as far as it can be told.
        moved_aside: where the database that was there is now.
    """

    signatures: int
    lost: int
    repeated: int
    knows_all: bool = True
    moved_aside: Path | None = None


async def drill(order: Order) -> Restored | None:
    """Does all that a restore does, but on a copy that is thrown away; no bot has to be stopped.

    Returns:
        The result that a restore would have; None for PostgreSQL, of whose backup it is only
        checked that `pg_restore` reads it to its end.

    Raises:
        StorageError, CannotDecrypt: it cannot be restored; the message says why.
    """
    _require_usable(order)
    if order.manifest.database != "sqlite":
        await _run_pg_restore(order, ("--file=-",), None)
        return None
    address = parse_address(order.url)
    beside = address.path.resolve() if isinstance(address, SqliteAddress) else order.path
    with unfinished_file(beside) as copy:
        await asyncio.to_thread(_decrypt, order, copy)
        return await _brought_up_to_date(_url(copy), order)


async def restore(order: Order) -> Restored:
    """Puts a backup in the place of the database, on which no bot may run.

    Raises:
        StorageError, CannotDecrypt: it was not restored; the message says why.
    """
    _require_usable(order)
    address = parse_address(order.url)
    kind = "sqlite" if isinstance(address, SqliteAddress) else "postgresql"
    if order.manifest.database != kind:
        raise BackupUnusable(
            "This is a backup of {backed_up}, and PETITION_DATABASE_URL is of {kind}. Set it to a "
            "database of the kind that was backed up.",
            backed_up=order.manifest.database,
            kind=kind,
        )
    async with AsyncExitStack() as stack:
        slugs = await _slugs(order, address)
        for slug in slugs:
            await stack.enter_async_context(acquire_process_lock(order.url, lock_name(slug)))
        if isinstance(address, PostgresAddress):
            return await _restore_postgres(order, address, slugs)
        # A link stays one, and what it leads to is moved aside.
        return await _restore_sqlite(order, address.path.resolve())


def _require_usable(order: Order) -> None:
    """Refuses what somebody else encrypted: it could hold anything that a database can run.

    And what another version made, and a mark that cannot be read, as it says which numbers were
    given since; before anything is written.
    """
    HighWaterMark(order.keyring.path, order.url, order.slug).require_readable()
    if not was_made_with(order.keyring, order.manifest):
        raise BackupUnusable(
            "{path} was not made with the key file of the settings, or its first line was "
            "changed, so who made it cannot be told, and it is not opened. Restore it with the "
            "key file with which it was made, PETITION_KEY_FILE, or take another backup.",
            path=order.path,
        )
    require_known_schema(order.manifest.revision)


async def _restore_sqlite(order: Order, database: Path) -> Restored:
    with unfinished_file(database) as copy:
        await asyncio.to_thread(_decrypt, order, copy)
        restored = await _brought_up_to_date(_url(copy), order)
        await asyncio.to_thread(_make_one_file, copy)
        moved = await asyncio.to_thread(_move_aside, database, order.at)
        copy.replace(database)
        sync_folder(database.parent)
    return replace(restored, moved_aside=moved)


async def _restore_postgres(
    order: Order, address: PostgresAddress, slugs: Sequence[str]
) -> Restored:
    await require_empty(address)
    unfinished = [unfinished_restore(order.keyring, slug) for slug in slugs]
    for each in unfinished:
        each.touch(0o600)
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    try:
        await _run_pg_restore(order, options, address)
    except Exception:
        _remove(unfinished)  # it is one transaction, so the database is as empty as before
        raise
    restored = await _brought_up_to_date(order.url, order)
    _remove(unfinished)
    return restored


def _remove(files: Sequence[Path]) -> None:
    for each in files:
        each.unlink(missing_ok=True)


async def repeat_journal(storage: Storage, at: datetime) -> Restored:
    """Does again, on a restored copy, what people asked for after the backup."""
    content = await asyncio.to_thread(storage.journal.read)
    reached = highest_reached(storage.keyring, storage.slug)
    repeated = await storage.write(repeat_after_restore, content, reached=reached, at=at)
    held, state = await storage.read(held_restore), await storage.read(petition_state)
    if held is None:
        return Restored(state.signatures, 0, repeated)
    return Restored(state.signatures, held.lost, repeated, knows_all=held.journal_is_whole)


async def finish_restore(storage: Storage, at: datetime, *, restored: bool) -> None:
    """Does again what people asked for after a backup, if one was `restored`, now or before."""
    if restored:
        await storage.write(record_copy, at)
    if await storage.read(restore_awaits_repetition):
        done = await repeat_journal(storage, at)
        _log.warning("journal_repeated", total=done.repeated)
    unfinished_restore(storage.keyring, storage.slug).unlink(missing_ok=True)


async def _brought_up_to_date(url: str, order: Order) -> Restored:
    """Migrates a copy, tries the key on it, holds sending, and repeats what the journal says."""
    await migrate(url)
    storage = await open_storage(url, order.keyring, order.slug, is_known=True)
    try:
        await storage.read(open_one_chat)
        await storage.write(record_restore, made_at=order.manifest.made_at, at=order.at)
        return await repeat_journal(storage, order.at)
    finally:
        await storage.close()


async def _slugs(order: Order, address: SqliteAddress | PostgresAddress) -> Sequence[str]:
    """Returns the petitions of the backup and of the database that it replaces."""
    found = {order.slug, *(each.slug for each in order.manifest.petitions)}
    if isinstance(address, SqliteAddress) and address.path.exists():
        # Also a damaged database is replaced; then only the backup's are known.
        with suppress(SchemaMissing, BrokenData):
            found |= {each["slug"] for each in contents_of(address.path)["petitions"]}
    return sorted(found)


def _decrypt(order: Order, copy: Path) -> None:
    with copy.open("wb") as file:
        decrypt_backup(order.path, order.manifest, order.identities, file, order.read)
    try:
        with closing(sqlite3.connect(copy)) as database:
            runs = database.execute(_RUNS).fetchone()
            if runs is None:
                _require_sound(database)
    except (sqlite3.Error, BrokenData) as error:
        raise BackupUnusable(
            "The database in {path} was damaged before it was backed up: {error}. Take an earlier "
            "backup.",
            path=order.path,
            error=error,
        ) from error
    if runs is not None:
        raise BackupUnusable(
            "The database in {path} has something that this program never makes, and that could "
            "change what it writes: {what}. Find out who made it, and take an earlier backup.",
            path=order.path,
            what=repr(runs[0]),
        )


async def _run_pg_restore(
    order: Order, options: Sequence[str], address: PostgresAddress | None
) -> None:
    # It has no name, so that a kill leaves nothing.
    with tempfile.TemporaryFile() as dump:
        read = order.path, order.manifest, order.identities, dump, order.read
        await asyncio.to_thread(decrypt_backup, *read)
        dump.seek(0)
        dsn = None if address is None else address.dsn
        nowhere = subprocess.DEVNULL
        await run_program("pg_restore", *options, dsn=dsn, source=dump, target=nowhere)


def _make_one_file(database: Path) -> None:
    """Merges a database's log into it, and checks that it is whole then; raises StorageError."""
    try:
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE").fetchone()
            _require_sound(opened)
    except sqlite3.Error as error:
        raise storage_error(error) from error
    with database.open("rb") as file:
        os.fsync(file.fileno())


def _require_sound(database: sqlite3.Connection) -> None:
    found = database.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise BrokenData("{found}", found=found)


def _move_aside(database: Path, at: datetime) -> Path | None:
    """Gives the database another name as well; a kill after that has changed nothing in it.

    One that is damaged has the other name only, with its log: no bot starts on it anyway.
    """
    name = f"{database.name}{_MOVED_ASIDE}{at:%Y%m%dT%H%M%S.%fZ}"
    moves = [
        (file, database.with_name(f"{name}{end}"))
        for end in _ENDS
        for file in [database.with_name(f"{database.name}{end}")]
        if file.exists()
    ]
    if not moves:
        return None
    aside = database.with_name(name)
    if _has_merged(database, moves):
        _keep_as(database, aside)
        return aside
    for file, moved in moves:
        moved.unlink(missing_ok=True)
        file.replace(moved)
    return aside


def _has_merged(database: Path, moves: Sequence[tuple[Path, Path]]) -> bool:
    """Returns whether a database is whole now without its log, which is kept as it was.

    In a damaged one, or in its log, there may be something that can be repaired.
    """
    if not database.exists() or database.stat().st_size == 0:
        return False
    for file, kept in moves:
        if file.name.endswith("-wal"):
            _keep_as(file, kept)
    try:
        _make_one_file(database)
    except BrokenData:
        return False
    return True


def _keep_as(file: Path, kept: Path) -> None:
    try:
        kept.hardlink_to(file)
    except OSError:  # a file system without them
        with file.open("rb") as source, new_file(kept) as target:
            shutil.copyfileobj(source, target)


def tidy_up(url: str, key_file: Path, now: datetime | None) -> int:
    """Removes what restores, and commands that were killed, left beside the database and the key.

    That is copies of the database, keys that were exchanged, and after a week what was moved
    aside, unless it is not known what time it is. No other bot runs on the database.

    Returns:
        How many files were removed that had been moved aside.
    """
    remove_unfinished(key_file.parent, f"{glob.escape(key_file.name)}*")
    address = parse_address(url)
    if not isinstance(address, SqliteAddress):
        return 0
    database = address.path.resolve()
    remove_unfinished(database.parent, glob.escape(database.name))
    moved = database.parent.glob(f"{glob.escape(database.name)}{_MOVED_ASIDE}*")
    old = [each for each in moved if _is_over(each, database, now)]
    for path in old:
        path.unlink()
    return len(old)


def _is_over(moved: Path, database: Path, now: datetime | None) -> bool:
    # A restore that was killed before its end left a second name of the database.
    if database.exists() and moved.samefile(database):
        return True
    named = _MOVED_AT.search(moved.name)
    if named is None or now is None:
        return False
    at = datetime.strptime(named[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    return now - at > MOVED_ASIDE_KEPT_FOR


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path.resolve()}"


def require_finished(keyring: Keyring, slug: str) -> None:
    """Refuses a database to which a backup was restored without what people asked for since."""
    if unfinished_restore(keyring, slug).exists():
        raise DatabaseBehind(
            "A backup was being restored, and that did not come to its end: who withdrew since may"
            " be back in the database. Restore the backup again, to a new, empty database; or "
            "bring up to date what is there, by starting once with: petition-bot run "
            "--restored-backup"
        )


def unfinished_restore(keyring: Keyring, slug: str) -> Path:
    """Returns the path of the file that is there while a restore is not finished."""
    return keyring.beside(f"{slug}.restoring")
