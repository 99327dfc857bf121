"""Tests that a notice to the admins is known to be sent, and no other one."""

from storage import Storage
from storage.admin_notices import NoticeKind, broadcast_notice_was_sent, mark_broadcast_notice_sent
from tests.support.broadcasts import start
from tests.support.supporters import Supporters


async def test_only_what_was_sent_is_known_to_be_sent(
    storage: Storage, people: Supporters
) -> None:
    await people.sign([1])
    broadcast = (await start(storage)).id
    assert not await storage.read(
        broadcast_notice_was_sent, broadcast, NoticeKind.PAUSED, "one reason"
    )
    for _ in range(2):
        await storage.write(mark_broadcast_notice_sent, broadcast, NoticeKind.PAUSED, "one reason")
    assert await storage.read(
        broadcast_notice_was_sent, broadcast, NoticeKind.PAUSED, "one reason"
    )
    assert not await storage.read(
        broadcast_notice_was_sent, broadcast, NoticeKind.PAUSED, "another"
    )
    assert not await storage.read(
        broadcast_notice_was_sent, broadcast, NoticeKind.QUESTION, "one reason"
    )
    assert not await storage.read(
        broadcast_notice_was_sent, b"other", NoticeKind.PAUSED, "one reason"
    )
