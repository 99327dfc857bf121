"""Tests that a running bot erases what is due, in portions, whatever errors occur."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.clocks import DateCheck
from bot.petition.petition import BUNDLED, load_petition
from bot.retention import (
    BETWEEN_LOOKS_SECONDS,
    BETWEEN_PORTIONS_SECONDS,
    FORMS_KEPT_FOR,
    Retention,
    _erase_leftovers,
)
from storage import Storage
from storage.consents import correct_signed_name
from storage.conversations import (
    Conversation,
    count_unsigned,
    forget_left_forms,
    save_conversation,
)
from storage.database import Database
from storage.errors import Unavailable
from storage.handovers import record_handover
from storage.journal import Journal
from storage.keyring import Keyring
from storage.petitions import reached_so_far
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import read_sql, write_sql
from tests.support.storage_calls import Proceed, call_instead
from tests.support.supporters import NOON, SLUG, Supporters, a_supporter

PETITION = load_petition(BUNDLED)
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=700)


class Telegram:
    """What the bot tells its admins and removes from chats, and the machine's clock meanwhile."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.now = NOW
        self.files_until: list[datetime] = []
        self.tidied: list[datetime | None] = []
        self.pauses: list[float] = []
        self.date_is_right = True

    def retention(self) -> Retention:
        return Retention(
            self.storage,
            lambda: PETITION,
            lambda: self.now,
            self.sleep,
            warn=self.warn,
            erase_files=self.erase_files,
            date_is_right=lambda: self.date_is_right,
            tidy_up=self.tidy_up,
        )

    async def warn(self, _: object) -> None:
        """The clock jumps, once it was looked at."""
        self.now = NOW + timedelta(days=730)

    async def erase_files(self, before: datetime) -> None:
        self.files_until.append(before)

    def tidy_up(self, now: datetime | None) -> int:
        self.tidied.append(now)
        return 0

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.pauses.count(BETWEEN_LOOKS_SECONDS) == 2:
            raise asyncio.CancelledError


@pytest.fixture
async def telegram(database: Database, keyring: Keyring) -> Telegram:
    await Supporters(database, keyring).open_petition()
    return Telegram(Storage(database, keyring, SLUG))


async def fill_in(telegram: Telegram, people: int, at: datetime) -> None:
    """So many people write their names, and do not sign."""
    for number in range(people):
        form = Conversation(bytes([number]) * 32, name="Ana", version=1)
        await telegram.storage.write(save_conversation, form, was=None, at=at)


async def signed(telegram: Telegram) -> list[int]:
    """The numbers of the signatures that are left."""
    sql = "SELECT number FROM signatures ORDER BY number"
    return [row["number"] for row in await read_sql(telegram.storage.database, sql)]


def test_they_are_kept_for_thirty_days() -> None:
    assert timedelta(days=30) == FORMS_KEPT_FOR


async def test_everything_that_is_due_goes_in_portions_and_by_the_clock_that_was_checked(
    telegram: Telegram, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They signed long ago, but for the last; once the clock was found right, it jumps."""
    journal_before: list[object] = []

    def rewrite(_: Journal, before: object, _names_before: object) -> int:
        journal_before.append(before)
        return 2  # entries that are damaged

    monkeypatch.setattr(Journal, "rewrite", rewrite)
    monkeypatch.setattr("bot.retention.PORTION", 2)
    storage = telegram.storage
    await fill_in(telegram, 5, NOW - FORMS_KEPT_FOR)
    await Supporters(storage.database, keyring, signed_at=LONG_AGO).sign(range(1, 6))
    await Supporters(storage.database, keyring, signed_at=NOW).sign([6])
    # They were found overdue two days ago, of which the admins were told then.
    await telegram.retention().erase()
    assert await signed(telegram) == [1, 2, 3, 4, 5, 6]
    found = "UPDATE petition_notices SET sent_at = :at"
    two_days_ago = NOW - timedelta(days=2)
    await write_sql(storage.database, found, at=int(two_days_ago.timestamp() * 1000))
    telegram.now = NOW
    looking = telegram.retention()
    with capture_logs() as logged:
        await looking.forget()
        await looking.erase()
        await looking.tidy_journal()
    assert await storage.read(count_unsigned) == 0
    assert await signed(telegram) == [6]
    assert (await storage.read(reached_so_far)).number == 6
    assert telegram.pauses == [BETWEEN_PORTIONS_SECONDS] * 4
    assert telegram.files_until == [NOW - timedelta(days=30)] * 2
    assert [(entry["event"], entry["total"]) for entry in logged] == [
        ("forms_forgotten", 5),
        ("signatures_erased", 5),
        ("journal_damaged", 2),
    ]
    assert journal_before == [NOW - timedelta(days=21 * 31)]
    entries = await storage.read(newest_audit_entries, 9)
    assert [(each.action, each.detail, each.at) for each in entries] == [("retention", "5", NOW)]


async def test_whom_nobody_told_yet_keeps_the_name_they_corrected_in_a_restored_copy_too(
    telegram: Telegram, keyring: Keyring
) -> None:
    storage, ana = telegram.storage, a_supporter(keyring, 1)
    people = Supporters(storage.database, keyring)
    await people.set_closed(False)
    await ana.sign(storage, was=0)
    after = Conversation(ana.supporter, stage="my_data", version=2)
    await storage.write(correct_signed_name, after, 1, NOON, "Ana Ruiz Mas")
    await people.set_closed(True)
    telegram.now = NOON + timedelta(days=60)
    await storage.write(record_handover, NOON.date(), at=telegram.now)
    looking = telegram.retention()
    await looking.erase()
    await looking.tidy_journal()
    assert await signed(telegram) == [1]
    assert any(each.has_name for each in storage.journal.read().entries)


async def test_conversations_that_are_left_go_in_portions_too(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [2, 2, 1]

    async def erase(_: Proceed, *__: Any, **___: Any) -> int:
        return left.pop(0)

    monkeypatch.setattr("bot.retention.PORTION", 2)
    call_instead(monkeypatch, _erase_leftovers, erase)
    await telegram.retention().erase()
    assert (left, telegram.pauses) == ([], [BETWEEN_PORTIONS_SECONDS] * 2)


@pytest.mark.parametrize("failure", [Unavailable(), ZeroDivisionError("Ana García")])
async def test_what_failed_is_done_at_the_next_look(
    failure: Exception, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with a date that may be wrong nothing goes that a restore moved aside."""
    failures = [failure]

    async def forget(proceed: Proceed, *given: Any, **named: Any) -> object:
        if failures:
            raise failures.pop()
        telegram.date_is_right = False
        return await proceed(*given, **named)

    await fill_in(telegram, 1, LONG_AGO)
    call_instead(monkeypatch, forget_left_forms, forget)
    with capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        await telegram.retention().run()
    assert await telegram.storage.read(count_unsigned) == 0
    assert telegram.pauses == [BETWEEN_LOOKS_SECONDS] * 2
    assert telegram.tidied == [NOW + timedelta(days=730), None]
    expected = "warning" if isinstance(failure, Unavailable) else "error"
    assert [entry["log_level"] for entry in logged] == [expected, "info"]


@pytest.mark.parametrize(
    ("said", "silent_for", "is_right", "event"),
    [
        (NOW, timedelta(0), True, None),
        (NOW - timedelta(hours=23), timedelta(0), True, None),
        (NOW - timedelta(days=1), timedelta(0), False, "clock_is_wrong"),
        (NOW + timedelta(days=1), timedelta(days=6), False, "clock_is_wrong"),
        (None, timedelta(days=6), False, "date_not_compared"),
        (None, timedelta(days=7), True, "machine_clock_counts_alone"),
        (NOW - timedelta(days=730), timedelta(days=7), True, "machine_clock_counts_alone"),
    ],
)
def test_a_date_is_erased_by_if_telegram_says_it_too_or_said_nothing_for_a_week(
    said: datetime | None, silent_for: timedelta, is_right: bool, event: str | None
) -> None:
    check = DateCheck(lambda: NOW, lambda: (said, silent_for))
    with capture_logs() as logged:
        assert [check(), check()] == [is_right, is_right]
    assert [entry["event"] for entry in logged] == [event] * (event is not None)
