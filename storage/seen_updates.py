"""Which update of each person was handled last, where several processes answer for one petition.

A process that slept while another took its place may wake in the middle of an update. What it
writes for that one is refused if the other has handled a later update of the same person.
Telegram numbers updates in the order in which they came, but after a quiet week it may begin with
any number (https://core.telegram.org/bots/api#update): so a number counts for a day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from storage.errors import UpdateOutdated
from storage.tables import SEEN_UPDATES
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class SeenUpdate:
    """An update, by its number, of the person with this reference; `at` is when it is handled."""

    supporter: bytes
    number: int
    at: datetime


_COLUMNS = SEEN_UPDATES.c
_COUNTS_FOR = timedelta(days=1)
_current: ContextVar[SeenUpdate | None] = ContextVar("update", default=None)


@contextmanager
def handling_update(update: SeenUpdate | None) -> Iterator[None]:
    """Lets what is written in the block count as of an update; with None, as of no update."""
    token = _current.set(update)
    try:
        yield
    finally:
        _current.reset(token)


def current_update() -> SeenUpdate | None:
    """Returns the update that is being handled."""
    return _current.get()


def note_seen_update(tx: Transaction, update: SeenUpdate) -> None:
    """Notes an update as seen.

    Raises:
        UpdateOutdated: a later one of the same person was seen.
    """
    seen = tx.stored(
        SEEN_UPDATES, supporter=update.supporter, number=update.number, seen_at=update.at
    )
    adding = tx.inserting(SEEN_UPDATES).values(seen)
    new = adding.excluded
    noting = adding.on_conflict_do_update(
        index_elements=list(SEEN_UPDATES.primary_key),
        set_={"number": new.number, "seen_at": new.seen_at},
        where=or_(_COLUMNS.number <= new.number, _COLUMNS.seen_at < update.at - _COUNTS_FOR),
    )
    if tx.change(noting) == 0:
        raise UpdateOutdated


def forget_seen_updates(tx: Transaction, now: datetime, *, limit: int) -> int:
    """Forgets numbers that no longer count, of at most `limit` people; returns of how many."""
    old = select(_COLUMNS.supporter).where(
        tx.of(SEEN_UPDATES), _COLUMNS.seen_at < now - _COUNTS_FOR
    )
    people = [row.supporter for row in tx.all(old.limit(limit))]
    return tx.delete(SEEN_UPDATES, _COLUMNS.supporter.in_(people))
