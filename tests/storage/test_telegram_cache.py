"""Tests that the last value sent to Telegram is stored for each key."""

from storage import Storage


async def test_what_was_never_published_is_not_there(storage: Storage) -> None:
    assert await storage.telegram_cache.get("commands:es") is None


async def test_the_last_one_published_is_remembered(storage: Storage) -> None:
    await storage.telegram_cache.put("picture", b"one", "file-1")
    await storage.telegram_cache.put("picture", b"two", "file-2")
    await storage.telegram_cache.put("commands:es", b"three")
    assert await storage.telegram_cache.get("picture") == (b"two", "file-2")
    assert await storage.telegram_cache.get("commands:es") == (b"three", None)
