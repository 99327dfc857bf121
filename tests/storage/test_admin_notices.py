"""Tests that a notice to the admins is known to be sent, and no other one."""

from storage import AdminNotices, Broadcasts, Database, Keyring, NoticeKind
from tests.support.broadcasts import start
from tests.support.supporters import SLUG, Supporters


async def test_only_what_was_sent_is_known_to_be_sent(
    database: Database, keyring: Keyring, broadcasts: Broadcasts, people: Supporters
) -> None:
    await people.sign([1])
    broadcast, notices = (await start(broadcasts)).id, AdminNotices(database, SLUG, keyring)
    assert not await notices.was_sent(broadcast, NoticeKind.PAUSED, "one reason")
    for _ in range(2):
        await notices.mark_sent(broadcast, NoticeKind.PAUSED, "one reason")
    assert await notices.was_sent(broadcast, NoticeKind.PAUSED, "one reason")
    assert not await notices.was_sent(broadcast, NoticeKind.PAUSED, "another")
    assert not await notices.was_sent(broadcast, NoticeKind.QUESTION, "one reason")
    assert not await notices.was_sent(b"other", NoticeKind.PAUSED, "one reason")
