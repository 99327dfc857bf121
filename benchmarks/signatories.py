"""People who have signed already, every value sealed as the bot seals it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from storage import Keyring, migrate, open_storage
from tests.broadcast.petitioners import SLUG, Petitioners

DATABASE: Final = "petition.db"
KEY: Final = "petition.key"
FIRST_CHAT: Final = 1001
_AT_A_TIME: Final = 5_000


def url_of(folder: Path) -> str:
    """The address of the database in a folder."""
    return f"sqlite+aiosqlite:///{folder / DATABASE}"


async def gather_signatures(url: str, keyring: Keyring, people: int) -> None:
    """Make the tables of a closed petition that so many signed; the first has `FIRST_CHAT`."""
    await migrate(url)
    storage = await open_storage(url, keyring, SLUG)
    try:
        petitioners = Petitioners(storage.database, keyring)
        for first in range(1, people + 1, _AT_A_TIME):
            await petitioners.sign(range(first, min(first + _AT_A_TIME, people + 1)))
        await petitioners.set_closed(True)
    finally:
        await storage.close()


async def reopen(url: str, keyring: Keyring) -> None:
    """Let people sign again."""
    storage = await open_storage(url, keyring, SLUG)
    try:
        await Petitioners(storage.database, keyring).set_closed(False)
    finally:
        await storage.close()
