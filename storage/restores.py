"""Restored backups: until an admin has looked, nothing is sent. New queries about them go here.

What was sent after the backup is not known in it: a broadcast that was under way or planned then
would be sent again. So restoring pauses what is under way, and until an admin says so nothing is
due (`broadcasts.due_broadcasts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, update

from storage.audit import add_audit
from storage.broadcast_types import BroadcastState
from storage.errors import DatabaseBehind
from storage.journal import JournalContent
from storage.journal_replay import replay
from storage.keyring import Keyring
from storage.petitions import Reached, last_number_given
from storage.tables import BROADCASTS, PETITIONS, RESTORES, SIGNATURES
from storage.transaction import Transaction

_NOT_REPEATED = RESTORES.c.repeated_at.is_(None)
_NOT_RELEASED = RESTORES.c.released_at.is_(None)


@dataclass(frozen=True, slots=True)
class HeldRestore:
    """A restored backup that no admin has looked at yet.

    Attributes:
        backup_made_at: when it was made; None if that is not known.
        lost: how many signatures at most were made after it, and are lost.
        journal_is_whole: whether all that people asked for since is known, and was done again.
    """

    id: bytes
    backup_made_at: datetime | None
    lost: int
    journal_is_whole: bool


def record_restore(tx: Transaction, *, made_at: datetime | None, at: datetime) -> None:
    """Records that a backup was restored, and holds sending until `release_restore`.

    All petitions in it are held, and of all of them the journal is still to be repeated. `made_at`
    is None if it is not known when the backup was made.
    """
    slugs = [row.slug for row in tx.all(select(PETITIONS.c.slug))]
    _hold(tx, slugs, made_at, at)


def record_copy(tx: Transaction, at: datetime) -> None:
    """Records that a copy was put back by hand, whose journal is to be repeated.

    A petition that is held stays so, with what is known of its backup. Otherwise this one alone is
    held: the admins of the others may have looked, and their broadcasts be under way.
    """
    if not tx.set(RESTORES, _NOT_RELEASED, repeated_at=None):
        _hold(tx, [tx.slug], None, at)


def _hold(tx: Transaction, slugs: Sequence[str], made_at: datetime | None, at: datetime) -> None:
    restored = {"backup_made_at": made_at, "restored_at": at, "lost": 0}
    for slug in slugs:
        tx.change(insert(RESTORES).values(id=tx.new_id(at), petition=slug, **restored))
    running = BROADCASTS.c.petition.in_(slugs), BROADCASTS.c.state == BroadcastState.RUNNING
    tx.change(update(BROADCASTS).where(*running).values(state=BroadcastState.PAUSED))
    which = "a backup" if made_at is None else f"the backup of {made_at.isoformat()}"
    add_audit(tx, "restore", at=at, detail=which)


def restore_awaits_repetition(tx: Transaction) -> bool:
    """Returns whether it was restored without what its journal says."""
    return tx.count(RESTORES, _NOT_REPEATED) > 0


def repeat_after_restore(
    tx: Transaction, noted: JournalContent, *, reached: Reached, at: datetime
) -> int:
    """Does again what people asked for after the backup, and records that it was done.

    Returns:
        How many deeds were carried out.
    """
    held = held_restore(tx)
    whole = noted.knows_all_since(None if held is None else held.backup_made_at)
    lost = max(0, reached.number - last_number_given(tx))
    repeated = replay(tx, noted.entries, reached=reached, at=at)
    mark_restore_repeated(tx, at=at, lost=lost, journal_is_whole=whole)
    return repeated


def mark_restore_repeated(
    tx: Transaction, *, at: datetime, lost: int, journal_is_whole: bool = True
) -> None:
    """Records that what the journal says was repeated.

    `lost` is how many signatures at most were made after the backup; those that an earlier
    repetition found are added, as since that the copy does not show them.
    """
    lost_in_all, whole = RESTORES.c.lost + lost, journal_is_whole
    tx.set(RESTORES, _NOT_REPEATED, repeated_at=at, lost=lost_in_all, journal_is_whole=whole)


def held_restore(tx: Transaction) -> HeldRestore | None:
    """Returns the restored backup for which sending is held; None if nothing is held."""
    columns = RESTORES.c
    said = select(columns.id, columns.backup_made_at, columns.lost, columns.journal_is_whole)
    newest_first = columns.restored_at.desc()
    row = tx.first(said.where(tx.of(RESTORES), _NOT_RELEASED).order_by(newest_first).limit(1))
    return None if row is None else HeldRestore(**row._mapping)


def release_restore(tx: Transaction, *, actor: int, at: datetime) -> bool:
    """Lets messages be sent again; returns whether they were held."""
    if not tx.set(RESTORES, _NOT_RELEASED, released_at=at):
        return False
    add_audit(tx, "release", actor=actor, at=at)
    return True


def open_one_chat(tx: Transaction) -> None:
    """Decrypts the number of a chat; raises BrokenData if the key file does not open it."""
    row = tx.find(SIGNATURES)
    if row is not None:
        tx.keyring.open(row.chat_sealed, table="signatures", column="chat_sealed", row=row.id)


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
