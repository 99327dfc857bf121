"""Exports: lists of the signatures that were written for the addressee. New queries go here.

An export is stored before the signatures are read, and they are read as of one moment after that:
a person who withdraws meanwhile is noted among the changes after it, even if the list has them.
While its counts are zero it is not finished, or was killed.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_

from storage.audit import add_audit
from storage.database import Row, Snapshot, Statement, Value
from storage.keyring import Keyring
from storage.petition_rows import PetitionRows, as_write
from storage.petitions import INVALIDATED_SINCE, lock_petition
from storage.tables import EXPORTS, SIGNATURES
from storage.times import from_millis, with_times
from storage.transaction import Transaction

# How many signatures are in memory at once, and how many numbers are counted at once: SQLite
# groups in memory what it counts.
_PAGE = 1_000
_COUNTED_AT_ONCE = 20_000

# Every time zone begins its days at a quarter of an hour of UTC.
_QUARTER = timedelta(minutes=15)

HAS_NAME = "name_sealed IS NOT NULL"
"""SQL: the signature has a name, whether or not it can be decrypted."""

IS_NAMED = f"{HAS_NAME} AND restricted_at IS NULL AND objected_at IS NULL"
"""SQL: the signature is handed over with its name. One that may be used no more than is needed to
keep it is counted without (GDPR art. 18, 21)."""


def is_named() -> ColumnElement[bool]:
    """Returns whether a row of SIGNATURES is handed over with its name.

    One that may be used no more than is needed to keep it is counted without (GDPR art. 18, 21).
    """
    columns = SIGNATURES.c
    ends = (columns.restricted_at, columns.objected_at)
    return and_(columns.name_sealed.is_not(None), *(each.is_(None) for each in ends))


_LISTED = """
petition = :petition AND number <= :last_number AND invalidation_id IS NULL
"""

_COUNTS = f"""
SELECT closed_at, closed_signatures AS at_closing, {INVALIDATED_SINCE} AS invalidated_since,
  (SELECT CAST(COALESCE(SUM(signatures), 0) AS BIGINT) FROM anonymous_counts
   WHERE petition = :petition AND is_valid = 1) AS anonymous
FROM petitions p WHERE slug = :petition
"""  # noqa: S608 - a constant

_GROUPS = f"""
SELECT signed_at / :quarter AS quarter, language, text_version,
  CASE WHEN {IS_NAMED} THEN 1 ELSE 0 END AS named, COUNT(*) AS signatures
FROM signatures WHERE {_LISTED} AND number > :after AND number <= :until
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants of this file

_PAGES = f"""
SELECT id, number, name_sealed, signed_at, text_version FROM signatures
WHERE {_LISTED} AND {IS_NAMED} AND number > :after
ORDER BY number LIMIT :page
"""  # noqa: S608 - constants of this file


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


@dataclass(frozen=True, slots=True)
class SignatureGroup:
    """How many signed in one quarter of an hour, in one language, to one version of the texts.

    Attributes:
        named: whether they are in the list with their names.
    """

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


@dataclass(frozen=True, slots=True)
class ExportCounts:
    """What the list says of the count, besides its groups.

    Attributes:
        closed_at: None while the petition is open; then the next two are None and 0.
        at_closing: how many signatures there were at the closing.
        invalidated_since: how many were taken out of the count since; less than zero if more
            were put back.
        anonymous: how many counted ones are erased because their retention is over.
    """

    closed_at: datetime | None
    at_closing: int | None
    invalidated_since: int
    anonymous: int


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
    counts = {"with_name": with_name, "without_name": without_name}
    tx.set(EXPORTS, EXPORTS.c.id == export.id, **counts)


def discard_export(tx: Transaction, export: ExportedList, at: datetime) -> None:
    """Removes an export whose list was not written after all; the audit log keeps both."""
    tx.delete(EXPORTS, EXPORTS.c.id == export.id)
    add_audit(tx, "export_failed", at=at, detail=export.id.hex())


class Exports(PetitionRows):
    """The exports of one petition."""

    begin = as_write(begin_export)
    finish = as_write(finish_export)
    discard = as_write(discard_export)

    @asynccontextmanager
    async def read(self, export: ExportedList) -> AsyncIterator["SignatureList"]:
        """Opens the list of an export, as of one moment."""
        async with self._database.snapshot() as snapshot:
            yield SignatureList(snapshot, self._slug, export.last_number, self._keyring)


class SignatureList:
    """The counted signatures of a petition as of one moment."""

    def __init__(self, snapshot: Snapshot, slug: str, last_number: int, keyring: Keyring) -> None:
        self._snapshot = snapshot
        self._listed: dict[str, Value] = {"petition": slug, "last_number": last_number}
        self._last_number = last_number
        self._keyring = keyring

    async def counts(self) -> ExportCounts:
        """Returns what is known of the count at the closing."""
        (row,) = await self._snapshot.read(Statement(_COUNTS, self._listed))
        return ExportCounts(**with_times(row))

    async def groups(self) -> list[SignatureGroup]:
        """Returns all counted signatures by moment, language and version, the oldest first."""
        quarter = _QUARTER // timedelta(milliseconds=1)
        counted: Counter[tuple[int, str, str, int]] = Counter()
        for after in range(0, self._last_number, _COUNTED_AT_ONCE):
            span = {"after": after, "until": after + _COUNTED_AT_ONCE, "quarter": quarter}
            values = {**self._listed, **span}
            for row in await self._snapshot.read(Statement(_GROUPS, values)):
                key = (row["quarter"], row["language"], row["text_version"], row["named"])
                counted[key] += row["signatures"]
        return [
            SignatureGroup(from_millis(at * quarter), language, version, bool(named), signatures)
            for (at, language, version, named), signatures in sorted(counted.items())
        ]

    async def pages(self) -> AsyncIterator[list[NamedSignature]]:
        """Yields the signatures that are listed with their names, by number, in portions."""
        after = 0
        while True:
            values = {**self._listed, "after": after, "page": _PAGE}
            rows = await self._snapshot.read(Statement(_PAGES, values))
            if not rows:
                return
            yield [self._named(row) for row in rows]
            after = rows[-1]["number"]

    def _named(self, row: Row) -> NamedSignature:
        return NamedSignature(
            number=row["number"],
            name=self._keyring.open_if_whole(
                row["name_sealed"], table="signatures", column="name_sealed", row=row["id"]
            ),
            signed_at=from_millis(row["signed_at"]),
            text_version=row["text_version"],
        )
