"""Tests that the audit log shows who did what, newest first, and only with the key."""

from datetime import timedelta

from storage import Storage
from storage.audit import add_audit, last_done
from tests.support.audit_entries import AuditEntry, newest_audit_entries
from tests.support.raw_sql import read_sql
from tests.support.supporters import NOON


async def test_an_entry_tells_who_did_what_and_when(storage: Storage) -> None:
    await storage.write(add_audit, "my_data", actor=None, at=NOON)
    await storage.write(
        add_audit, "broadcast", actor=2**52, at=NOON + timedelta(seconds=1), detail="closing"
    )
    assert await storage.read(newest_audit_entries, 10) == [
        AuditEntry(NOON + timedelta(seconds=1), 2**52, "broadcast", "closing"),
        AuditEntry(NOON, None, "my_data", ""),
    ]


async def test_when_something_was_done_last_is_known_of_each_deed(storage: Storage) -> None:
    for minute, action in enumerate(("purge", "export", "purge", "retention")):
        await storage.write(add_audit, action, actor=None, at=NOON + timedelta(minutes=minute))
    assert await storage.read(last_done, "purge") == NOON + timedelta(minutes=2)
    assert await storage.read(last_done, "close") is None
    await storage.write(add_audit, "export", actor=None, at=NOON, detail="xlsx, 3")
    assert await storage.read(last_done, "export", "xlsx") == NOON
    assert await storage.read(last_done, "export", "lsx") is None


async def test_only_as_many_as_asked_for_come_and_they_are_the_newest(storage: Storage) -> None:
    for minute in range(5):
        await storage.write(add_audit, str(minute), actor=1, at=NOON + timedelta(minutes=minute))
    assert [entry.action for entry in await storage.read(newest_audit_entries, 2)] == ["4", "3"]


async def test_who_did_it_is_sealed(storage: Storage) -> None:
    await storage.write(add_audit, "close", actor=123456789, at=NOON)
    rows = await read_sql(storage.database, "SELECT actor_sealed FROM audit")
    assert b"123456789" not in rows[0]["actor_sealed"]
