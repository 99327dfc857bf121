"""What Telegram already has from the bot, so that it is not sent again. New queries go here.

Command lists and descriptions are stored by their digest, a picture by the id of its file at
Telegram.
"""

from dataclasses import dataclass

from storage.petition_rows import PetitionRows, as_read, as_write
from storage.tables import TELEGRAM_CACHE
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class CachedItem:
    """The digest of what was sent, and the id that Telegram gave it, if any."""

    digest: bytes
    telegram_id: str | None


def find_item(tx: Transaction, key: str) -> CachedItem | None:
    """Returns what Telegram has under a key, or None."""
    row = tx.find(TELEGRAM_CACHE, TELEGRAM_CACHE.c.key == key)
    return None if row is None else CachedItem(row.digest, row.telegram_id)


def put_item(tx: Transaction, key: str, digest: bytes, telegram_id: str | None = None) -> None:
    """Stores what Telegram has under a key from now on."""
    tx.put(TELEGRAM_CACHE, key=key, digest=digest, telegram_id=telegram_id)


class TelegramCache(PetitionRows):
    """What Telegram has of one petition, by key."""

    get = as_read(find_item)
    put = as_write(put_item)
