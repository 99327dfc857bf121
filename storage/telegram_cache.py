"""What Telegram already has from the bot, so that it is not sent again. New queries go here.

Command lists and descriptions are stored by their digest, a picture by the id of its file at
Telegram.
"""

from sqlalchemy import bindparam, select

from storage.tables import TELEGRAM_CACHE
from storage.transaction import Row, Transaction

# Made once, as that takes longer than the answer, and whoever sends /start asks twice.
_GET = select(TELEGRAM_CACHE).where(
    TELEGRAM_CACHE.c.petition == bindparam("own_petition"),
    TELEGRAM_CACHE.c.key == bindparam("own_key"),
)


def find_cached_item(tx: Transaction, key: str) -> Row | None:
    """Returns what Telegram has under a key, its `digest` and `telegram_id`; None for nothing."""
    return tx.first(_GET, {"own_petition": tx.slug, "own_key": key})


def put_cached_item(
    tx: Transaction, key: str, digest: bytes, telegram_id: str | None = None
) -> None:
    """Stores what Telegram has under a key from now on."""
    tx.put(TELEGRAM_CACHE, key=key, digest=digest, telegram_id=telegram_id)
