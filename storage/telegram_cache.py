"""What Telegram already has from the bot, so that it is not sent again. New queries go here.

Command lists and descriptions are stored by their digest, a picture by the id of its file at
Telegram.
"""

from dataclasses import dataclass

from storage.database import Database, Statement

_GET = """
SELECT digest, telegram_id FROM telegram_cache WHERE petition = :petition AND key = :key
"""

_PUT = """
INSERT INTO telegram_cache (petition, key, digest, telegram_id)
VALUES (:petition, :key, :digest, :telegram_id)
ON CONFLICT (petition, key)
DO UPDATE SET digest = excluded.digest, telegram_id = excluded.telegram_id
"""


@dataclass(frozen=True, slots=True)
class CachedItem:
    """The digest of what was sent, and the id that Telegram gave it, if any."""

    digest: bytes
    telegram_id: str | None


class TelegramCache:
    """What Telegram has of one petition, by key."""

    def __init__(self, database: Database, slug: str) -> None:
        self._database = database
        self._slug = slug

    async def get(self, key: str) -> CachedItem | None:
        """Returns what Telegram has under a key, or None."""
        rows = await self._database.read(Statement(_GET, {"petition": self._slug, "key": key}))
        return CachedItem(rows[0]["digest"], rows[0]["telegram_id"]) if rows else None

    async def put(self, key: str, digest: bytes, telegram_id: str | None = None) -> None:
        """Stores what Telegram has under a key from now on."""
        values = {"key": key, "digest": digest, "telegram_id": telegram_id}
        await self._database.write(Statement(_PUT, {"petition": self._slug, **values}))
