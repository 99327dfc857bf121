"""Exports: lists of the signatures that were written for the addressee. New queries go here.

An export is stored before the signatures are read, and they are read as of one moment after that:
a person who withdraws meanwhile is noted among the changes after it, even if the list has them.
While its counts are zero it is not finished, or was killed.

What changes later in a signature that a list has with its name is noted, since those who received
the list must be told of it (GDPR art. 19). Only number and change are kept: the name is erased
with the signature. Of a signature that was counted without its name nothing was handed over that
could be told of.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, select, type_coerce

from storage.admins import add_audit
from storage.petitions import PetitionState, invalidated_at, lock_petition, petition_state
from storage.tables import ANONYMOUS_COUNTS, CHANGES_AFTER_EXPORT, EXPORTS, SIGNATURES
from storage.times import from_millis
from storage.transaction import Row, Transaction

# How many signatures are in memory at once, and how many numbers are counted at once: SQLite
# groups in memory what it counts.
_PAGE = 1_000
_COUNTED_AT_ONCE = 20_000

# Every time zone begins its days at a quarter of an hour of UTC; in milliseconds.
_QUARTER = timedelta(minutes=15) // timedelta(milliseconds=1)

_SIGNED = SIGNATURES.c
_IS_USED = and_(_SIGNED.restricted_at.is_(None), _SIGNED.objected_at.is_(None))
IS_NAMED = and_(_SIGNED.name_sealed.is_not(None), _IS_USED)
"""Whether a row of SIGNATURES is handed over with its name.

One that may be used no more than is needed to keep it is counted without (GDPR art. 18, 21)."""


class Change(StrEnum):
    """What changed; what says more comes first, as of an erased signature nothing else matters.

    Attributes:
        ERASED: it was erased because the person asked by letter or e-mail.
        WITHDRAWN: the person took the signature back; it is erased.
        NAME_REMOVED: it is counted without its name from now on.
        OBJECTED: the person objected to its use (art. 21).
        RESTRICTED: it may be stored and no longer used (art. 18).
        CORRECTED: it has another name.
        NAME_GIVEN: it has its name from now on, given or with a restriction or an objection
            lifted. Nobody is told of it; it says of which lists later changes are.
    """

    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    NAME_REMOVED = "name_removed"
    OBJECTED = "objected"
    RESTRICTED = "restricted"
    CORRECTED = "corrected"
    NAME_GIVEN = "name_given"


@dataclass(frozen=True, slots=True)
class ExportedList:
    """A list of the signatures that was written to be handed over, or is being written.

    Attributes:
        last_number: the newest signature that it includes.
        with_name: how many of them stand in it with their name.
        without_name: how many it counts without.
    """

    id: bytes
    exported_at: datetime
    last_number: int
    with_name: int = 0
    without_name: int = 0


class SignatureGroup(NamedTuple):
    """How many signed in one quarter of an hour, in one language, to one version of the texts,
    and are in the list with their names, or without."""

    quarter: datetime
    language: str
    text_version: str
    named: bool
    signatures: int


@dataclass(frozen=True, slots=True)
class NamedSignature:
    """A signature that is in the list with its name; None where that cannot be decrypted."""

    number: int
    name: str | None = field(repr=False)
    signed_at: datetime
    text_version: str


def exported_lists(tx: Transaction) -> list[ExportedList]:
    """Returns the lists that were written, newest first."""
    columns = EXPORTS.c
    is_written = columns.with_name + columns.without_name > 0
    newest = tx.every(EXPORTS, is_written, by=[columns.exported_at.desc(), columns.id.desc()])
    return [ExportedList(**tx.unsealed(EXPORTS, row)) for row in newest]


def begin_export(tx: Transaction, *, at: datetime, detail: str) -> ExportedList:
    """Stores an export whose list is going to be read; `detail` is for the audit log."""
    export = ExportedList(tx.new_id(at), at, lock_petition(tx).last_number)
    tx.add(EXPORTS, **asdict(export))
    add_audit(tx, "export", at=at, detail=f"{export.id.hex()} {detail}")
    return export


def finish_export(
    tx: Transaction, export: ExportedList, *, with_name: int, without_name: int
) -> None:
    """Stores how many the list has."""
    tx.set(EXPORTS, export.id, with_name=with_name, without_name=without_name)


def discard_export(tx: Transaction, export: ExportedList, at: datetime) -> None:
    """Removes an export whose list was not written after all; the audit log keeps both."""
    tx.delete(EXPORTS, export.id)
    add_audit(tx, "export_failed", at=at, detail=export.id.hex())


def note_change(tx: Transaction, signature: Row, change: Change, at: datetime) -> None:
    """Notes a change of a signature, if an export has it with its name.

    It comes before what changes the signature, which is given as it was. Who notes a change and
    who begins an export lock the petition first, so a change that sees an export comes after it,
    also where the clock was read before the wait for the lock.
    """
    includes = EXPORTS.c.last_number >= signature.number
    moments = [row.exported_at for row in tx.every(EXPORTS, includes)]
    if moments and (change is Change.NAME_GIVEN or _had_name(tx, signature, min(moments))):
        row = {"id": tx.new_id(at), "number": signature.number}
        tx.add(CHANGES_AFTER_EXPORT, **row, change=change, changed_at=max(at, *moments))


def _had_name(tx: Transaction, signature: Row, at: datetime) -> bool:
    """Returns whether a signature that has a name now was in a list of then with it.

    An export stores its row before it reads the signatures, so a change in that moment is noted
    once too often and never once too seldom.
    """
    ends = (signature.restricted_at, signature.objected_at, invalidated_at(tx, signature))
    return signature.name_sealed is not None and all(end is None or end >= at for end in ends)


def signature_totals(
    tx: Transaction, last_number: int
) -> tuple[PetitionState, int, list[SignatureGroup]]:
    """Returns the state of the petition, and counts of its signatures up to a number.

    Those are how many counted ones are erased because their retention is over, and all others by
    moment, language and version, the oldest first.
    """
    anonymous = sum(row.signatures for row in tx.every(ANONYMOUS_COUNTS) if row.is_valid)
    quarter = (type_coerce(_SIGNED.signed_at, BigInteger) // _QUARTER).label("quarter")
    named = case((IS_NAMED, 1), else_=0).label("named")
    group = (quarter, _SIGNED.language, _SIGNED.text_version, named)
    query = select(*group, func.count().label("signatures")).group_by(
        *(each.name for each in group)
    )
    counted = Counter[tuple[int, str, str, int]]()
    for after in range(0, last_number, _COUNTED_AT_ONCE):
        until = min(after + _COUNTED_AT_ONCE, last_number)
        for row in tx.all(query.where(_is_listed(tx, after, until))):
            counted[row.quarter, row.language, row.text_version, row.named] += row.signatures
    groups = [
        SignatureGroup(from_millis(at * _QUARTER), language, version, bool(named), signatures)
        for (at, language, version, named), signatures in sorted(counted.items())
    ]
    return petition_state(tx), anonymous, groups


def named_signatures(tx: Transaction, after: int, until: int) -> list[NamedSignature]:
    """Returns the next signatures that are listed with their names, by number; [] at the end."""
    name = _SIGNED.name_sealed
    columns = (_SIGNED.number, _SIGNED.id, name, _SIGNED.signed_at, _SIGNED.text_version)
    query = select(*columns).where(_is_listed(tx, after, until), IS_NAMED)
    rows = tx.all(query.order_by(_SIGNED.number).limit(_PAGE))
    named = [(row, tx.opened(row.name_sealed, name, row.id)) for row in rows]
    return [NamedSignature(row.number, its, row.signed_at, row.text_version) for row, its in named]


def _is_listed(tx: Transaction, after: int, until: int) -> ColumnElement[bool]:
    numbers = (_SIGNED.number > after, _SIGNED.number <= until)
    return and_(tx.of(SIGNATURES), *numbers, _SIGNED.invalidation_id.is_(None))
