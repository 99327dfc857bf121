"""Restored backups: until an admin has looked, nothing is sent. New queries about them go here.

What was sent after the backup is not known in it: a broadcast that was under way or planned then
would be sent again. So restoring pauses what is under way, and until an admin says so nothing is
due (`broadcast_rows.due_broadcasts`).
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.audit import AuditedRows
from storage.database import Value
from storage.errors import DatabaseBehind
from storage.ids import rising_id
from storage.keyring import Keyring
from storage.times import from_millis, to_millis

_RECORD = """
INSERT INTO restores (id, petition, backup_made_at, restored_at, lost)
VALUES (:id, :petition, :made_at, :at, 0)
"""

_NOT_REPEATED = "SELECT id FROM restores WHERE petition = :petition AND repeated_at IS NULL"

_REPEATED = """
UPDATE restores SET repeated_at = :at, lost = :lost, journal_is_whole = :whole
WHERE petition = :petition AND repeated_at IS NULL
"""

_PAUSE = "UPDATE broadcasts SET state = 'paused' WHERE petition = :petition AND state = 'running'"

_HELD = """
SELECT id, backup_made_at, lost, journal_is_whole FROM restores
WHERE petition = :petition AND released_at IS NULL
ORDER BY restored_at DESC LIMIT 1
"""

_IS_HELD = "EXISTS (SELECT 1 FROM restores WHERE petition = :petition AND released_at IS NULL)"

_RELEASE = """
UPDATE restores SET released_at = :at WHERE petition = :petition AND released_at IS NULL
RETURNING id
"""

_ONE_CHAT = "SELECT id, chat_sealed FROM signatures WHERE petition = :petition LIMIT 1"


@dataclass(frozen=True, slots=True)
class HeldRestore:
    """A restored backup that no admin has looked at yet.

    Attributes:
        made_at: when the backup was made; None if that is not known.
        lost: how many signatures at most were made after it, and are lost.
        journal_is_whole: whether all that people asked for since is known, and was done again.
    """

    id: bytes
    made_at: datetime | None
    lost: int
    journal_is_whole: bool = True


class Restores(AuditedRows):
    """The restored backups of one petition."""

    async def record(self, *, made_at: datetime | None, at: datetime) -> None:
        """Records that the database was restored, and holds sending until `release`.

        All petitions in it are held, and of all of them the journal is still to be repeated.
        `made_at` is None if it is not known when the backup was made.
        """
        since: dict[str, Value] = {"made_at": to_millis(made_at), "at": to_millis(at)}
        restored = [
            self._statement(sql, petition=row["slug"], id=rising_id(at), **since)
            for row in await self._read("SELECT slug FROM petitions")
            for sql in (_RECORD, _PAUSE)
        ]
        which = "a backup" if made_at is None else f"the backup of {made_at.isoformat()}"
        await self._database.write(
            *restored,
            self._audit.statement("restore", actor=None, at=at, detail=which),
        )

    async def awaits_repetition(self) -> bool:
        """Returns whether it was restored without what its journal says."""
        return bool(await self._read(_NOT_REPEATED))

    async def mark_repeated(
        self, *, at: datetime, lost: int, journal_is_whole: bool = True
    ) -> None:
        """Records that what the journal says was repeated.

        `lost` is how many signatures at most were made after the backup.
        """
        await self._write(_REPEATED, at=to_millis(at), lost=lost, whole=int(journal_is_whole))

    async def held(self) -> HeldRestore | None:
        """Returns the restored backup for which sending is held; None if nothing is held."""
        rows = await self._read(_HELD)
        if not rows:
            return None
        row = rows[0]
        made_at, is_whole = from_millis(row["backup_made_at"]), bool(row["journal_is_whole"])
        return HeldRestore(row["id"], made_at, row["lost"], is_whole)

    async def release(self, *, actor: int, at: datetime) -> bool:
        """Lets messages be sent again; returns whether they were held."""
        noted = self._audit.statement(
            "release", actor=actor, at=at, only_if=self._statement(_IS_HELD)
        )
        released = self._statement(_RELEASE, at=to_millis(at))
        rows = await self._database.write(noted, released)
        return bool(rows[-1])

    async def try_key(self) -> None:
        """Decrypts the number of a chat; raises BrokenData if the key file does not open it."""
        for row in await self._read(_ONE_CHAT):
            self._keyring.open(
                row["chat_sealed"], table="signatures", column="chat_sealed", row=row["id"]
            )


def require_finished(keyring: Keyring, slug: str) -> None:
    """Refuses a database to which a backup was restored without what people asked for since."""
    if unfinished_restore(keyring, slug).exists():
        raise DatabaseBehind(
            "A backup was being restored, and that did not come to its end: who withdrew since is"
            " back in the database. Empty the database and restore the backup again; or bring up"
            " to date what is there, by starting once with: petition-bot run --restored-backup"
        )


def unfinished_restore(keyring: Keyring, slug: str) -> Path:
    """Returns the path of the file that is there while a restore is not finished."""
    return keyring.beside(f"{slug}.restoring")
