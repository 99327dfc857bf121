"""Tests on which day a signature is erased, and when the admins are warned of it."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from bot.petition.retention_days import (
    WarningStep,
    due_before,
    due_handover,
    erased_on,
    start_of,
    untold_kept_until,
    warning_step,
)
from bot.petition_folder.schema import RetentionTable, months_later

MADRID = ZoneInfo("Europe/Madrid")
KEPT = RetentionTable(months_after_delivery=1, months_at_most=21)
DAY = timedelta(days=1)


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-11-24", 1, "2026-12-24"),
        ("2025-03-26", 21, "2026-12-26"),
        ("9999-12-01", 1, "9999-12-31"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(day: str, months: int, later: str) -> None:
    assert months_later(on(day), months) == on(later)


def test_whoever_signed_is_due_on_their_own_day_and_not_a_day_before() -> None:
    first = on("2027-01-25")
    for ahead, months in product(range(70), (1, 2, 21)):
        today = first + ahead * DAY
        kept = RetentionTable(months_after_delivery=1, months_at_most=months)
        due = due_before(kept, MADRID, None, start_of(today, MADRID))
        # No month is shorter than 28 days.
        before = (today - number * DAY for number in range(28 * months, 32 * months))
        last = next(day for day in before if months_later(day, months) <= today)
        assert due.at_most == start_of(last, MADRID, days=1)
        assert due.handed_over == datetime.fromtimestamp(0, UTC)


@pytest.mark.parametrize(
    ("signed", "delivery", "erased"),
    [
        ("2026-03-01", None, "2027-12-01"),
        ("2026-03-01", "2026-11-24", "2026-12-24"),
        ("2026-11-24", "2026-11-24", "2026-12-24"),
        ("2026-11-25", "2026-11-24", "2028-08-25"),
        ("2026-11-25", "2027-01-31", "2027-02-28"),
        ("2025-03-01", "2026-11-24", "2026-12-01"),
    ],
)
def test_the_delivery_and_the_longest_time_say_when_and_the_earlier_one_counts(
    signed: str, delivery: str | None, erased: str
) -> None:
    assert erased_on(KEPT, on(signed), on(delivery) if delivery else None) == on(erased)


def test_who_signed_after_a_delivery_is_not_due_with_it() -> None:
    day = on("2026-09-01")
    for today, due_on in (("2026-09-30", None), ("2026-10-01", day)):
        assert due_handover(KEPT, day, on(today)) == due_on
    due = due_before(KEPT, MADRID, day, datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert due.handed_over == datetime(2026, 9, 1, 22, tzinfo=UTC)


def test_the_admins_are_warned_a_month_a_week_and_a_day_before() -> None:
    due_on = on("2026-12-24")
    found = {left: warning_step(due_on, due_on - left * DAY) for left in (32, 31, 8, 7, 2, 1, 0)}
    month, week = WarningStep.MONTH, WarningStep.WEEK
    assert found == {
        **{32: None, 31: month, 8: month, 7: week, 2: week},
        **{1: WarningStep.DAY, 0: WarningStep.LATE},
    }


@pytest.mark.parametrize(
    ("warned_after", "recorded_after", "is_sending", "waits"),
    [
        (-30, -30, False, 0),
        (-2, -30, False, 5),
        (-30, -30, True, 7),
        (-2, -30, True, 12),
        (10, -30, False, 14),  # the bot was off
        (None, -30, False, 14),
        (None, -30, True, 14),
        (60, 60, False, 67),  # it was recorded late
        (None, 60, False, 74),
    ],
)
def test_nobody_untold_is_kept_for_longer_than_two_weeks_whoever_is_or_is_not_warned(
    warned_after: int | None, recorded_after: int, is_sending: bool, waits: int
) -> None:
    due_at = start_of(on("2026-12-24"), MADRID)
    recorded_at = due_at + recorded_after * DAY
    warned_at = None if warned_after is None else due_at + warned_after * DAY
    until = untold_kept_until(due_at, recorded_at, warned_at=warned_at, is_sending=is_sending)
    assert until == due_at + waits * DAY
