"""Which update of each sequence was handled last, where more than one process may handle them.

A sequence is the updates whose order Telegram keeps: those of a chat, and by webhook those of one
kind and one sender in it. A process that slept while another took its place may wake in the middle
of an update. What it writes for that one is refused if the other has handled a later update of the
same sequence.
Telegram numbers updates in the order in which they came, but after a quiet week it may begin with
any number (https://core.telegram.org/bots/api#update): so a number counts for a day.

By webhook an update can come twice, also to two processes at once. There each is taken before it
is handled, and done afterwards: once it is done, or while another live process has it, nobody
else handles it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage.errors import Unavailable, UpdateOutdated
from storage.leases import is_alive
from storage.tables import SEEN_UPDATES
from storage.transaction import Transaction, inserting


@dataclass(frozen=True, slots=True)
class SeenUpdate:
    """An update, by its number, and when it is handled.

    Attributes:
        sequence: the keyed reference of its sequence, in the table's column `supporter`.
        taken_by: the process that has taken it; empty where updates are fetched.
    """

    sequence: bytes
    number: int
    at: datetime
    taken_by: str = ""


_COLUMNS = SEEN_UPDATES.c
_COUNTS_FOR = timedelta(days=1)
# Made once, as in `_noting`.
_ROW_AS_TAKEN = *SEEN_UPDATES.primary_key, _COLUMNS.number, _COLUMNS.taken_by
_ENDING = sa.update(SEEN_UPDATES).where(
    *(each == sa.bindparam(f"its_{each.name}") for each in _ROW_AS_TAKEN)
)
CURRENT_UPDATE: ContextVar[SeenUpdate | None] = ContextVar("update", default=None)
"""The update that is being handled."""


@contextmanager
def handling_update(update: SeenUpdate | None) -> Iterator[None]:
    """Lets what is written in the block count as of an update; with None, as of no update."""
    token = CURRENT_UPDATE.set(update)
    try:
        yield
    finally:
        CURRENT_UPDATE.reset(token)


def note_seen_update(tx: Transaction, update: SeenUpdate) -> None:
    """Notes an update; raises UpdateOutdated if a later one was seen, or another has taken it."""
    seen = {"petition": tx.slug, "supporter": update.sequence, "number": update.number}
    seen |= {"seen_at": update.at, "taken_by": update.taken_by}
    noting = _noting(tx.connection.dialect.name)
    if tx.change(noting, {**seen, "counted_since": update.at - _COUNTS_FOR}) == 0:
        raise UpdateOutdated


@lru_cache
def _noting(dialect: str) -> Any:
    """Returns how a database notes an update, made once, as each update needs it several times."""
    adding = inserting(SEEN_UPDATES, dialect)
    new = adding.excluded
    is_ours = sa.or_(_COLUMNS.taken_by == new.taken_by, ~is_alive(dialect, _COLUMNS.taken_by))
    return adding.on_conflict_do_update(
        index_elements=list(SEEN_UPDATES.primary_key),
        set_={"number": new.number, "seen_at": new.seen_at, "taken_by": new.taken_by, "done": 0},
        where=sa.or_(
            _COLUMNS.number < new.number,
            _COLUMNS.seen_at < sa.bindparam("counted_since", type_=_COLUMNS.seen_at.type),
            sa.and_(_COLUMNS.number == new.number, _COLUMNS.done == 0, is_ours),
        ),
    )


def take_update(tx: Transaction, update: SeenUpdate) -> bool:
    """Takes an update, to handle it; returns whether it is still to be handled.

    Raises:
        Unavailable: another process that is alive is handling it.
    """
    try:
        note_seen_update(tx, update)
    except UpdateOutdated:
        its = tx.find(SEEN_UPDATES, update.sequence, _COLUMNS.number == update.number)
        if its is not None and not its.done:
            raise Unavailable from None
        return False
    return True


def end_update(tx: Transaction, update: SeenUpdate) -> bool:
    """Notes that an update is done, if this process still has it; returns whether it has."""
    whose = {"its_petition": tx.slug, "its_supporter": update.sequence}
    which = {"its_number": update.number, "its_taken_by": update.taken_by}
    return tx.change(_ENDING, {**whose, **which, "done": True}) > 0


def forget_seen_updates(tx: Transaction, now: datetime, *, limit: int) -> int:
    """Forgets numbers that no longer count, of at most `limit` sequences; returns of how many."""
    is_old = _COLUMNS.seen_at < now - _COUNTS_FOR
    some = sa.select(_COLUMNS.supporter).where(tx.of(SEEN_UPDATES), is_old).limit(limit)
    # Asked again, as another process may note a newer number at this moment.
    return tx.delete(SEEN_UPDATES, _COLUMNS.supporter.in_(some), is_old)
