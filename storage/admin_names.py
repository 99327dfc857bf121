"""What Telegram calls each admin, encrypted, so that admins read names and not numbers."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.tables import ADMIN_NAMES
from storage.transaction import Transaction

if TYPE_CHECKING:
    from storage import Storage


def names_of_admins(tx: Transaction, admins: Iterable[int]) -> dict[int, str]:
    """Returns how to call these admins; those of whom nothing is known are left out.

    Telegram lets people choose any name, also another admin's, with their number behind it:
    where two have the same one, or one has a digit in it, each is given with their number.
    """
    stored = _stored(tx)
    having = Counter(name.casefold() for name in stored.values())
    names: dict[int, str] = {}
    for admin in set(admins):
        name = stored.get(tx.keyring.reference(tx.slug, admin))
        if name is not None:
            is_clear = having[name.casefold()] == 1 and not any(map(str.isdigit, name))
            names[admin] = name if is_clear else f"{name} ({admin})"
    return names


async def save_admin_name(storage: "Storage", admin: int, name: str | None, at: datetime) -> None:
    """Stores what an admin is called now; without a name, none is kept.

    Args:
        admin: their Telegram user id.
        name: what Telegram calls them; None if it cannot be shown.
        at: now.
    """
    reference = storage.keyring.reference(storage.slug, admin)
    # It is asked for at every tap, and hardly ever changes.
    if (await storage.read(_stored)).get(reference) != name:
        await storage.write(_save, reference, name, at)


def _save(tx: Transaction, admin: bytes, name: str | None, at: datetime) -> None:
    if name is None:
        tx.delete(ADMIN_NAMES, admin)
        return
    tx.put(ADMIN_NAMES, admin=admin, name=name, updated_at=at)


def _stored(tx: Transaction) -> dict[bytes, str]:
    """Returns the names that can be decrypted, by the admin's reference."""
    rows = tx.all(select(ADMIN_NAMES).where(tx.of(ADMIN_NAMES)))
    opened = [tx.unsealed(ADMIN_NAMES, row) for row in rows]
    return {each["admin"]: each["name"] for each in opened if each["name"] is not None}
