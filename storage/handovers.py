"""Handovers: that a list was given to the addressee, on which day, and what it held.

One at a time is recorded: the petition is closed by then, so a second list of it would differ by
nothing but the changes that the addressee is told of (`changes_after_export.py`). From its day on
retention counts, until it is undone. New queries about handovers go here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from storage.audit import AuditedRows
from storage.database import Row, Statement, Value
from storage.exports import ExportedList
from storage.ids import SHOWN_DIGITS, rising_id
from storage.journal_entries import Deed, Entry
from storage.petitions import lock_petition
from storage.times import to_millis, with_times

# One that is not finished, or was killed, has counted nobody yet.
_EXPORTS = """
SELECT id, exported_at, last_number, with_name, without_name FROM exports
WHERE petition = :petition AND with_name + without_name > 0
ORDER BY exported_at DESC, id DESC
"""

_HANDOVERS = """
SELECT h.id, h.export_id, h.handed_over_on, h.manifest, h.with_name, h.without_name,
  h.recorded_at, h.undone_at, e.exported_at, COALESCE(e.last_number, p.last_number) AS last_number
FROM handovers h JOIN petitions p ON p.slug = h.petition
LEFT JOIN exports e ON e.id = h.export_id
WHERE h.petition = :petition
"""

_ACTIVE = f"{_HANDOVERS} AND h.undone_at IS NULL"

_NEWEST = f"{_HANDOVERS} ORDER BY h.recorded_at DESC, h.id DESC LIMIT 1"

_MAY_RECORD = """
EXISTS (SELECT 1 FROM petitions WHERE slug = :petition AND closed_at IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM handovers WHERE petition = :petition AND undone_at IS NULL)
"""

_COLUMNS = """
id, petition, export_id, handed_over_on, manifest, with_name, without_name, recorded_at, undone_at
"""

_VALUES = """
:id, :petition, :export_id, :handed_over_on, :manifest, CAST(:with_name AS BIGINT),
  CAST(:without_name AS BIGINT), CAST(:recorded_at AS BIGINT), CAST(:undone_at AS BIGINT)
"""

_RECORD = f"""
INSERT INTO handovers ({_COLUMNS}) SELECT {_VALUES} WHERE {_MAY_RECORD} RETURNING id
"""

_IS_ACTIVE = "id = :id AND petition = :petition AND undone_at IS NULL"

_UNDO = f"UPDATE handovers SET undone_at = :at WHERE {_IS_ACTIVE} RETURNING id"  # noqa: S608 - a constant

_REPEAT_EXPORT = """
INSERT INTO exports (id, petition, exported_at, last_number, with_name, without_name)
VALUES (:export_id, :petition, :exported_at, :last_number, :with_name, :without_name)
ON CONFLICT (id) DO NOTHING
"""

_REPEAT = f"""
INSERT INTO handovers ({_COLUMNS}) VALUES ({_VALUES})
ON CONFLICT (id) DO UPDATE SET undone_at = excluded.undone_at
"""  # noqa: S608 - constants of this file

# A backup may be from before the closing, too, of which nothing else is noted. Those who signed
# then would be in no list.
_CLOSE_AGAIN = """
UPDATE petitions SET closed_signatures = signatures, revision = revision + 1,
  closed_at = CAST(:closed_at AS BIGINT)
WHERE slug = :petition AND closed_at IS NULL
"""

# The list has what was true when it was written: whether a name was given or taken off since is
# known from the first such change.
_INCLUDED = """
SELECT CASE WHEN
    (s.restricted_at IS NULL OR s.restricted_at >= :exported_at)
    AND (s.objected_at IS NULL OR s.objected_at >= :exported_at)
    AND COALESCE((
      SELECT CASE WHEN c.change = 'name_given' THEN 0 ELSE 1 END FROM changes_after_export c
      WHERE c.petition = s.petition AND c.number = s.number AND c.changed_at >= :exported_at
        AND c.change IN ('name_removed', 'name_given', 'restricted', 'objected')
      ORDER BY c.changed_at, c.id LIMIT 1
    ), CASE WHEN s.name_sealed IS NULL THEN 0 ELSE 1 END) = 1
  THEN 1 ELSE 0 END AS has_name
FROM signatures s
WHERE s.petition = :petition AND s.supporter = :supporter AND s.number <= :last_number
  AND (s.invalidation_id IS NULL OR EXISTS (
    SELECT 1 FROM invalidations i
    WHERE i.id = s.invalidation_id AND i.invalidated_at >= :exported_at
  ))
"""


_INVALIDATED = """
SELECT COUNT(*) AS signatures FROM signatures s JOIN invalidations i ON i.id = s.invalidation_id
WHERE s.petition = :petition AND s.number <= :last_number AND i.invalidated_at >= :since
"""


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


class Handovers(AuditedRows):
    """The handovers of one petition."""

    async def exports(self) -> Sequence[ExportedList]:
        """Returns the lists that were written, newest first."""
        return [ExportedList(**with_times(row)) for row in await self._read(_EXPORTS)]

    async def active(self) -> Handover | None:
        """Returns the handover from which retention counts; None if there was none."""
        return await self._first(_ACTIVE)

    async def newest(self) -> Handover | None:
        """Returns the handover that was recorded last, also if it was undone since."""
        return await self._first(_NEWEST)

    async def record(
        self,
        handed_over_on: date,
        *,
        at: datetime,
        listed: ExportedList | None = None,
        manifest: str = "",
        without_name: int = 0,
    ) -> Handover | None:
        """Records a handover, from whose day on retention counts.

        Args:
            handed_over_on: the day, in the petition's time zone.
            at: now.
            listed: the list that was given; None if it was only the number of signatures.
            manifest: as in `Handover`.
            without_name: how many signatures that number was; with a list, it says so.

        Returns:
            The handover; None if another one is recorded already, or the petition is open.
        """
        # Looked at first, as the journal would bring back what was refused.
        if not await self._read(f"SELECT 1 WHERE {_MAY_RECORD}"):
            return None
        handover = Handover(
            id=rising_id(at),
            handed_over_on=handed_over_on,
            manifest=manifest,
            with_name=0 if listed is None else listed.with_name,
            without_name=without_name if listed is None else listed.without_name,
            recorded_at=at,
            export_id=None if listed is None else listed.id,
            exported_at=None if listed is None else listed.exported_at,
            last_number=0 if listed is None else listed.last_number,
        )
        held = f"{handover.with_name} with a name, {handover.without_name} without"
        which = "no list" if listed is None else f"list {listed.id.hex()[:SHOWN_DIGITS]}"
        noted = self._audit.statement(
            "handover",
            actor=None,
            at=at,
            detail=f"{handed_over_on.isoformat()}, {which}: {held}",
            only_if=self._statement(_MAY_RECORD),
        )
        recording = self._statement(_RECORD, _entry(handover), id=handover.id, **_values(handover))
        rows = await self._database.write(lock_petition(self._slug), noted, recording)
        return await self.active() if rows[-1] else None

    async def undo(self, handover: Handover, *, at: datetime) -> bool:
        """Takes a handover back, so that retention no longer counts from it.

        Returns:
            Whether it did; not if it was undone before.
        """
        is_active = f"EXISTS (SELECT 1 FROM handovers WHERE {_IS_ACTIVE})"  # noqa: S608 - a constant
        noted = self._audit.statement(
            "handover_undone",
            actor=None,
            at=at,
            detail=handover.handed_over_on.isoformat(),
            only_if=self._statement(is_active, id=handover.id),
        )
        undone = _entry(replace(handover, undone_at=at))
        undoing = self._statement(_UNDO, undone, id=handover.id, at=to_millis(at))
        rows = await self._database.write(lock_petition(self._slug), noted, undoing)
        return bool(rows[-1])

    async def known_to(self, supporter: bytes) -> SupporterHandover | None:
        """Returns the active handover as it concerns one supporter; None if there is none."""
        handover = await self.active()
        if handover is None:
            return None
        rows = await self._read(
            _INCLUDED,
            supporter=supporter,
            last_number=handover.last_number,
            exported_at=to_millis(handover.exported_at or handover.recorded_at),
        )
        if not rows:
            return SupporterHandover(handover, None)
        has_name = rows[0]["has_name"] and handover.exported_at is not None
        return SupporterHandover(handover, Inclusion.NAMED if has_name else Inclusion.COUNTED)

    async def invalidated_since(self, handover: Handover) -> int:
        """Returns how many of what was handed over were taken out of the count since."""
        (row,) = await self._read(
            _INVALIDATED,
            last_number=handover.last_number,
            since=to_millis(handover.exported_at or handover.recorded_at),
        )
        return int(row["signatures"])

    async def _first(self, sql: str) -> Handover | None:
        rows = await self._read(sql)
        return _handover(rows[0]) if rows else None


def _entry(handover: Handover) -> Entry:
    """Returns the entry of the journal, from which a restored copy gets back handover and list."""
    export = handover.export_id
    noted = {**_values(handover), "export_id": None if export is None else export.hex()}
    return Entry(Deed.HANDOVER, handover.id, json.dumps(noted))


def _values(handover: Handover) -> dict[str, Value]:
    """Returns what is stored of a handover and its list."""
    return {
        "export_id": handover.export_id,
        "exported_at": to_millis(handover.exported_at),
        "last_number": handover.last_number,
        "handed_over_on": handover.handed_over_on.isoformat(),
        "manifest": handover.manifest,
        "with_name": handover.with_name,
        "without_name": handover.without_name,
        "recorded_at": to_millis(handover.recorded_at),
        "undone_at": to_millis(handover.undone_at),
    }


def repeated_statements(slug: str, entry: Entry) -> tuple[Statement, ...]:
    """Returns the transaction that brings a handover back, with its list, as it was noted."""
    columns: dict[str, Value] = json.loads(entry.value)
    export = columns.pop("export_id")
    values: dict[str, Value] = {
        **columns,
        "petition": slug,
        "id": entry.subject,
        "export_id": bytes.fromhex(export) if isinstance(export, str) else None,
    }
    listed = () if export is None else (Statement(_REPEAT_EXPORT, values),)
    closed_at = values["exported_at"] or values["recorded_at"]
    closing = Statement(_CLOSE_AGAIN, {"petition": slug, "closed_at": closed_at})
    closed = () if values["undone_at"] else (closing,)
    return (lock_petition(slug), *listed, Statement(_REPEAT, values), *closed)


def _handover(row: Row) -> Handover:
    day = date.fromisoformat(row["handed_over_on"])
    return Handover(**{**with_times(row), "handed_over_on": day})
