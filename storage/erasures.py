"""Erasing the signatures whose retention is over. New queries about it go here.

What is left of them is how many there were, by language, with or without the name, and whether
they were counted. The petition's count stays. Every transaction erases one portion and can be
the last one: the next run goes on where it ended.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Table,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    or_,
    select,
    text,
    update,
)

from storage.audit import add_up_audit
from storage.conversations import FORGOTTEN
from storage.eligibility import can_be_written_to, was_told
from storage.erased_deliveries import count_erased
from storage.exports import is_named
from storage.petition_rows import PetitionRows, as_read, as_write
from storage.petitions import closing_update_is_under_way, lock_petition
from storage.sent_files import AT_ONCE_OR_NEVER
from storage.tables import (
    CHANGES_AFTER_EXPORT,
    CONVERSATIONS,
    PERSON_CODES,
    PERSON_NOTICES,
    PETITIONS,
    SENT_FILES,
    SIGNATURES,
)
from storage.transaction import Transaction

_SIGNED = SIGNATURES.c


def _of(table: Table, column: str) -> ColumnElement[bool]:
    """Returns the condition of the statements of one portion, which are made once."""
    listed = table.c[column].in_(bindparam(f"{column}s", expanding=True))
    return and_(table.c.petition == bindparam("of"), listed)


_THOSE = (
    select(
        _SIGNED.supporter,
        _SIGNED.language,
        case((is_named(), 1), else_=0).label("with_name"),
        case((_SIGNED.invalidation_id.is_(None), 1), else_=0).label("is_valid"),
    )
    .where(_of(SIGNATURES, "number"))
    .order_by(_SIGNED.number)
    .with_for_update()
)

# While people can still sign, the version, the stage, the language and the message id stay, so
# that old buttons are harmless.
_EMPTY_CONVERSATIONS = (
    update(CONVERSATIONS)
    .where(_of(CONVERSATIONS, "supporter"))
    .values({**FORGOTTEN, "stage": "home", "version": CONVERSATIONS.c.version + 1})
)
_ERASE_CONVERSATIONS = delete(CONVERSATIONS).where(_of(CONVERSATIONS, "supporter"))
_OF_THEIRS = (
    update(SENT_FILES).where(_of(SENT_FILES, "supporter")).values(due=AT_ONCE_OR_NEVER),
    delete(PERSON_CODES).where(_of(PERSON_CODES, "supporter")),
    delete(PERSON_NOTICES).where(_of(PERSON_NOTICES, "supporter")),
)
_ERASE = delete(SIGNATURES).where(_of(SIGNATURES, "number"))

_KEEP_COUNTS = text("""
INSERT INTO anonymous_counts (petition, language, with_name, is_valid, signatures)
VALUES (:of, :language, :with_name, :is_valid, :people)
ON CONFLICT (petition, language, with_name, is_valid)
DO UPDATE SET signatures = anonymous_counts.signatures + excluded.signatures
""")

_STAMP = (
    update(PETITIONS).where(PETITIONS.c.slug == bindparam("of")).values(erased_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class DueBefore:
    """Which signatures are due.

    Attributes:
        at_most: what was signed before this may be kept no longer in any case.
        handed_over: what was signed before this was handed over so long ago that it is due; None
            while that is true of nothing.
    """

    at_most: datetime
    handed_over: datetime | None


@dataclass(frozen=True, slots=True)
class DueCount:
    """How many signatures are due, and whom nobody told how the petition ended.

    Attributes:
        at_most: those that may be kept no longer in any case.
        after_handover: the others, which are due after their handover.
        untold_at_most: of the first, those that can be told and were not.
        untold: the same of the others.
    """

    at_most: int
    after_handover: int
    untold_at_most: int
    untold: int

    @property
    def total(self) -> int:
        """All that are due."""
        return self.at_most + self.after_handover


@dataclass(frozen=True, slots=True)
class Untold:
    """People who can be told how it ended and were not; the first of them signed at `first`."""

    people: int
    first: datetime | None


@dataclass(frozen=True, slots=True)
class ErasureRun:
    """One run of erasing; its portions share an audit entry.

    Attributes:
        entry: the id of that entry, 16 bytes.
        action: what it is called there.
        at: when it began.
        untold_too: whether to erase those whom nobody told, before it has to be.
    """

    entry: bytes
    action: str
    at: datetime
    untold_too: bool


@dataclass(frozen=True, slots=True)
class ErasedPortion:
    """How many were erased, and the number to continue after; None when nothing is left."""

    erased: int
    after: int | None


def earliest_signed_at(tx: Transaction) -> datetime | None:
    """Returns when the signature with the lowest number was given; None without any.

    Numbers are given in the order of signing, so the lowest is as good as the earliest here.
    """
    query = select(_SIGNED.signed_at).where(tx.of(SIGNATURES)).order_by(_SIGNED.number).limit(1)
    first: datetime | None = tx.scalar(query)
    return first


def count_due(tx: Transaction, due: DueBefore) -> DueCount:
    """Returns how many signatures are due."""
    at_most, untold = _SIGNED.signed_at < due.at_most, _is_untold()
    kinds = {
        "at_most": at_most,
        "after_handover": ~at_most,
        "untold_at_most": and_(at_most, untold),
        "untold": and_(~at_most, untold),
    }
    counts = [func.count(case((is_it, 1))).label(kind) for kind, is_it in kinds.items()]
    query = select(*counts).where(tx.of(SIGNATURES), or_(at_most, _was_handed_over(due)))
    return DueCount(**tx.all(query)[0]._mapping)


def untold_before(tx: Transaction, before: datetime) -> Untold:
    """Returns who signed before a moment, can be told how it ended, and was not."""
    query = select(func.count().label("people"), func.min(_SIGNED.signed_at).label("first"))
    untold = query.where(tx.of(SIGNATURES), _SIGNED.signed_at < before, _is_untold())
    return Untold(**tx.all(untold)[0]._mapping)


def due_numbers(
    tx: Transaction, due: DueBefore, *, untold_too: bool, after: int, limit: int
) -> list[int]:
    """Returns the numbers above `after` of the next signatures that are to be erased."""
    handed_over = _was_handed_over(due)
    is_due = handed_over if untold_too else and_(handed_over, ~_is_untold())
    query = (
        select(_SIGNED.number)
        .where(tx.of(SIGNATURES), _SIGNED.number > after)
        .where(or_(_SIGNED.signed_at < due.at_most, is_due))
    )
    return [row.number for row in tx.all(query.order_by(_SIGNED.number).limit(limit))]


def erase_signatures(tx: Transaction, numbers: Sequence[int], run: ErasureRun) -> int:
    """Erases the signatures with these numbers, as `Erasures.erase` says; returns how many."""
    is_closed = lock_petition(tx).closed_at is not None
    those = {"of": tx.slug, "numbers": numbers}
    found = tx.all(_THOSE, those)
    if not found:
        return 0
    add_up_audit(tx, run.action, len(found), entry=run.entry, at=run.at)
    _keep_counts(tx, found)
    theirs = {"of": tx.slug, "supporters": [row.supporter for row in found]}
    for change in (_ERASE_CONVERSATIONS if is_closed else _EMPTY_CONVERSATIONS, *_OF_THEIRS):
        tx.change(change, theirs)
    tx.change(_STAMP, {"of": tx.slug, "at": run.at})
    tx.change(_ERASE, those)
    count_erased(tx, "pending")
    return len(found)


def erase_leftovers(tx: Transaction, due: DueBefore, *, limit: int) -> int:
    """Erases what else is due; returns how many conversations of a long closed petition.

    Those are what is left of people who signed and took it back, or never signed. They are due
    where the petition was closed for so long that every signature is.
    """
    petition = lock_petition(tx, shared=True)
    # Whom the addressee was told of needs no note once the list itself is over.
    changes = CHANGES_AFTER_EXPORT.c
    tx.delete(CHANGES_AFTER_EXPORT, changes.changed_at < due.at_most)
    if due.handed_over is not None:
        is_told, over = changes.told_at.is_not(None), changes.changed_at < due.handed_over
        tx.delete(CHANGES_AFTER_EXPORT, is_told, over)
    if petition.closed_at is None or petition.closed_at >= due.at_most:
        return 0
    columns = CONVERSATIONS.c
    last = select(columns.supporter).where(tx.of(CONVERSATIONS), columns.updated_at < due.at_most)
    return tx.delete(CONVERSATIONS, columns.supporter.in_(last.limit(limit)))


class Erasures(PetitionRows):
    """Erases one petition's signatures when their retention is over."""

    is_sending = as_read(closing_update_is_under_way)
    first_signed_at = as_read(earliest_signed_at)
    count = as_read(count_due)
    untold = as_read(untold_before)
    erase_what_is_left = as_write(erase_leftovers)

    async def erase(
        self, due: DueBefore, run: ErasureRun, *, after: int, limit: int
    ) -> ErasedPortion:
        """Erases the next signatures that are due, at most `limit`, with numbers above `after`.

        With each of them go its consents, codes and notices, and what its deliveries show of
        their recipient. Files of /mydata become due. The conversation is erased, or emptied while
        people can still sign.
        """
        numbers = await self._read(
            due_numbers, due, untold_too=run.untold_too, after=after, limit=limit
        )
        erased = await self._write(erase_signatures, numbers, run) if numbers else 0
        return ErasedPortion(erased, numbers[-1] if len(numbers) == limit else None)


def _is_untold() -> ColumnElement[bool]:
    """Returns whether somebody can be told how it ended, and was not.

    Those who blocked the bot, said no, or are not counted are left out: no message reaches them.
    Who waits in a broadcast that is under way is included, as they have not had it.
    """
    return and_(can_be_written_to(), ~was_told())


def _was_handed_over(due: DueBefore) -> ColumnElement[bool]:
    return false() if due.handed_over is None else _SIGNED.signed_at < due.handed_over


def _keep_counts(tx: Transaction, erased: Sequence[Row[Any]]) -> None:
    kinds = Counter((row.language, row.with_name, row.is_valid) for row in erased)
    counts = [
        {"language": language, "with_name": with_name, "is_valid": is_valid, "people": people}
        for (language, with_name, is_valid), people in kinds.items()
    ]
    tx.change(_KEEP_COUNTS, [{"of": tx.slug, **each} for each in counts])
