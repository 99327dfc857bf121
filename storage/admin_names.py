"""What Telegram calls each admin, encrypted, so that admins read names and not numbers."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from storage.petition_rows import PetitionRows
from storage.times import to_millis

_ALL = "SELECT admin, name_sealed FROM admin_names WHERE petition = :petition"

_SAVE = """
INSERT INTO admin_names (petition, admin, name_sealed, updated_at)
VALUES (:petition, :admin, :name, :at)
ON CONFLICT (petition, admin) DO UPDATE
SET name_sealed = excluded.name_sealed, updated_at = excluded.updated_at
"""

_FORGET = "DELETE FROM admin_names WHERE petition = :petition AND admin = :admin"


class AdminNames(PetitionRows):
    """The names of one petition's admins."""

    async def save(self, admin: int, name: str | None, at: datetime) -> None:
        """Stores what an admin is called now; without a name, none is kept.

        Args:
            admin: their Telegram user id.
            name: what Telegram calls them; None if it cannot be shown.
            at: now.
        """
        reference = self._keyring.reference(self._slug, admin)
        if (await self._stored()).get(reference) == name:
            return
        if name is None:
            await self._write(_FORGET, admin=reference)
            return
        sealed = self._sealed(name, "admin_names", "name_sealed", reference)
        await self._write(_SAVE, admin=reference, name=sealed, at=to_millis(at))

    async def of(self, admins: Iterable[int]) -> dict[int, str]:
        """Returns how to call these admins; those of whom nothing is known are left out.

        Telegram lets people choose any name, also another admin's, with their number behind it:
        where two have the same one, or one has a digit in it, each is given with their number.
        """
        stored = await self._stored()
        having = Counter(name.casefold() for name in stored.values())
        names: dict[int, str] = {}
        for admin in set(admins):
            name = stored.get(self._keyring.reference(self._slug, admin))
            if name is not None:
                is_clear = having[name.casefold()] == 1 and not any(map(str.isdigit, name))
                names[admin] = name if is_clear else f"{name} ({admin})"
        return names

    async def _stored(self) -> dict[bytes, str]:
        opened = {
            row["admin"]: self._opened(row, "admin_names", "name_sealed", row["admin"])
            for row in await self._read(_ALL)
        }
        return {admin: name for admin, name in opened.items() if name is not None}
