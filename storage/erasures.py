"""Erasing the signatures whose retention is over. New queries about it go here.

What is left of them is how many there were, by language, with or without the name, and whether
they were counted. The petition's count stays. Every transaction erases one portion and can be
the last one: the next run goes on where it ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.audit import AuditedRows
from storage.database import FOR_UPDATE, Row, Statement, Value
from storage.eligibility import CAN_BE_WRITTEN_TO, WAS_TOLD
from storage.erased_deliveries import COUNT_ERASED_AT_THE_END
from storage.exports import IS_NAMED
from storage.petitions import locking_petition
from storage.sent_files import AT_ONCE_OR_NEVER
from storage.signing import FORGOTTEN
from storage.sql_in_lists import parameters
from storage.times import from_millis, to_millis

# Those who blocked the bot, said no, or are not counted are left out: no message reaches them. Who
# waits in a broadcast that is under way is included, as they have not had it.
_UNTOLD = f"({CAN_BE_WRITTEN_TO} AND NOT {WAS_TOLD})"

_IS_SENDING = """
SELECT 1 FROM broadcasts
WHERE petition = :petition AND kind = 'closing' AND state IN ('scheduled', 'running', 'paused')
LIMIT 1
"""

# Numbers are given in the order of signing, so the lowest is as good as the earliest here.
_FIRST = """
SELECT signed_at FROM signatures WHERE petition = :petition ORDER BY number LIMIT 1
"""

_AT_MOST = "s.signed_at < CAST(:at_most AS BIGINT)"
_HANDED_OVER = "s.signed_at < CAST(:handed_over AS BIGINT)"

_COUNT = f"""
SELECT COUNT(CASE WHEN {_AT_MOST} THEN 1 END) AS at_most,
  COUNT(CASE WHEN NOT {_AT_MOST} THEN 1 END) AS after_handover,
  COUNT(CASE WHEN {_AT_MOST} AND {_UNTOLD} THEN 1 END) AS untold_at_most,
  COUNT(CASE WHEN NOT {_AT_MOST} AND {_UNTOLD} THEN 1 END) AS untold
FROM signatures s
WHERE s.petition = :petition AND ({_AT_MOST} OR {_HANDED_OVER})
"""  # noqa: S608 - constants of this file

_UNTOLD_BEFORE = f"""
SELECT COUNT(*) AS people, MIN(s.signed_at) AS first FROM signatures s
WHERE s.petition = :petition AND s.signed_at < CAST(:before AS BIGINT) AND {_UNTOLD}
"""  # noqa: S608 - constants of this file

_NEXT = f"""
SELECT s.number, s.supporter FROM signatures s
WHERE s.petition = :petition AND s.number > CAST(:after AS BIGINT) AND (
  {_AT_MOST}
  OR ({_HANDED_OVER} AND (CAST(:untold_too AS BIGINT) = 1 OR NOT {_UNTOLD}))
)
ORDER BY s.number
LIMIT CAST(:limit AS BIGINT)
"""  # noqa: S608 - constants of this file

# The statements of one portion. What they find was locked by the second, so all find the same.
_THOSE = "s.petition = :petition AND s.number IN ({numbers})"
# The list of supporters is what PostgreSQL finds the rows by: with the condition alone it reads
# the whole table for every portion.
_OWN = """
petition = :petition AND supporter IN ({supporters}) AND EXISTS (
  SELECT 1 FROM signatures s WHERE {those} AND s.supporter = {table}.supporter
)
"""
_IS_CLOSED = """
EXISTS (SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL)
"""

_LOCK = f"SELECT s.id FROM signatures s WHERE {{those}} ORDER BY s.number {FOR_UPDATE}"  # noqa: S608

_HOW_MANY = "SELECT COUNT(*) AS people FROM signatures s WHERE {those}"

_KEEP_COUNTS = f"""
INSERT INTO anonymous_counts (petition, language, with_name, is_valid, signatures)
SELECT s.petition, s.language,
  CASE WHEN {IS_NAMED} THEN 1 ELSE 0 END,
  CASE WHEN s.invalidation_id IS NULL THEN 1 ELSE 0 END,
  COUNT(*)
FROM signatures s WHERE {{those}}
GROUP BY 1, 2, 3, 4
ON CONFLICT (petition, language, with_name, is_valid)
DO UPDATE SET signatures = anonymous_counts.signatures + excluded.signatures
"""  # noqa: S608 - a constant

_OF_THEIRS = (
    ("sent_files", f"UPDATE {{table}} SET due = {AT_ONCE_OR_NEVER} WHERE {{own}}"),  # noqa: S608
    # While people can still sign, the version stays, so that old buttons are harmless.
    (
        "conversations",
        "UPDATE {table} SET {forgotten}, stage = 'home', version = version + 1"
        " WHERE {own} AND NOT {is_closed}",
    ),
    ("conversations", "DELETE FROM {table} WHERE {own} AND {is_closed}"),
    ("person_codes", "DELETE FROM {table} WHERE {own}"),
    ("person_notices", "DELETE FROM {table} WHERE {own}"),
)

_ERASE = """
DELETE FROM signatures WHERE petition = :petition AND number IN ({numbers}) RETURNING number
"""

_STAMP = "UPDATE petitions SET erased_at = :at WHERE slug = :petition"

# What is left of those who signed and took it back, or never signed. Only of a petition that was
# closed for so long that every signature is due.
_ERASE_LAST_CONVERSATIONS = """
DELETE FROM conversations
WHERE petition = :petition AND supporter IN (
  SELECT c.supporter FROM conversations c
  WHERE c.petition = :petition AND c.updated_at < CAST(:at_most AS BIGINT)
    AND EXISTS (
      SELECT 1 FROM petitions p
      WHERE p.slug = :petition AND p.closed_at < CAST(:at_most AS BIGINT)
    )
  LIMIT CAST(:limit AS BIGINT)
)
RETURNING version
"""

# Whom the addressee was told of needs no note once the list itself is over.
_ERASE_CHANGES = """
DELETE FROM changes_after_export
WHERE petition = :petition AND (
  changed_at < CAST(:at_most AS BIGINT)
  OR (told_at IS NOT NULL AND changed_at < CAST(:handed_over AS BIGINT))
)
"""


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


class Erasures(AuditedRows):
    """Erases one petition's signatures when their retention is over."""

    async def is_sending(self) -> bool:
        """Returns whether a closing update is planned, running or paused."""
        return bool(await self._read(_IS_SENDING))

    async def first_signed_at(self) -> datetime | None:
        """Returns when the signature with the lowest number was given; None without any."""
        rows = await self._read(_FIRST)
        return from_millis(rows[0]["signed_at"]) if rows else None

    async def count(self, due: DueBefore) -> DueCount:
        """Returns how many signatures are due."""
        return DueCount(**(await self._read(_COUNT, **_moments(due)))[0])

    async def untold(self, before: datetime) -> Untold:
        """Returns who signed before a moment, can be told how it ended, and was not."""
        row = (await self._read(_UNTOLD_BEFORE, before=to_millis(before)))[0]
        return Untold(row["people"], from_millis(row["first"]))

    async def erase(
        self, due: DueBefore, run: ErasureRun, *, after: int, limit: int
    ) -> ErasedPortion:
        """Erases the next signatures that are due, at most `limit`, with numbers above `after`.

        With each of them go its consents, codes and notices, and what its deliveries show of
        their recipient. Files of /mydata become due. The conversation is erased, or emptied while
        people can still sign.
        """
        asked = {"after": after, "limit": limit, "untold_too": int(run.untold_too)}
        found = await self._read(_NEXT, **_moments(due), **asked)
        if not found:
            return ErasedPortion(0, None)
        # Of one length, so that there are few different texts to prepare.
        padded = [*found, *[found[-1]] * (limit - len(found))]
        rows = await self._database.write(*self._portion(padded, run))
        *_, erased, _counted, _deleted = rows
        return ErasedPortion(len(erased), found[-1]["number"] if len(found) == limit else None)

    async def erase_what_is_left(self, due: DueBefore, *, limit: int) -> int:
        """Erases what else is due; returns how many conversations of a long closed petition."""
        rows = await self._database.write(
            self._statement(_ERASE_CHANGES, **_moments(due)),
            self._statement(_ERASE_LAST_CONVERSATIONS, **_moments(due), limit=limit),
        )
        return len(rows[-1])

    def _portion(self, found: Sequence[Row], run: ErasureRun) -> tuple[Statement, ...]:
        listed, numbers = parameters("n", [row["number"] for row in found])
        people, supporters = parameters("s", [row["supporter"] for row in found])
        those = _THOSE.format(numbers=listed)

        def statement(sql: str) -> Statement:
            return self._statement(sql.format(numbers=listed, those=those), **numbers)

        def theirs(table: str, sql: str) -> Statement:
            own = _OWN.format(supporters=people, those=those, table=table)
            said = {"table": table, "own": own, "forgotten": FORGOTTEN, "is_closed": _IS_CLOSED}
            return self._statement(sql.format(**said), **numbers, **supporters)

        return (
            locking_petition(self._slug),
            statement(_LOCK),
            self._audit.adding_up(run.action, statement(_HOW_MANY), entry=run.entry, at=run.at),
            statement(_KEEP_COUNTS),
            *(theirs(table, sql) for table, sql in _OF_THEIRS),
            self._statement(_STAMP, at=to_millis(run.at)),
            statement(_ERASE),
            *COUNT_ERASED_AT_THE_END,
        )


def _moments(due: DueBefore) -> dict[str, Value]:
    return {"at_most": to_millis(due.at_most), "handed_over": to_millis(due.handed_over)}
