"""Tests that the audit log shows who did what, newest first, and only with the key."""

from datetime import timedelta

from storage import Storage
from storage.admins import add_audit, last_done
from tests.support.supporters import NOON


async def test_when_something_was_done_last_is_known_of_each_deed(storage: Storage) -> None:
    for minute, action in enumerate(("purge", "export", "purge", "retention")):
        await storage.write(add_audit, action, actor=None, at=NOON + timedelta(minutes=minute))
    assert await storage.read(last_done, "purge") == (NOON + timedelta(minutes=2), "")
    assert await storage.read(last_done, "close") is None
    await storage.write(add_audit, "export", actor=None, at=NOON, detail="xlsx, 3")
    assert await storage.read(last_done, "export", "xlsx") == (NOON, "xlsx, 3")
    assert await storage.read(last_done, "export", "lsx") is None
