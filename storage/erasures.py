"""Erasing the signatures whose retention is over. New queries about it go here.

What is left of them is how many there were, by language, with or without the name, and whether
they were counted. The petition's count stays. Every transaction erases one portion and can be
the last one: the next run goes on where it ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from storage.conversations import FORGOTTEN
from storage.deliveries import count_erased
from storage.eligibility import CAN_BE_WRITTEN_TO, WAS_TOLD
from storage.exports import IS_NAMED
from storage.petitions import lock_petition
from storage.sent_files import AT_ONCE_OR_NEVER
from storage.tables import (
    ANONYMOUS_COUNTS,
    AUDIT,
    CHANGES_AFTER_EXPORT,
    CONVERSATIONS,
    PERSON_CODES,
    PERSON_NOTICES,
    PETITIONS,
    SENT_FILES,
    SIGNATURES,
)
from storage.times import EPOCH
from storage.transaction import Transaction, inserting

_SIGNED = SIGNATURES.c

# Whether somebody can be told how it ended, and was not: who blocked the bot, said no, or is not
# counted is left out, as no message reaches them. Who waits in a broadcast that is under way is
# included, as they have not had it.
_IS_UNTOLD = and_(CAN_BE_WRITTEN_TO, ~WAS_TOLD)


@dataclass(frozen=True, slots=True)
class DueBefore:
    """Which signatures are due.

    Attributes:
        at_most: what was signed before this may be kept no longer in any case.
        handed_over: what was signed before this was handed over so long ago that it is due; 1970
            while that is true of nothing.
    """

    at_most: datetime
    handed_over: datetime = EPOCH


class DueCount(NamedTuple):
    """How many signatures are due, and whom nobody told how the petition ended.

    Attributes:
        at_most: those that may be kept no longer in any case.
        untold: those whose owner can be told and was not.
        waiting: those of the untold that need not be erased yet.
        first_untold: when the first of the untold signed.
    """

    total: int
    at_most: int
    untold: int
    waiting: int
    first_untold: datetime | None


def count_due_signatures(tx: Transaction, due: DueBefore) -> DueCount:
    """Returns how many signatures are due."""
    at_most, is_due = _SIGNED.signed_at < due.at_most, _SIGNED.signed_at < due.handed_over
    kind = (at_most.label("at_most"), _IS_UNTOLD.label("untold"))
    counts = (func.count().label("people"), func.min(_SIGNED.signed_at).label("first"))
    query = select(*kind, *counts).where(tx.of(SIGNATURES), or_(at_most, is_due))
    kinds = tx.all(query.group_by("at_most", "untold"))
    untold = [each for each in kinds if each.untold]
    return DueCount(
        total=sum(each.people for each in kinds),
        at_most=sum(each.people for each in kinds if each.at_most),
        untold=sum(each.people for each in untold),
        waiting=sum(each.people for each in untold if not each.at_most),
        first_untold=min((each.first for each in untold), default=None),
    )


def due_numbers(
    tx: Transaction, due: DueBefore, *, untold_too: bool, after: int, limit: int
) -> list[int]:
    """Returns the numbers above `after` of the next signatures that are to be erased.

    Where there is still time, whom nobody told is left out, unless they are due too.
    """
    handed_over = _SIGNED.signed_at < due.handed_over
    is_due = handed_over if untold_too else and_(handed_over, ~_IS_UNTOLD)
    query = (
        select(_SIGNED.number)
        .where(tx.of(SIGNATURES), _SIGNED.number > after)
        .where(or_(_SIGNED.signed_at < due.at_most, is_due))
    )
    return [row.number for row in tx.all(query.order_by(_SIGNED.number).limit(limit))]


def erase_signatures(
    tx: Transaction, numbers: Sequence[int], *, action: str, entry: bytes, at: datetime
) -> int:
    """Erases the signatures with these numbers; returns how many there were.

    With each of them go its consents, codes and notices, and what its deliveries show of their
    recipient. Files of /mydata become due. The conversation is erased, or emptied while people can
    still sign.

    Args:
        numbers: few enough that no tap waits for long.
        action: what the run is called in the audit log, where its portions share an entry.
        entry: the id of that entry, 16 bytes.
        at: when the run began.
    """
    petition, those = lock_petition(tx), and_(tx.of(SIGNATURES), _SIGNED.number.in_(numbers))
    locked = select(_SIGNED.supporter).where(those).order_by(_SIGNED.number).with_for_update()
    people = [row.supporter for row in tx.all(locked)]
    if not people:
        return 0
    known = tx.find(AUDIT, entry)
    if known is None:
        tx.add(AUDIT, id=entry, at=at, action=action, detail=str(len(people)))
    else:
        tx.set(AUDIT, entry, detail=str(int(known.detail) + len(people)))
    _keep_counts(tx, those)
    theirs = CONVERSATIONS.c.supporter.in_(people)
    if petition.closed_at is not None:
        tx.delete(CONVERSATIONS, theirs)
    else:  # the language and the message id stay, and old buttons are harmless
        version = CONVERSATIONS.c.version + 1
        tx.set(CONVERSATIONS, theirs, **FORGOTTEN, stage="home", version=version)
    tx.set(SENT_FILES, SENT_FILES.c.supporter.in_(people), due=AT_ONCE_OR_NEVER)
    tx.delete(PERSON_CODES, PERSON_CODES.c.supporter.in_(people))
    tx.delete(PERSON_NOTICES, PERSON_NOTICES.c.supporter.in_(people))
    tx.set(PETITIONS, erased_at=at)
    tx.delete(SIGNATURES, those)
    count_erased(tx, "pending")
    return len(people)


def erase_leftovers(tx: Transaction, due: DueBefore, *, limit: int) -> int:
    """Erases what else is due; returns how many conversations of a long closed petition.

    Those are what is left of people who signed and took it back, or never signed. They are due
    where the petition was closed for so long that every signature is.
    """
    petition = lock_petition(tx, shared=True)
    # Whom the addressee was told of needs no note once the list itself is over.
    changes = CHANGES_AFTER_EXPORT.c
    is_told = and_(changes.told_at.is_not(None), changes.changed_at < due.handed_over)
    tx.delete(CHANGES_AFTER_EXPORT, or_(changes.changed_at < due.at_most, is_told))
    if petition.closed_at is None or petition.closed_at >= due.at_most:
        return 0
    whose, is_old = CONVERSATIONS.c.supporter, CONVERSATIONS.c.updated_at < due.at_most
    some = select(whose).where(tx.of(CONVERSATIONS), is_old).limit(limit)
    return tx.delete(CONVERSATIONS, whose.in_(some), is_old)


def _keep_counts(tx: Transaction, those: ColumnElement[bool]) -> None:
    """Adds signatures to the counts of those that are erased."""
    counts, signatures = ANONYMOUS_COUNTS.c, func.count().label("signatures")
    with_name = case((IS_NAMED, 1), else_=0).label("with_name")
    is_valid = case((_SIGNED.invalidation_id.is_(None), 1), else_=0).label("is_valid")
    kind = (_SIGNED.petition, _SIGNED.language, with_name, is_valid)
    kinds = select(*kind, signatures).where(those).group_by(*(each.name for each in kind))
    adding = inserting(ANONYMOUS_COUNTS, tx.connection.dialect.name).from_select(
        counts.keys(), kinds
    )
    more = {"signatures": counts.signatures + adding.excluded.signatures}
    key = list(ANONYMOUS_COUNTS.primary_key)
    tx.change(adding.on_conflict_do_update(index_elements=key, set_=more))
