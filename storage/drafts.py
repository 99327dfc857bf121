"""Drafts: the message that each admin is writing, in one encrypted column.

The handlers define what is in it; here it is a text.
"""

from datetime import datetime

from storage.petition_rows import PetitionRows
from storage.times import to_millis

_GET = "SELECT body_sealed FROM drafts WHERE petition = :petition AND admin = :admin"

_SAVE = """
INSERT INTO drafts (petition, admin, body_sealed, updated_at)
VALUES (:petition, :admin, :body, :at)
ON CONFLICT (petition, admin) DO UPDATE
SET body_sealed = excluded.body_sealed, updated_at = excluded.updated_at
"""

_FORGET = "DELETE FROM drafts WHERE petition = :petition AND admin = :admin"


class Drafts(PetitionRows):
    """The drafts of one petition, keyed by the admin's reference."""

    async def get(self, admin: bytes) -> str | None:
        """Returns an admin's draft; None if there is none, or it cannot be decrypted."""
        rows = await self._read(_GET, admin=admin)
        if not rows:
            return None
        return self._opened(rows[0], "drafts", "body_sealed", admin)

    async def save(self, admin: bytes, body: str, at: datetime) -> None:
        """Stores a draft in place of the one before."""
        sealed = self._sealed(body, "drafts", "body_sealed", admin)
        await self._write(_SAVE, admin=admin, body=sealed, at=to_millis(at))

    async def forget(self, admin: bytes) -> None:
        """Deletes a draft; does nothing if there is none."""
        await self._write(_FORGET, admin=admin)
