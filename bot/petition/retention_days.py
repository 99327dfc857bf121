"""The days on which signatures are erased, and on which admins are warned of it.

Pure functions. Months are calendar months: one after 31 January is the last of February. A day
begins at midnight in the petition's time zone, and what is due on it is due from then on: a
little less than the months that the privacy notice gives as the most.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.petition_folder.schema import MONTHS_A_YEAR, RetentionTable, months_later
from storage.erasures import DueBefore

WARNED_FOR = timedelta(days=7)
"""For so long the admins have known of it before somebody untold is erased after the handover."""

WAITED_FOR = timedelta(days=7)
"""For so long a closing update that is planned or under way holds back the same people."""

HELD_FOR = timedelta(days=1)
"""For so long the admins can know of it before anything is erased that should have been gone by
the day before: a bot that runs leaves nothing, so it was off, or somebody changed the months in
the folder or mistook the day of the handover."""

OVERDUE = "erased late"
"""The kind of the notices of that."""

FOUND_OVERDUE = "found late"
"""Under what it is noted when that was found, also where no admin can be told."""

AFTER_HANDOVER = "erased after the delivery"  # as it is stored
"""The kind of the notices to admins of people who will be erased untold after the handover."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many signatures should have been erased before; `about` tells such findings apart."""

    people: int
    about: str


class WarningStep(StrEnum):
    """How long before an erasure a warning is."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    LATE = "late"


AHEAD: Mapping[WarningStep, int] = {
    WarningStep.LATE: 0,
    WarningStep.DAY: 1,
    WarningStep.WEEK: 7,
    # The longest month: of a handover that is recorded on its day they are told at once.
    WarningStep.MONTH: 31,
}
"""From how many days before an erasure on a warning is due."""


def erased_on(retention: RetentionTable, signed_on: date, handed_over_on: date | None) -> date:
    """Returns the day on which a signature is due.

    A day on which signatures were handed over includes everybody who had signed by its end.
    """
    at_most = months_later(signed_on, retention.months_at_most)
    if handed_over_on is None or handed_over_on < signed_on:
        return at_most
    return min(at_most, months_later(handed_over_on, retention.months_after_delivery))


def due_before(
    retention: RetentionTable, zone: tzinfo, handed_over_on: date | None, now: datetime
) -> DueBefore:
    """Returns before which moments a signature was given that is due by now."""
    today = day_of(now, zone)
    due_on = due_handover(retention, handed_over_on, today)
    at_most = start_of(_last_day_due(today, retention.months_at_most), zone, days=1)
    if due_on is None:
        return DueBefore(at_most)
    return DueBefore(at_most, start_of(due_on, zone, days=1))


def due_handover(retention: RetentionTable, day: date | None, today: date) -> date | None:
    """Returns the day of a handover whose signatures are due; None while none are."""
    is_due = day is not None and months_later(day, retention.months_after_delivery) <= today
    return day if is_due else None


def about_overdue(
    retention: RetentionTable, first_signed_on: date, handed_over_on: date | None
) -> str:
    """Returns the `about` of a notice: another day or other months are another finding."""
    months = f"{retention.months_at_most}/{retention.months_after_delivery}"
    return f"{first_signed_on.isoformat()}/{months}/{handed_over_on}"


def warning_step(due_on: date, today: date) -> WarningStep | None:
    """Returns which warning of an erasure is due; None while it is more than a month ahead."""
    left = (due_on - today).days
    return next((step for step, days in AHEAD.items() if left <= days), None)


def about_day(due_on: date) -> str:
    """Returns how the `about` of such a notice begins; the step follows."""
    return f"{due_on.isoformat()}/"


def untold_kept_until(
    due_at: datetime, recorded_at: datetime, *, warned_at: datetime | None, is_sending: bool
) -> datetime:
    """Returns until when those are kept whom nobody told how it ended, after the handover.

    Until the admins have known of it for `WARNED_FOR`, and for `WAITED_FOR` longer while a closing
    update is planned or under way (`is_sending`, also while it is paused). Both have an end that
    needs nobody, if they are told late or never (`warned_at` is None): as long after everything
    was due at `due_at`, or after the handover was recorded where that was later. Nothing of this
    holds back what is due at the most.
    """
    last = max(due_at, recorded_at) + WARNED_FOR + WAITED_FOR
    if warned_at is None:
        return last
    waited_for = WAITED_FOR if is_sending else timedelta()
    return min(last, max(due_at, warned_at + WARNED_FOR) + waited_for)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Returns the day of a moment in the petition's time zone."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: tzinfo, *, days: int = 0) -> datetime:
    """Returns the UTC moment at which a day begins, or the one that many days later."""
    later = date.fromordinal(min(day.toordinal() + days, date.max.toordinal() - 1))
    return datetime.combine(later, time.min, zone).astimezone(UTC)


def _last_day_due(today: date, months: int) -> date:
    """Returns the newest day that is that many months ago, as `months_later` counts them."""
    year, month = divmod(today.year * MONTHS_A_YEAR + today.month - 1 - months, MONTHS_A_YEAR)
    longest = monthrange(year, month + 1)[1]
    is_last = today.day == monthrange(today.year, today.month)[1]
    return date(year, month + 1, longest if is_last else min(today.day, longest))
