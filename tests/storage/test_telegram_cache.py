"""Tests that the last value sent to Telegram is stored for each key."""

from storage import Storage
from storage.telegram_cache import find_cached_item, put_cached_item


async def test_what_was_never_published_is_not_there(storage: Storage) -> None:
    assert await storage.read(find_cached_item, "commands:es") is None


async def test_the_last_one_published_is_remembered(storage: Storage) -> None:
    await storage.write(put_cached_item, "picture", b"one", "file-1")
    await storage.write(put_cached_item, "picture", b"two", "file-2")
    await storage.write(put_cached_item, "commands:es", b"three")
    for key, stored in (("picture", (b"two", "file-2")), ("commands:es", (b"three", None))):
        found = await storage.read(find_cached_item, key)
        assert found is not None
        assert (found.digest, found.telegram_id) == stored
