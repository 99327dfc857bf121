"""What changed in a signature after a list with its name was written.

Those who received the list must be told of it (GDPR art. 19). Only number and change are kept:
the name is erased with the signature. Of a signature that was counted without its name nothing
was handed over that could be told of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, select

from storage.audit import add_audit
from storage.exports import ExportedList
from storage.handovers import Handover
from storage.petitions import lock_petition
from storage.tables import CHANGES_AFTER_EXPORT, EXPORTS, INVALIDATIONS, SIGNATURES
from storage.transaction import Transaction

_MARKED_AT_ONCE = 1_000


class Change(StrEnum):
    """What changed.

    Attributes:
        WITHDRAWN: the person took the signature back; it is erased.
        ERASED: it was erased because the person asked by letter or e-mail.
        CORRECTED: it has another name.
        RESTRICTED: it may be stored and no longer used (art. 18).
        OBJECTED: the person objected to its use (art. 21).
        NAME_REMOVED: it is counted without its name from now on.
        NAME_GIVEN: it has its name from now on, given or with a restriction or an objection
            lifted. Nobody is told of it; it says of which lists later changes are.
    """

    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    CORRECTED = "corrected"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    NAME_REMOVED = "name_removed"
    NAME_GIVEN = "name_given"


def note_change(tx: Transaction, signature: Row[Any], change: Change, at: datetime) -> None:
    """Notes a change of a signature, if an export has it with its name.

    It comes before what changes the signature, which is given as it was. Who notes a change and
    who begins an export lock the petition first, so a change that sees an export comes after it,
    also where the clock was read before the wait for the lock.
    """
    includes = EXPORTS.c.last_number >= signature.number
    exports = tx.all(select(EXPORTS).where(tx.of(EXPORTS), includes))
    named_in = exports if change is Change.NAME_GIVEN else _named_in(tx, signature, exports)
    if named_in:
        changed_at = max(at, *(each.exported_at for each in exports))
        row = {"id": tx.new_id(at), "number": signature.number}
        tx.add(CHANGES_AFTER_EXPORT, **row, change=change, changed_at=changed_at)


def _named_in(tx: Transaction, signature: Row[Any], exports: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Returns the exports that have a signature with its name.

    An export stores its row before it reads the signatures, so a change in that moment is noted
    once too often and never once too seldom.
    """
    if signature.name_sealed is None:
        return []
    invalidation = tx.find(INVALIDATIONS, INVALIDATIONS.c.id == signature.invalidation_id)
    invalidated_at = invalidation and invalidation.invalidated_at
    since = {signature.restricted_at, signature.objected_at, invalidated_at} - {None}
    return [each for each in exports if all(end >= each.exported_at for end in since)]


@dataclass(frozen=True, slots=True)
class ChangeOwed:
    """What the addressee has to be told of one signature.

    Attributes:
        change: the one that says most, of several.
        ids: of all that one notice covers.
        is_corrected: whether its name in the list is to be replaced by another.
        corrected_name: that name; None if there is none, it is erased, or cannot be decrypted.
    """

    number: int
    change: Change
    changed_at: datetime
    ids: tuple[bytes, ...]
    is_corrected: bool = False
    corrected_name: str | None = field(default=None, repr=False)


class NotedChange(NamedTuple):
    """What changed in a signature, when the addressee was told of it, and its name by now."""

    id: bytes
    number: int
    change: Change
    changed_at: datetime
    told_at: datetime | None = None
    name: str | None = None


# What says more comes first: of a signature that is erased nothing else matters.
_BY_WEIGHT = (
    Change.ERASED,
    Change.WITHDRAWN,
    Change.NAME_REMOVED,
    Change.OBJECTED,
    Change.RESTRICTED,
    Change.CORRECTED,
)
_HIDES = frozenset({Change.RESTRICTED, Change.OBJECTED, Change.NAME_REMOVED})
_KEEPS_THE_NAME = frozenset({Change.CORRECTED, Change.RESTRICTED, Change.OBJECTED})


def changes_owed(noted: Iterable[NotedChange], exported_at: datetime) -> Iterator[ChangeOwed]:
    """Yields what the addressee of a list has to be told, by number.

    Args:
        noted: every change of the signatures in the list, by number and time.
        exported_at: when the list was written. What changed before is right in it.
    """
    for number, changes in groupby(noted, key=lambda each: each.number):
        known = list(changes)
        since = [each for each in known if each.changed_at >= exported_at]
        untold = [each for each in since if each.told_at is None]
        if not _is_named(known, since) or not (found := _still_true(untold)):
            continue
        newest = min(found, key=lambda each: _BY_WEIGHT.index(each.change))
        is_corrected = any(each.change is Change.CORRECTED for each in found)
        has_name = is_corrected and newest.change in _KEEPS_THE_NAME
        yield ChangeOwed(
            number=number,
            change=newest.change,
            changed_at=newest.changed_at,
            ids=tuple(each.id for each in untold),
            is_corrected=has_name,
            corrected_name=newest.name if has_name else None,
        )


def _still_true(untold: Sequence[NotedChange]) -> list[NotedChange]:
    """Returns the changes that no later one has undone, newest first.

    A name that was taken off is erased, so one that is given later can be another.
    """
    found: list[NotedChange] = []
    is_named_again = False
    for each in reversed(untold):
        if each.change is Change.NAME_GIVEN:
            is_named_again = True
        elif is_named_again and each.change is Change.NAME_REMOVED:
            found.append(each._replace(change=Change.CORRECTED))
        elif not (is_named_again and each.change in _HIDES):
            found.append(each)
    return found


def _is_named(known: Sequence[NotedChange], since: Sequence[NotedChange]) -> bool:
    """Returns whether a list has this signature with its name, from its changes."""
    shown = [each for each in known if each.change in _HIDES or each.change is Change.NAME_GIVEN]
    before = [each for each in shown if each not in since]
    if before:
        return before[-1].change is Change.NAME_GIVEN
    return not shown or shown[0].change is not Change.NAME_GIVEN


def owed_changes(tx: Transaction, listed: ExportedList | Handover) -> list[ChangeOwed]:
    """Returns what the addressee of a list was not told of since it was written, by number."""
    if listed.exported_at is None:
        return []
    changes = CHANGES_AFTER_EXPORT.c
    # All of a number, since earlier ones say whether the list has its name.
    rows = tx.all(
        select(*changes, SIGNATURES.c.id.label("signature_id"), SIGNATURES.c.name_sealed)
        .outerjoin(SIGNATURES, and_(tx.of(SIGNATURES), SIGNATURES.c.number == changes.number))
        .where(tx.of(CHANGES_AFTER_EXPORT), changes.number <= listed.last_number)
        .order_by(changes.number, changes.changed_at, changes.id)
    )
    noted = (
        NotedChange(
            *(each.id, each.number, Change(each.change), each.changed_at, each.told_at),
            name=tx.opened(each.name_sealed, SIGNATURES.c.name_sealed, each.signature_id),
        )
        for each in rows
    )
    return list(changes_owed(noted, listed.exported_at))


def mark_changes_told(tx: Transaction, told: Sequence[ChangeOwed], *, at: datetime) -> None:
    """Records that the addressee was told of these changes, and of no later ones."""
    lock_petition(tx)
    columns, ids = CHANGES_AFTER_EXPORT.c, [each for change in told for each in change.ids]
    for first in range(0, len(ids), _MARKED_AT_ONCE):
        marked = columns.id.in_(ids[first : first + _MARKED_AT_ONCE])
        tx.set(CHANGES_AFTER_EXPORT, marked, columns.told_at.is_(None), told_at=at)
    add_audit(tx, "notices_told", at=at, detail=f"{len(told)} signatures")
