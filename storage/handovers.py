"""Handovers: that a list was given to the addressee, on which day, and what it held.

One at a time is recorded: the petition is closed by then, so a second list of it would differ by
nothing but the changes that the addressee is told of (`changes_after_export.py`). From its day on
retention counts, until it is undone. New queries about handovers go here.
"""

import json
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from storage.audit import add_audit
from storage.exports import ExportedList
from storage.ids import SHOWN_DIGITS
from storage.journal_entries import Deed, Entry
from storage.petition_rows import PetitionRows, as_read, as_write
from storage.petitions import lock_petition
from storage.tables import (
    CHANGES_AFTER_EXPORT,
    EXPORTS,
    HANDOVERS,
    INVALIDATIONS,
    PETITIONS,
    SIGNATURES,
)
from storage.times import to_millis, with_times
from storage.transaction import Transaction

# One that is not finished, or was killed, has counted nobody yet.
_WRITTEN = (
    select(*(EXPORTS.c[each.name] for each in fields(ExportedList)))
    .where(EXPORTS.c.with_name + EXPORTS.c.without_name > 0)
    .order_by(EXPORTS.c.exported_at.desc(), EXPORTS.c.id.desc())
)

_HANDOVERS = (
    select(
        *(each for each in HANDOVERS.c if each.name != "petition"),
        EXPORTS.c.exported_at,
        func.coalesce(EXPORTS.c.last_number, PETITIONS.c.last_number).label("last_number"),
    )
    .join(PETITIONS, PETITIONS.c.slug == HANDOVERS.c.petition)
    .outerjoin(EXPORTS, EXPORTS.c.id == HANDOVERS.c.export_id)
)
_ACTIVE = _HANDOVERS.where(HANDOVERS.c.undone_at.is_(None))
_NEWEST = _HANDOVERS.order_by(HANDOVERS.c.recorded_at.desc(), HANDOVERS.c.id.desc()).limit(1)

_NAME_CHANGES = ("name_removed", "name_given", "restricted", "objected")


@dataclass(frozen=True, slots=True)
class Handover:
    """That the signatures were given to the addressee.

    Attributes:
        handed_over_on: the day, in the petition's time zone.
        manifest: the SHA-256 of the manifest of what was handed over, 64 hexadecimal digits; empty
            if it was nothing but their number.
        with_name: how many signatures were handed over with their name.
        without_name: how many were counted without.
        recorded_at: when the operator recorded it.
        undone_at: when the operator took that back.
        exported_at: when the list was written; None if only the number was handed over.
        last_number: the newest signature that is included.
    """

    id: bytes
    handed_over_on: date
    manifest: str
    with_name: int
    without_name: int
    recorded_at: datetime
    undone_at: datetime | None = None
    export_id: bytes | None = None
    exported_at: datetime | None = None
    last_number: int = 0

    @property
    def signatures(self) -> int:
        """How many signatures were handed over, with and without their name."""
        return self.with_name + self.without_name


class Inclusion(StrEnum):
    """How a signature was handed over: with its name, or counted without it."""

    NAMED = "named"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class SupporterHandover:
    """A handover, and how a supporter's signature is in it; None without one."""

    handover: Handover
    inclusion: Inclusion | None


def exported_lists(tx: Transaction) -> list[ExportedList]:
    """Returns the lists that were written, newest first."""
    return [ExportedList(**row._mapping) for row in tx.all(_WRITTEN.where(tx.of(EXPORTS)))]


def active_handover(tx: Transaction) -> Handover | None:
    """Returns the handover from which retention counts; None if there was none."""
    return _only(tx, _ACTIVE)


def newest_handover(tx: Transaction) -> Handover | None:
    """Returns the handover that was recorded last, also if it was undone since."""
    return _only(tx, _NEWEST)


def record_handover(
    tx: Transaction,
    handed_over_on: date,
    *,
    at: datetime,
    listed: ExportedList | None = None,
    manifest: str = "",
    without_name: int = 0,
) -> Handover | None:
    """Records a handover, from whose day on retention counts.

    Args:
        tx: the transaction.
        handed_over_on: the day, in the petition's time zone.
        at: now.
        listed: the list that was given; None if it was only the number of signatures.
        manifest: as in `Handover`.
        without_name: how many signatures that number was; with a list, it says so.

    Returns:
        The handover; None if another one is recorded already, or the petition is open.
    """
    if lock_petition(tx).closed_at is None or active_handover(tx) is not None:
        return None
    handover = Handover(
        id=tx.new_id(at),
        handed_over_on=handed_over_on,
        manifest=manifest,
        with_name=0 if listed is None else listed.with_name,
        without_name=without_name if listed is None else listed.without_name,
        recorded_at=at,
        export_id=None if listed is None else listed.id,
        exported_at=None if listed is None else listed.exported_at,
        last_number=0 if listed is None else listed.last_number,
    )
    _add(tx, handover)
    which = "no list" if listed is None else f"list {listed.id.hex()[:SHOWN_DIGITS]}"
    held = f"{handover.with_name} with a name, {handover.without_name} without"
    add_audit(tx, "handover", at=at, detail=f"{handed_over_on.isoformat()}, {which}: {held}")
    tx.note(_entry(handover))
    return handover


def undo_handover(tx: Transaction, handover: Handover, *, at: datetime) -> bool:
    """Takes a handover back, so that retention no longer counts from it.

    Returns:
        Whether it did; not if it was undone before.
    """
    lock_petition(tx)
    active = active_handover(tx)
    if active is None or active.id != handover.id:
        return False
    tx.set(HANDOVERS, HANDOVERS.c.id == handover.id, undone_at=at)
    add_audit(tx, "handover_undone", at=at, detail=handover.handed_over_on.isoformat())
    tx.note(_entry(replace(handover, undone_at=at)))
    return True


def handover_known_to(tx: Transaction, supporter: bytes) -> SupporterHandover | None:
    """Returns the active handover as it concerns one supporter; None if there is none.

    The list has what was true when it was written: whether a name was given or taken off since is
    known from the first such change.
    """
    handover = active_handover(tx)
    if handover is None:
        return None
    written_at = handover.exported_at or handover.recorded_at
    row = tx.find(
        SIGNATURES,
        SIGNATURES.c.supporter == supporter,
        SIGNATURES.c.number <= handover.last_number,
    )
    if row is None or tx.find(
        INVALIDATIONS,
        INVALIDATIONS.c.id == row.invalidation_id,
        INVALIDATIONS.c.invalidated_at < written_at,
    ):
        return SupporterHandover(handover, None)
    changes = CHANGES_AFTER_EXPORT.c
    changed = tx.scalar(
        select(changes.change)
        .where(tx.of(CHANGES_AFTER_EXPORT), changes.number == row.number)
        .where(changes.changed_at >= written_at, changes.change.in_(_NAME_CHANGES))
        .order_by(changes.changed_at, changes.id)
    )
    had_name = row.name_sealed is not None if changed is None else changed != "name_given"
    was_used = all(
        since is None or since >= written_at for since in (row.restricted_at, row.objected_at)
    )
    is_named = had_name and was_used and handover.exported_at is not None
    return SupporterHandover(handover, Inclusion.NAMED if is_named else Inclusion.COUNTED)


def invalidated_since_handover(tx: Transaction, handover: Handover) -> int:
    """Returns how many of what was handed over were taken out of the count since."""
    since = handover.exported_at or handover.recorded_at
    late = select(INVALIDATIONS.c.id).where(INVALIDATIONS.c.invalidated_at >= since)
    numbers = SIGNATURES.c.number <= handover.last_number
    return tx.count(SIGNATURES, numbers, SIGNATURES.c.invalidation_id.in_(late))


class Handovers(PetitionRows):
    """The handovers of one petition."""

    exports = as_read(exported_lists)
    active = as_read(active_handover)
    newest = as_read(newest_handover)
    record = as_write(record_handover)
    undo = as_write(undo_handover)
    known_to = as_read(handover_known_to)
    invalidated_since = as_read(invalidated_since_handover)


def repeat_handover(tx: Transaction, entry: Entry) -> None:
    """Brings a handover back into a restored copy, with its list, as it was noted.

    A backup may be from before the closing, too, of which nothing else is noted. Those who signed
    then would be in no list.
    """
    handover = _noted(entry)
    petition = lock_petition(tx)
    export = handover.export_id
    if export and not tx.find(EXPORTS, EXPORTS.c.id == export):
        listed = {each.name: getattr(handover, each.name) for each in fields(ExportedList)}
        tx.add(EXPORTS, **{**listed, "id": export})
    if not tx.set(HANDOVERS, HANDOVERS.c.id == handover.id, undone_at=handover.undone_at):
        _add(tx, handover)
    if handover.undone_at is None and petition.closed_at is None:
        tx.set(
            PETITIONS,
            closed_at=handover.exported_at or handover.recorded_at,
            closed_signatures=PETITIONS.c.signatures,
            revision=PETITIONS.c.revision + 1,
        )


def _only(tx: Transaction, query: Select[Any]) -> Handover | None:
    row = tx.first(query.where(tx.of(HANDOVERS)))
    return None if row is None else Handover(**row._mapping)


def _add(tx: Transaction, handover: Handover) -> None:
    columns = [each.name for each in fields(Handover) if each.name in HANDOVERS.c]
    tx.add(HANDOVERS, **{name: getattr(handover, name) for name in columns})


def _entry(handover: Handover) -> Entry:
    """Returns the entry of the journal, from which a restored copy gets back handover and list."""
    return Entry(Deed.HANDOVER, handover.id, json.dumps(_as_noted(handover)))


def _as_noted(handover: Handover) -> dict[str, str | int | None]:
    return {
        "export_id": None if handover.export_id is None else handover.export_id.hex(),
        "exported_at": to_millis(handover.exported_at),
        "last_number": handover.last_number,
        "handed_over_on": handover.handed_over_on.isoformat(),
        "manifest": handover.manifest,
        "with_name": handover.with_name,
        "without_name": handover.without_name,
        "recorded_at": to_millis(handover.recorded_at),
        "undone_at": to_millis(handover.undone_at),
    }


def _noted(entry: Entry) -> Handover:
    noted = with_times(json.loads(entry.value))
    export, day = noted.pop("export_id"), noted.pop("handed_over_on")
    return Handover(
        id=entry.subject,
        handed_over_on=date.fromisoformat(day),
        export_id=None if export is None else bytes.fromhex(export),
        **noted,
    )
