"""Restored backups: until an admin has looked, nothing is sent. New queries about them go here.

What was sent after the backup is not known in it: a broadcast that was under way or planned then
would be sent again. So restoring pauses what is under way, and until an admin says so nothing is
due (`broadcasts.due_broadcasts`).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from storage.audit import add_audit
from storage.broadcast_types import BroadcastState
from storage.tables import BROADCASTS, PETITIONS, RESTORES, SIGNATURES
from storage.transaction import Transaction

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


def record_restore(
    tx: Transaction,
    *,
    made_at: datetime | None,
    at: datetime,
    lost: int = 0,
    journal_is_whole: bool = True,
) -> None:
    """Records that the database was restored, and holds sending until `release`.

    All petitions in it are held; one that is not this one is refused as behind its mark, if
    anything was asked for since. Of this one it is stored what `HeldRestore` says.
    """
    restored = {"backup_made_at": made_at, "restored_at": at, "repeated_at": at, "lost": 0}
    for row in tx.all(select(PETITIONS.c.slug)):
        tx.change(insert(RESTORES).values(id=tx.new_id(at), petition=row.slug, **restored))
    tx.set(RESTORES, RESTORES.c.restored_at == at, lost=lost, journal_is_whole=journal_is_whole)
    running = BROADCASTS.c.state == BroadcastState.RUNNING
    tx.change(update(BROADCASTS).where(running).values(state=BroadcastState.PAUSED))
    which = "a backup" if made_at is None else f"the backup of {made_at.isoformat()}"
    add_audit(tx, "restore", at=at, detail=which)


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
