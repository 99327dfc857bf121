"""Retention: erases signatures whose time is over, forms that were left, and their files.

A signature is due a number of months after its handover, or after it was given if that is sooner;
the petition folder says both numbers, and people were promised them. The running bot looks every
hour, and `petition-bot purge` does the same from a shell.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from bot.periodic import run_periodically
from bot.petition.petition import Petition
from bot.petition.retention_days import (
    AFTER_HANDOVER,
    FOUND_OVERDUE,
    HELD_FOR,
    Overdue,
    about_day,
    about_overdue,
    day_of,
    due_before,
    due_handover,
    start_of,
    untold_kept_until,
)
from bot.petition_folder.schema import months_later
from storage import Storage
from storage.conversations import forget_left_forms
from storage.erasures import (
    DueBefore,
    count_due_signatures,
    due_numbers,
    erase_leftovers,
    erase_signatures,
)
from storage.errors import NeedsAPerson
from storage.handovers import active_handover
from storage.journal import Journal
from storage.person_requests import CODE_LASTS, forget_codes
from storage.petitions import (
    closing_update_is_under_way,
    lock_petition,
    mark_petition_notice_sent,
    petition_notice_at,
)
from storage.seen_updates import forget_seen_updates
from storage.signatures import earliest_signed_at
from storage.transaction import Transaction

_log = structlog.stdlib.get_logger()

FORMS_KEPT_FOR = timedelta(days=30)  # and files of /mydata without a signature

# How many in one transaction, with a pause after each, so that no tap has to wait for longer.
PORTION = 100
BETWEEN_PORTIONS_SECONDS = 0.05

BETWEEN_LOOKS_SECONDS = 3_600.0

_A_DAY = timedelta(days=1)
_LONGEST_MONTH = 31  # days


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is due at one moment.

    Attributes:
        due: which signatures.
        handed_over_on: the day of the handover whose signatures are due; None without.
        untold_too: whether those whom nobody told how it ended need not wait any more.
        untold_until: until when those people are kept; None without a handover that is due.
    """

    due: DueBefore
    handed_over_on: date | None
    untold_too: bool
    untold_until: datetime | None = None


async def read_erasure(storage: Storage, petition: Petition, now: datetime) -> Erasure:
    """Returns which signatures are due, and whether those who were not told are among them."""
    zone, retention = petition.zone, petition.retention
    handover = await storage.read(active_handover)
    day = None if handover is None else handover.handed_over_on
    due = due_before(retention, zone, day, now)
    handed_over_on = due_handover(retention, day, day_of(now, zone))
    if handover is None or handed_over_on is None:
        return Erasure(due, None, untold_too=False)
    due_on = months_later(handed_over_on, retention.months_after_delivery)
    is_sending = await storage.read(closing_update_is_under_way)
    warned_at = await storage.read(petition_notice_at, AFTER_HANDOVER, about_day(due_on))
    until = untold_kept_until(
        start_of(due_on, zone), handover.recorded_at, warned_at=warned_at, is_sending=is_sending
    )
    return Erasure(due, handed_over_on, now >= until, until)


async def find_overdue(storage: Storage, petition: Petition, now: datetime) -> Overdue | None:
    """Returns what should have been erased by the day before; None if there is nothing."""
    before = await read_erasure(storage, petition, now - _A_DAY)
    count = await storage.read(count_due_signatures, before.due)
    people = count.total - (0 if before.untold_too else count.waiting)
    first = await storage.read(earliest_signed_at)
    if people == 0 or first is None:
        return None
    first_on = day_of(first, petition.zone)
    about = about_overdue(petition.retention, first_on, before.handed_over_on)
    return Overdue(people, about)


async def erase_due(
    storage: Storage,
    erasure: Erasure,
    now: datetime,
    *,
    action: str,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    progress: Callable[[int], object] = int,
) -> int:
    """Erases what is due, in portions, and returns the number of signatures.

    It may be killed at any moment and done again. The audit log has it as `action`, a word, at
    `now`, when it begins; `progress` is told after each portion how many were erased so far.
    """
    entry, total, after = uuid.uuid4().bytes, 0, 0
    while await storage.read(_next_numbers, erasure, after):
        numbers = await storage.write(
            _erase_next, erasure, after, action=action, entry=entry, at=now
        )
        total += len(numbers)
        progress(total)
        if len(numbers) < PORTION:
            break
        after = numbers[-1]
        await sleep(BETWEEN_PORTIONS_SECONDS)
    while await storage.write(_erase_leftovers, erasure) == PORTION:
        await sleep(BETWEEN_PORTIONS_SECONDS)
    return total


def _next_numbers(tx: Transaction, erasure: Erasure, after: int) -> list[int]:
    due, untold_too = _still_due(tx, erasure), erasure.untold_too
    return due_numbers(tx, due, untold_too=untold_too, after=after, limit=PORTION)


def _erase_next(tx: Transaction, /, erasure: Erasure, after: int, **entry: Any) -> list[int]:
    """Erases the next that are due by now, with an entry as of `erase_signatures`."""
    lock_petition(tx)  # nobody takes the handover back meanwhile
    numbers = _next_numbers(tx, erasure, after)
    erase_signatures(tx, numbers, **entry)
    return numbers


def _erase_leftovers(tx: Transaction, erasure: Erasure) -> int:
    lock_petition(tx, shared=True)
    return erase_leftovers(tx, _still_due(tx, erasure), limit=PORTION)


def _still_due(tx: Transaction, erasure: Erasure) -> DueBefore:
    """Returns what is due, without the handover if that was taken back meanwhile."""
    handover = active_handover(tx)
    if handover is not None and handover.handed_over_on == erasure.handed_over_on:
        return erasure.due
    return DueBefore(erasure.due.at_most)


@dataclass
class Retention:
    """Erases what has been stored for long enough, for as long as the bot runs.

    `warn` tells the admins of people who will be erased and do not know how it ended, and of what
    is overdue. `erase_files` removes from the chats what is due, and files without a signature
    that were sent until the time that it is given. `tidy_up` removes what killed commands left
    beside the database and the key, and by the time, if it is given one, what restores left; it
    returns how many files that was. While `date_is_right` returns False nothing is erased because
    of a date, and nobody is warned of it. Where `erases` returns False another replica erases, and
    this one leaves out of its journal what that has erased.
    """

    storage: Storage
    petition: Callable[[], Petition]
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _: KW_ONLY
    warn: Callable[[Overdue | None], Awaitable[None]]
    erase_files: Callable[[datetime], Awaitable[None]]
    date_is_right: Callable[[], bool]
    tidy_up: Callable[[datetime | None], int]
    erases: Callable[[], bool] = lambda: True
    _erased_at: datetime | None = field(default=None, init=False)
    _names_erased: datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        """Erases every hour, until cancelled; what fails is tried again an hour later."""
        looks = (self.forget, self.erase, self.tidy_journal, self.tidy_files)
        await run_periodically("retention", BETWEEN_LOOKS_SECONDS, *looks, sleep=self.sleep)

    async def forget(self) -> None:
        """Erases forms that are older than `FORMS_KEPT_FOR`, old codes, and files that are due."""
        if not self.date_is_right() or not self.erases():
            return
        now = self.clock()
        await self.storage.write(forget_codes, now - CODE_LASTS)
        while await self.storage.write(forget_seen_updates, now, limit=PORTION) == PORTION:
            await self.sleep(BETWEEN_PORTIONS_SECONDS)
        before = now - FORMS_KEPT_FOR
        total, forgotten = 0, PORTION
        while forgotten == PORTION:
            if total > 0:
                await self.sleep(BETWEEN_PORTIONS_SECONDS)
            forgotten = await self.storage.write(forget_left_forms, before, limit=PORTION)
            total += forgotten
        if total > 0:
            _log.info("forms_forgotten", total=total)
        await self.erase_files(before)

    async def erase(self) -> None:
        """Warns the admins, then erases the signatures that are due.

        What should have been erased by the day before waits for `HELD_FOR` once they can know of
        it, as nothing brings it back.
        """
        now, self._erased_at, self._names_erased = self.clock(), None, None
        if not self.date_is_right():
            return
        overdue = await find_overdue(self.storage, self.petition(), now)
        if self.erases():
            if overdue is not None and not await self._is_held(overdue, now):
                overdue = None  # it goes now, and nobody can keep it any more
            await self.warn(overdue)
        if overdue is not None:
            _log.warning("erasure_held", total=overdue.people)
            return
        self._erased_at = now
        erasure, total = await read_erasure(self.storage, self.petition(), now), 0
        if self.erases():
            total = await erase_due(
                self.storage, erasure, now, action="retention", sleep=self.sleep
            )
        left = await self.storage.read(count_due_signatures, erasure.due)  # whom nobody told
        self._names_erased = None if left.total else erasure.due.handed_over
        if total > 0:
            _log.info("signatures_erased", total=total)
            await self.erase_files(now - FORMS_KEPT_FOR)

    async def _is_held(self, overdue: Overdue, now: datetime) -> bool:
        """Returns whether it waits, from when it was first found: a restart begins no new day."""
        storage = self.storage
        found_at = await storage.read(petition_notice_at, FOUND_OVERDUE, overdue.about)
        if found_at is None:
            await storage.write(mark_petition_notice_sent, FOUND_OVERDUE, overdue.about, now)
        return now < (found_at or now) + HELD_FOR

    async def tidy_journal(self) -> None:
        """Leaves out of the journal what no longer holds, as names that are erased.

        And whose signatures retention erases from any restored copy, unless erasing waits: with
        a clock that jumped, or months that were mistyped, that copy would have people back who
        withdrew.
        """
        kept_for = timedelta(days=_LONGEST_MONTH * self.petition().retention.months_at_most)
        before = None if self._erased_at is None else self._erased_at - kept_for
        await _rewrite(self.storage.journal, before, self._names_erased)

    async def tidy_files(self) -> None:
        """Removes copies of people's data that nobody needs any more."""
        now = self.clock() if self.date_is_right() else None
        removed = await asyncio.to_thread(self.tidy_up, now)
        if removed:
            _log.info("left_files_removed", total=removed)


async def tidy_journal_at_the_end(journal: Journal) -> None:
    """Leaves out what this process overtook, as no bot may run that does it within the hour."""
    if journal.has_new:
        try:
            await _rewrite(journal)
        except (OSError, NeedsAPerson) as error:  # what was asked for is done all the same
            _log.warning("journal_not_rewritten", kind=type(error).__name__)


async def _rewrite(
    journal: Journal, before: datetime | None = None, names_before: datetime | None = None
) -> None:
    damaged = await asyncio.to_thread(journal.rewrite, before, names_before)
    if damaged:
        _log.critical("journal_damaged", total=damaged)
