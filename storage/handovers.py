"""Handovers: that a list was given to the addressee, on which day, and what it held.

One at a time is recorded: the petition is closed by then, so a second list of it would differ by
nothing but the changes that the addressee is told of. From its day on retention counts, until it
is undone. New queries about handovers, and about what is owed to the addressee, go here.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from storage.admins import add_audit
from storage.exports import Change, ExportedList
from storage.journal import Deed, Entry
from storage.petitions import invalidated_at, lock_petition
from storage.tables import CHANGES_AFTER_EXPORT, EXPORTS, HANDOVERS, PETITIONS, SIGNATURES
from storage.times import SHOWN_DIGITS, from_millis, to_millis
from storage.transaction import Row, Transaction

# The one that counts is the first, or the one that was recorded last.
_NEWEST = (
    select(
        *(each for each in HANDOVERS.c if each.name != "petition"),
        EXPORTS.c.exported_at,
        func.coalesce(EXPORTS.c.last_number, PETITIONS.c.last_number).label("last_number"),
    )
    .join(PETITIONS, PETITIONS.c.slug == HANDOVERS.c.petition)
    .outerjoin(EXPORTS, EXPORTS.c.id == HANDOVERS.c.export_id)
    .where(HANDOVERS.c.petition == bindparam("own_petition"))
    .order_by(HANDOVERS.c.undone_at.is_not(None))
    .order_by(HANDOVERS.c.recorded_at.desc(), HANDOVERS.c.id.desc())
    .limit(1)
)

_HIDES = frozenset({Change.RESTRICTED, Change.OBJECTED, Change.NAME_REMOVED})
_KEEPS_THE_NAME = frozenset({Change.CORRECTED, Change.RESTRICTED, Change.OBJECTED})
_OF_THE_NAME = (*_HIDES, Change.NAME_GIVEN)

_MARKED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Handover:
    """That the signatures were given to the addressee.

    Attributes:
        handed_over_on: the day, in the petition's time zone.
        manifest: the SHA-256 of the manifest of what was handed over, 64 hexadecimal digits; empty
            if it was nothing but their number.
        exported_at: when the list was written; None if only the number was handed over.
        last_number: the newest signature that is included.
        with_their_name: whether it has the name of the supporter for whom it was read, who is
            counted without it otherwise; None if their signature is not in it.
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
    with_their_name: bool | None = None

    @property
    def signatures(self) -> int:
        """How many signatures were handed over, with and without their name."""
        return self.with_name + self.without_name

    @property
    def as_of(self) -> datetime:
        """As of when it has the signatures."""
        return self.exported_at or self.recorded_at


def newest_handover(tx: Transaction) -> Handover | None:
    """Returns the handover that counts; without one, the last of those that were undone."""
    row = tx.first(_NEWEST, {"own_petition": tx.slug})
    return None if row is None else Handover(**row._mapping)


def active_handover(tx: Transaction) -> Handover | None:
    """Returns the handover from which retention counts; None if there was none."""
    newest = newest_handover(tx)
    return None if newest is None or newest.undone_at is not None else newest


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
        listed: the list that was given; None if it was only the number of signatures.
        without_name: how many signatures that number was; with a list, it says so.

    Returns:
        The handover; None if another one is recorded already, or the petition is open.
    """
    petition = lock_petition(tx)
    if petition.closed_at is None or active_handover(tx) is not None:
        return None
    held: dict[str, Any] = {"with_name": 0, "without_name": without_name}
    held["last_number"] = petition.last_number
    if listed is not None:
        held = asdict(listed)
        held["export_id"] = held.pop("id")
    held |= {"handed_over_on": handed_over_on, "recorded_at": at}
    handover = Handover(tx.new_id(at), manifest=manifest, **held)
    _add(tx, handover)
    which = "no list" if listed is None else f"list {listed.id.hex()[:SHOWN_DIGITS]}"
    people = f"{handover.with_name} with a name, {handover.without_name} without"
    add_audit(tx, "handover", at=at, detail=f"{handed_over_on.isoformat()}, {which}: {people}")
    _note(tx, handover)
    return handover


def undo_handover(tx: Transaction, handover: Handover, *, at: datetime) -> bool:
    """Takes a handover back: retention no longer counts from it; False if it was before."""
    lock_petition(tx)
    if not tx.set(HANDOVERS, handover.id, HANDOVERS.c.undone_at.is_(None), undone_at=at):
        return False
    add_audit(tx, "handover_undone", at=at, detail=handover.handed_over_on.isoformat())
    _note(tx, replace(handover, undone_at=at))
    return True


def handover_known_to(tx: Transaction, supporter: bytes) -> Handover | None:
    """Returns the active handover as it concerns one supporter; None if there is none.

    The list has what was true when it was written, which changes after it show.
    """
    if (handover := active_handover(tx)) is None:
        return None
    columns, changes = SIGNATURES.c, CHANGES_AFTER_EXPORT.c
    is_included = columns.number <= handover.last_number
    row = tx.find(SIGNATURES, columns.supporter == supporter, is_included)
    if row is None:
        return handover
    out_since = invalidated_at(tx, row)
    if out_since is not None and out_since < handover.as_of:
        return handover
    its, by = changes.number == row.number, (changes.changed_at, changes.id)
    known = tx.every(CHANGES_AFTER_EXPORT, its, by=by)
    is_named = row.name_sealed is not None and not (row.restricted_at or row.objected_at)
    at = handover.exported_at
    was_named = at is not None and _was_named(known, at, otherwise=is_named)
    return replace(handover, with_their_name=was_named)


@dataclass(frozen=True, slots=True)
class ChangeOwed:
    """What the addressee has to be told of one signature.

    Attributes:
        change: the one that says most, of several.
        ids: of all that one notice covers.
        corrected_name: what replaces its name in the list; None if that stays or goes, empty if
            the new one is erased or cannot be decrypted.
    """

    number: int
    change: Change
    changed_at: datetime
    ids: tuple[bytes, ...]
    corrected_name: str | None = field(default=None, repr=False)


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
    by_number = [[*known] for _, known in groupby(rows, key=lambda each: each.number)]
    owed = [_owed(tx, known, listed.exported_at) for known in by_number]
    return [each for each in owed if each is not None]


def _owed(tx: Transaction, known: Sequence[Row], exported_at: datetime) -> ChangeOwed | None:
    """Returns what is owed of one signature, from all its changes, the oldest first.

    What changed before the list was written is right in it.
    """
    untold = [each for each in known if each.changed_at >= exported_at and each.told_at is None]
    found = _still_true(untold)
    if not found or not _was_named(known, exported_at, otherwise=True):
        return None
    change, changed_at = min(found, key=lambda each: [*Change].index(each[0]))
    row, name = known[0], None
    if change in _KEEPS_THE_NAME and Change.CORRECTED in dict(found):
        name = tx.opened(row.name_sealed, SIGNATURES.c.name_sealed, row.signature_id) or ""
    ids = tuple(each.id for each in untold)
    return ChangeOwed(row.number, change, changed_at, ids, corrected_name=name)


def _still_true(untold: Sequence[Row]) -> list[tuple[Change, datetime]]:
    """Returns the changes that no later one has undone, newest first, each with its moment.

    A name that was taken off is erased, so one that is given later can be another.
    """
    found = []
    is_named_again = False
    for each in reversed(untold):
        change = Change(each.change)
        if change is Change.NAME_GIVEN:
            is_named_again = True
        elif is_named_again and change is Change.NAME_REMOVED:
            found.append((Change.CORRECTED, each.changed_at))
        elif not (is_named_again and change in _HIDES):
            found.append((change, each.changed_at))
    return found


def _was_named(changes: Sequence[Row], at: datetime, *, otherwise: bool) -> bool:
    """Returns whether a list of then has a signature with its name, from its changes in order.

    `otherwise` is the answer where none of them is about the name.
    """
    shown = [each for each in changes if each.change in _OF_THE_NAME]
    # What is hidden already can be hidden for one more reason, and given while it is hidden.
    gave = [each.change == Change.NAME_GIVEN for each in shown if each.changed_at < at]
    hides = [each.change != Change.NAME_GIVEN for each in shown if each.changed_at >= at]
    return all((*gave[-1:], *hides[:1])) if shown else otherwise


def mark_changes_told(tx: Transaction, told: Sequence[ChangeOwed], *, at: datetime) -> None:
    """Records that the addressee was told of these changes, and of no later ones."""
    lock_petition(tx)
    columns, ids = CHANGES_AFTER_EXPORT.c, [each for change in told for each in change.ids]
    for first in range(0, len(ids), _MARKED_AT_ONCE):
        marked = columns.id.in_(ids[first : first + _MARKED_AT_ONCE])
        tx.set(CHANGES_AFTER_EXPORT, marked, columns.told_at.is_(None), told_at=at)
    add_audit(tx, "notices_told", at=at, detail=f"{len(told)} signatures")


def repeat_handover(tx: Transaction, entry: Entry) -> None:
    """Brings a handover back into a restored copy, with its list, as it was noted.

    A backup may be from before the closing, too, of which nothing else is noted. Those who signed
    then would be in no list.
    """
    noted = json.loads(entry.value)
    for name in ("recorded_at", "undone_at", "exported_at"):
        if noted.get(name) is not None:
            noted[name] = from_millis(noted[name])
    export = noted["export_id"] = bytes.fromhex(noted["export_id"] or "") or None
    noted["handed_over_on"] = date.fromisoformat(noted["handed_over_on"])
    handover = Handover(entry.subject, **noted)
    petition = lock_petition(tx)
    if export and not tx.find(EXPORTS, export):
        listed = {each.name: getattr(handover, each.name) for each in fields(ExportedList)}
        tx.add(EXPORTS, **{**listed, "id": export})
    if handover.undone_at is None:  # one before it was noted, and could not be recorded
        columns = HANDOVERS.c
        tx.set(HANDOVERS, columns.undone_at.is_(None), undone_at=handover.recorded_at)
    if not tx.set(HANDOVERS, handover.id, undone_at=handover.undone_at):
        _add(tx, handover)
    if handover.undone_at is None and petition.closed_at is None:
        revision, signatures = PETITIONS.c.revision + 1, PETITIONS.c.signatures
        closed = {"closed_at": handover.as_of, "closed_signatures": signatures}
        tx.set(PETITIONS, **closed, revision=revision)


def _add(tx: Transaction, handover: Handover) -> None:
    values = asdict(handover)
    tx.add(HANDOVERS, **{name: values[name] for name in values.keys() & HANDOVERS.c.keys()})


def _note(tx: Transaction, handover: Handover) -> None:
    """Has the journal keep all from which a restored copy gets back the handover and its list."""
    noted = asdict(handover)
    del noted["id"], noted["with_their_name"]
    tx.note(Entry(Deed.HANDOVER, handover.id, json.dumps(noted, default=_noted)))


def _noted(value: bytes | date) -> str | int:
    if isinstance(value, bytes):
        return value.hex()
    return to_millis(value) if isinstance(value, datetime) else value.isoformat()
