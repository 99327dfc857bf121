"""What Telegram already has from the bot, so that it is not sent again. New queries go here.

Command lists and descriptions are stored by their digest, a picture by the id of its file at
Telegram.
"""

from storage.tables import TELEGRAM_CACHE
from storage.transaction import Row, Transaction


def find_cached_item(tx: Transaction, key: str) -> Row | None:
    """Returns what Telegram has under a key, its `digest` and `telegram_id`; None for nothing."""
    return tx.find(TELEGRAM_CACHE, key)


def put_cached_item(
    tx: Transaction, key: str, digest: bytes, telegram_id: str | None = None
) -> None:
    """Stores what Telegram has under a key from now on."""
    tx.put(TELEGRAM_CACHE, key=key, digest=digest, telegram_id=telegram_id)
