"""Tests that a running bot erases what is due, in portions, whatever errors occur."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.clocks import DateCheck
from bot.petition.petition import BUNDLED, load_petition
from bot.petition.retention_days import FOUND_OVERDUE, HELD_FOR, Overdue
from bot.retention import (
    BETWEEN_LOOKS_SECONDS,
    BETWEEN_PORTIONS_SECONDS,
    FORMS_KEPT_FOR,
    PORTION,
    Retention,
    erase_due,
    read_erasure,
)
from storage import Storage
from storage.erasures import DueBefore, DueCount
from storage.errors import Unavailable
from storage.handovers import Handover

PETITION = load_petition(BUNDLED)
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Stored:
    """So many forms were left, and so many signatures are due; a look can fail.

    It is the storage of a petition that was never delivered.
    """

    def __init__(self, forms: int = 0, *failures: Exception, signatures: int = 0) -> None:
        self.forms, self.signatures = forms, signatures
        self.failures = list(failures)
        self.asked: list[datetime] = []
        self.files_until: list[datetime] = []
        self.codes_until: datetime | None = None
        self.entries: set[bytes] = set()
        self.journal = self
        self.journal_from: list[datetime | None] = []
        self.damaged = 0
        self.left = 0
        self.due = DueCount(0, 0, 0, 0, None)
        self.first: datetime | None = None
        self.date_is_right = True
        self.handover: Handover | None = None
        self.found_at: datetime | None = None
        self.warned: list[Overdue | None] = []
        self.noted: list[tuple[str, datetime]] = []
        self.tidied: list[datetime | None] = []

    async def read(self, work: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
        return await getattr(self, work.__name__)(*args, **kwargs)

    write = read

    async def forget_codes(self, ended_before: datetime) -> None:
        self.codes_until = ended_before

    async def forget_left_forms(self, before: datetime, *, limit: int) -> int:
        if self.failures:
            raise self.failures.pop(0)
        self.asked.append(before)
        some = min(self.forms, limit)
        self.forms -= some
        return some

    def rewrite(self, before: datetime | None, _names_before: datetime | None) -> int:
        self.journal_from.append(before)
        return self.damaged

    async def active_handover(self) -> Handover | None:
        return self.handover

    async def closing_update_is_under_way(self) -> bool:
        return False

    async def due_numbers(
        self, due: DueBefore, *, untold_too: bool, after: int, limit: int
    ) -> list[int]:
        if self.failures:
            raise self.failures.pop(0)
        return [*range(after + 1, after + 1 + min(self.signatures, limit))]

    async def erase_signatures(
        self, numbers: list[int], *, action: str, entry: bytes, at: datetime
    ) -> int:
        self.entries.add(entry)
        self.signatures -= len(numbers)
        return len(numbers)

    async def erase_leftovers(self, due: DueBefore, *, limit: int) -> int:
        some = min(self.left, limit)
        self.left -= some
        return some

    async def count_due_signatures(self, due: DueBefore) -> DueCount:
        return self.due

    async def earliest_signed_at(self) -> datetime | None:
        return self.first

    async def first_petition_notice_at(self, kind: str, about: str) -> datetime | None:
        return self.found_at

    async def mark_petition_notice_sent(self, kind: str, about: str, at: datetime) -> None:
        self.noted.append((kind, at))

    async def warn(self, overdue: Overdue | None) -> None:
        self.warned.append(overdue)

    async def erase_files(self, before: datetime) -> None:
        self.files_until.append(before)

    def tidy_up(self, now: datetime | None) -> int:
        self.tidied.append(now)
        return 0


class Pauses:
    """Pauses that take no time; after the last of them it is cancelled."""

    def __init__(self, most: int) -> None:
        self.taken: list[float] = []
        self._most = most

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) == self._most:
            raise asyncio.CancelledError


def retention(
    stored: Stored, pauses: Pauses, clock: Callable[[], datetime] = lambda: NOW
) -> Retention:
    return Retention(
        cast("Storage", stored),
        lambda: PETITION,
        clock,
        pauses.sleep,
        warn=stored.warn,
        erase_files=stored.erase_files,
        date_is_right=lambda: stored.date_is_right,
        tidy_up=stored.tidy_up,
    )


@pytest.mark.parametrize("date_is_right", [True, False])
async def test_what_a_restore_moved_aside_goes_by_no_date_that_may_be_wrong(
    date_is_right: bool,
) -> None:
    stored = Stored()
    stored.date_is_right = date_is_right
    await retention(stored, Pauses(1)).tidy_files()
    assert stored.tidied == [NOW if date_is_right else None]


def test_they_are_kept_for_thirty_days() -> None:
    assert timedelta(days=30) == FORMS_KEPT_FOR


@pytest.mark.parametrize(
    ("left", "looks"), [(0, 1), (1, 1), (PORTION - 1, 1), (PORTION, 2), (2 * PORTION + 1, 3)]
)
async def test_everything_that_is_due_goes_with_a_breath_between_two_portions(
    left: int, looks: int
) -> None:
    stored, pauses = Stored(left, signatures=left), Pauses(99)
    with capture_logs() as logged:
        await retention(stored, pauses).forget()
        assert stored.files_until == [NOW - timedelta(days=30)]
        await retention(stored, pauses).erase()
    assert (stored.forms, stored.signatures) == (0, 0)
    assert stored.asked == [NOW - timedelta(days=30)] * looks
    assert stored.files_until == [NOW - timedelta(days=30)] * (2 if left else 1)
    assert len(stored.entries) == min(left, 1), "all portions share one entry"
    assert pauses.taken == [BETWEEN_PORTIONS_SECONDS] * (looks - 1) * 2
    assert [entry["total"] for entry in logged] == [left, left] * bool(left)


async def test_after_each_portion_it_is_told_how_many_are_gone() -> None:
    stored, told = Stored(signatures=PORTION + 1), list[int]()
    storage = cast("Storage", stored)
    due = await read_erasure(storage, PETITION, NOW)
    gone = await erase_due(
        storage, due, NOW, action="purge", sleep=Pauses(99).sleep, progress=told.append
    )
    assert (gone, told) == (PORTION + 1, [PORTION, PORTION + 1])


async def test_conversations_that_are_left_go_in_portions_too() -> None:
    stored, pauses = Stored(), Pauses(99)
    stored.left = 2 * PORTION
    await retention(stored, pauses).erase()
    assert (stored.left, pauses.taken) == (0, [BETWEEN_PORTIONS_SECONDS] * 2)


async def test_the_journal_forgets_whose_retention_is_over_and_its_damage_is_said() -> None:
    stored = Stored()
    stored.damaged = 2
    looking = retention(stored, Pauses(1))
    await looking.erase()
    with capture_logs() as logged:
        await looking.tidy_journal()
    assert stored.journal_from == [NOW - timedelta(days=21 * 31)]
    assert logged == [{"event": "journal_damaged", "total": 2, "log_level": "critical"}]


async def test_with_a_clock_that_jumped_a_year_the_journal_still_knows_who_withdrew() -> None:
    stored = Stored(signatures=1)
    stored.due, stored.first = DueCount(1, 1, 0, 0, None), NOW - timedelta(days=900)
    looking = retention(stored, Pauses(1))
    with capture_logs() as logged:
        await looking.erase()
        await looking.tidy_journal()
    assert [entry["event"] for entry in logged] == ["erasure_held"]
    assert stored.journal_from == [None]
    assert stored.noted == [(FOUND_OVERDUE, NOW)]
    (overdue,) = stored.warned
    assert overdue is not None
    assert overdue.people == 1
    stored.due = DueCount(0, 0, 0, 0, None)  # somebody set the clock
    await looking.erase()
    await looking.tidy_journal()
    assert stored.journal_from == [None, NOW - timedelta(days=21 * 31)]
    stored.date_is_right = False  # and it jumps again
    await looking.erase()
    await looking.tidy_journal()
    assert stored.journal_from[2:] == [None]


@pytest.mark.parametrize(("ago", "left"), [(HELD_FOR - SECOND, 1), (HELD_FOR, 0)])
async def test_what_is_overdue_waits_from_when_it_was_first_found_and_no_longer(
    ago: timedelta, left: int
) -> None:
    stored = Stored(signatures=1)
    stored.due, stored.first = DueCount(1, 1, 0, 0, None), NOW - timedelta(days=900)
    stored.found_at = NOW - ago
    await retention(stored, Pauses(1)).erase()
    assert (stored.signatures, stored.noted) == (left, [])
    (overdue,) = stored.warned
    assert (overdue is not None) is bool(left), "what goes now is not announced"


async def test_who_was_not_told_is_kept_until_the_moment_that_is_said() -> None:
    stored = Stored()
    stored.handover = Handover(b"h", (NOW - timedelta(days=200)).date(), "", 1, 0, NOW)
    storage, petition = cast("Storage", stored), PETITION
    until = (await read_erasure(storage, petition, NOW)).untold_until
    assert until is not None
    assert until > NOW
    assert not (await read_erasure(storage, petition, until - SECOND)).untold_too
    assert (await read_erasure(storage, petition, until)).untold_too


async def test_a_clock_that_jumps_after_it_was_checked_takes_nobody_and_no_withdrawal_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored, time, erased = Stored(signatures=1), [NOW], list[DueBefore]()

    async def warn(_overdue: Overdue | None) -> None:
        time[0] += timedelta(days=730)

    async def due_numbers(due: DueBefore, **_: object) -> list[int]:
        erased.append(due)
        return []

    monkeypatch.setattr(stored, "warn", warn)
    monkeypatch.setattr(stored, "due_numbers", due_numbers)
    looking = retention(stored, Pauses(1), lambda: time[0])
    await looking.erase()
    await looking.tidy_journal()
    checked = await read_erasure(cast("Storage", stored), PETITION, NOW)
    assert erased == [checked.due]
    assert stored.journal_from == [NOW - timedelta(days=21 * 31)]


@pytest.mark.parametrize("failure", [Unavailable(), ZeroDivisionError("Ana García")])
async def test_what_failed_is_done_at_the_next_look(failure: Exception) -> None:
    stored, pauses = Stored(1, failure, failure, signatures=1), Pauses(2)
    with capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        await retention(stored, pauses).run()
    assert (stored.forms, stored.signatures) == (0, 0)
    assert pauses.taken == [BETWEEN_LOOKS_SECONDS] * 2
    assert stored.journal_from == [NOW - timedelta(days=21 * 31)] * 2
    assert stored.tidied == [NOW] * 2
    assert len(logged) == 4
    expected = "warning" if isinstance(failure, Unavailable) else "error"
    assert [entry["log_level"] for entry in logged[:2]] == [expected] * 2


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
