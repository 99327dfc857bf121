"""Restored backups without a backup."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select

from storage.journal import Entry, JournalContent
from storage.petitions import Reached
from storage.restores import repeat_after_restore
from storage.tables import RESTORES, metadata
from storage.transaction import Transaction

Rows = dict[Table, list[dict[str, Any]]]


def replay(tx: Transaction, entries: Sequence[Entry], *, reached: Reached, at: datetime) -> int:
    """Repeats what a journal with these entries says."""
    return repeat_after_restore(tx, JournalContent((*entries,)), reached=reached, at=at)


def mark_restore_repeated(
    tx: Transaction, *, at: datetime, lost: int, journal_is_whole: bool = True
) -> None:
    """Records that the journal was repeated, and more signatures that may be lost."""
    found = {"lost": RESTORES.c.lost + lost, "journal_is_whole": journal_is_whole}
    tx.set(RESTORES, RESTORES.c.repeated_at.is_(None), repeated_at=at, **found)


def all_rows(tx: Transaction) -> Rows:
    """Returns all rows of all tables, as a backup has them."""
    tables = metadata.sorted_tables
    return {each: [row._asdict() for row in tx.all(select(each))] for each in tables}


def put_back(tx: Transaction, rows: Rows) -> None:
    """Puts a backup in place of all that is there."""
    for table in reversed(rows):
        tx.change(delete(table))
    for table, held in rows.items():
        if held:
            tx.change(insert(table), held)
