"""Tests that closing happens once, as of its date, and that what was done and told is known."""

from datetime import timedelta

from storage import Storage
from storage.admins import add_audit, last_done
from storage.petitions import (
    PetitionState,
    choose_closing_date,
    close_petition,
    close_petition_if_due,
    follow_folder,
    mark_petition_notice_sent,
    petition_notice_at,
    petition_notice_was_sent,
    petition_state,
)
from tests.support.audit_entries import AuditEntry, newest_audit_entries
from tests.support.supporters import NOON

DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)


class TestTheClosingDate:
    """Tests that nobody signs from the date on, whatever has closed the petition or not yet."""

    async def test_it_is_closed_as_of_its_date_and_once(self, storage: Storage) -> None:
        await storage.write(follow_folder, NOON)
        assert await storage.write(close_petition_if_due, NOON - MILLISECOND, None) is False
        assert await storage.write(close_petition_if_due, NOON + DAY, None) is True
        assert await storage.write(close_petition_if_due, NOON + DAY, None) is False
        state = await storage.read(petition_state)
        assert state == PetitionState(0, NOON, 0, 1, NOON)
        [entry] = await storage.read(newest_audit_entries, 10)
        assert entry == AuditEntry(NOON + DAY, None, "close", "date")

    async def test_a_closed_petition_takes_no_date(self, storage: Storage) -> None:
        await storage.write(close_petition, revision=0, actor=9, at=NOON)
        assert await storage.write(choose_closing_date, NOON, revision=1, actor=9, at=NOON) is None
        await storage.write(follow_folder, NOON)
        assert (await storage.read(petition_state)).closes_at is None


async def test_a_notice_is_known_to_be_sent_for_what_it_is_about(storage: Storage) -> None:
    await storage.write(mark_petition_notice_sent, "untold", "1", NOON)
    await storage.write(mark_petition_notice_sent, "untold", "1", NOON)
    assert await storage.read(petition_notice_was_sent, "untold", "1")
    assert not await storage.read(petition_notice_was_sent, "untold", "2")
    assert not await storage.read(petition_notice_was_sent, "overdue", "1")
    # The first of those that begin like this, of its kind.
    for seconds, kind, about in ((2, "due", "7/b"), (1, "due", "7/a"), (-9, "due", "8/a")):
        await storage.write(
            mark_petition_notice_sent, kind, about, NOON + timedelta(seconds=seconds)
        )
    await storage.write(mark_petition_notice_sent, "overdue", "7/", NOON)
    assert await storage.read(petition_notice_at, "due", "7/") == NOON + timedelta(seconds=1)
    assert await storage.read(petition_notice_at, "due", "9/") is None


async def test_when_something_was_done_last_is_known_of_each_deed(storage: Storage) -> None:
    for minute, action in enumerate(("purge", "export", "purge", "retention")):
        await storage.write(add_audit, action, actor=None, at=NOON + timedelta(minutes=minute))
    assert await storage.read(last_done, "purge") == (NOON + timedelta(minutes=2), "")
    assert await storage.read(last_done, "close") is None
    await storage.write(add_audit, "export", actor=None, at=NOON, detail="xlsx, 3")
    assert await storage.read(last_done, "export", "xlsx") == (NOON, "xlsx, 3")
    assert await storage.read(last_done, "export", "lsx") is None
