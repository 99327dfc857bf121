"""Tests that the last value sent to Telegram is stored for each key."""

from storage import PublishedItem, Storage


async def test_what_was_never_published_is_not_there(storage: Storage) -> None:
    assert await storage.published.get("commands:es") is None


async def test_the_last_one_published_is_remembered(storage: Storage) -> None:
    await storage.published.put("picture", b"one", "file-1")
    await storage.published.put("picture", b"two", "file-2")
    await storage.published.put("commands:es", b"three")
    assert await storage.published.get("picture") == PublishedItem(b"two", "file-2")
    assert await storage.published.get("commands:es") == PublishedItem(b"three", None)
