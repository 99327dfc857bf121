"""Taking a wave of false signatures out of the count, and counting them again.

The signatures stay, so people who were taken out by mistake still see theirs and can withdraw it.
Of each invalidation its reason and condition are kept, sealed: a pattern of names is personal
data.
"""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from re import compile as compile_pattern
from unicodedata import normalize

from storage.audit import AuditedRows
from storage.database import Row, Statement, Value
from storage.exports import HAS_NAME
from storage.petitions import locking_petition
from storage.times import from_millis, to_millis

_PORTION = 5_000
_NUMBERS_AT_ONCE = 1_000

# Read once in the order of numbers. As a plain condition, that they are counted would let
# PostgreSQL take the index of those and sort all of them for each portion.
_MATCHING = """
SELECT id, number, name_sealed, signed_at, source, language, form_seconds FROM signatures
WHERE petition = :petition AND number > CAST(:after AS BIGINT)
  AND CASE WHEN invalidation_id IS NULL THEN 1 ELSE 0 END = 1
  {conditions}
ORDER BY number
LIMIT CAST(:limit AS BIGINT)
"""

_BEGIN = """
INSERT INTO invalidations
  (id, petition, reason_sealed, condition_sealed, signatures, invalidated_at)
VALUES (:id, :petition, :reason, :condition, 0, :at)
"""

# Who was taken out before stays where they are.
_TAKE_OUT = """
UPDATE signatures SET invalidation_id = COALESCE(invalidation_id, :id)
WHERE petition = :petition AND number IN ({numbers})
"""

_HOW_MANY = """
(SELECT COUNT(*) FROM signatures s WHERE s.petition = :petition AND s.invalidation_id = :id)
"""

_NOTE_HOW_MANY = f"""
UPDATE invalidations SET signatures = {_HOW_MANY} WHERE id = :id RETURNING signatures
"""  # noqa: S608 - constants of this file

_DISCOUNT = """
UPDATE petitions SET signatures = signatures - (
  SELECT i.signatures FROM invalidations i WHERE i.id = :id
)
WHERE slug = :petition
"""

_LIST = """
SELECT id, reason_sealed, condition_sealed, signatures, invalidated_at, undone_at
FROM invalidations WHERE petition = :petition ORDER BY invalidated_at DESC, id
"""

_CAN_UNDO = """
EXISTS (
  SELECT 1 FROM invalidations WHERE id = :id AND petition = :petition AND undone_at IS NULL
)
"""

_COUNT_AGAIN = f"""
UPDATE petitions SET signatures = signatures + {_HOW_MANY}
WHERE slug = :petition AND {_CAN_UNDO}
"""  # noqa: S608 - constants of this file

_PUT_BACK = """
UPDATE signatures SET invalidation_id = NULL
WHERE petition = :petition AND invalidation_id = :id
RETURNING number
"""

_UNDO = f"""
UPDATE invalidations SET undone_at = :at, put_back = {_HOW_MANY} WHERE id = :id AND {_CAN_UNDO}
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class SignatureCondition:
    """Which signatures are meant: those to which everything that is given applies.

    Attributes:
        signed_from: signed then or later.
        signed_before: signed before then.
        source: came by the link with exactly this source.
        name_pattern: the name is like this; `*` stands for any letters, `?` for one, and large
            and small ones are alike.
        form_seconds_under: filled in the form in fewer whole seconds than that.
        with_name: has a name, or has none.
    """

    signed_from: datetime | None = None
    signed_before: datetime | None = None
    source: str | None = None
    name_pattern: str | None = field(default=None, repr=False)
    form_seconds_under: int | None = None
    with_name: bool | None = None


@dataclass(slots=True)
class Matches:
    """The signatures that a condition applies to, and counts of them by what they have.

    Attributes:
        by_form_seconds: by whether they have a name.
        unseen: how many have none that the pattern of names could be like, though all else that
            is asked applies to them.
    """

    numbers: list[int] = field(default_factory=list)
    by_minute: Counter[datetime] = field(default_factory=Counter)
    by_source: Counter[str | None] = field(default_factory=Counter)
    by_language: Counter[str] = field(default_factory=Counter)
    by_form_seconds: dict[bool, Counter[int | None]] = field(
        default_factory=lambda: {True: Counter(), False: Counter()}
    )
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Invalidation:
    """Signatures that were taken out of the count together; `signatures` is how many."""

    id: bytes
    reason: str = field(repr=False)
    condition: str = field(repr=False)
    signatures: int
    invalidated_at: datetime
    undone_at: datetime | None


class Invalidations(AuditedRows):
    """The invalidations of one petition."""

    async def find(self, condition: SignatureCondition) -> Matches:
        """Returns the counted signatures that a condition applies to; names are read by portions.

        What has no name, or a damaged one, is like no pattern.
        """
        found, is_like = Matches(), _name_test(condition.name_pattern)
        async for row in self._rows(condition):
            with_name = row["name_sealed"] is not None
            if is_like is not None:
                found.unseen += not with_name
                name = self._opened(row, "signatures", "name_sealed", row["id"])
                if name is None or not is_like(name):
                    continue
            found.numbers.append(row["number"])
            signed_at = from_millis(row["signed_at"]).replace(second=0, microsecond=0)
            found.by_minute[signed_at] += 1
            found.by_source[row["source"]] += 1
            found.by_language[row["language"]] += 1
            found.by_form_seconds[with_name][row["form_seconds"]] += 1
        return found

    async def take_out(
        self, numbers: list[int], *, reason: str, condition: str, at: datetime
    ) -> tuple[bytes, int]:
        """Takes the signatures with these numbers out of the count, in one transaction.

        Returns:
            The id of the invalidation, and how many it took out: fewer than there are numbers if
            some were withdrawn meanwhile.
        """
        key = uuid.uuid4().bytes
        *_, noted, _ = await self._database.write(
            locking_petition(self._slug),
            self._statement(
                _BEGIN,
                id=key,
                reason=self._sealed(reason, "invalidations", "reason_sealed", key),
                condition=self._sealed(condition, "invalidations", "condition_sealed", key),
                at=to_millis(at),
            ),
            *self._take_out(key, numbers),
            self._audit.statement("invalidate", actor=None, at=at, detail=key.hex()),
            self._statement(_NOTE_HOW_MANY, id=key),
            self._statement(_DISCOUNT, id=key),
        )
        return key, int(noted[0]["signatures"])

    async def entries(self) -> list[Invalidation]:
        """Returns all invalidations, newest first; a damaged reason or condition is empty."""
        return [
            Invalidation(
                id=row["id"],
                reason=self._opened(row, "invalidations", "reason_sealed", row["id"]) or "",
                condition=self._opened(row, "invalidations", "condition_sealed", row["id"]) or "",
                signatures=row["signatures"],
                invalidated_at=from_millis(row["invalidated_at"]),
                undone_at=from_millis(row["undone_at"]),
            )
            for row in await self._read(_LIST)
        ]

    async def undo(self, key: bytes, at: datetime) -> int:
        """Counts the signatures of an invalidation again, in one transaction.

        Returns:
            How many: fewer than were taken out if some have withdrawn since; 0 if it was undone
            before.
        """
        *_, back = await self._database.write(
            locking_petition(self._slug),
            self._statement(_COUNT_AGAIN, id=key),
            self._audit.statement(
                "undo_invalidation",
                actor=None,
                at=at,
                detail=key.hex(),
                only_if=self._statement(_CAN_UNDO, id=key),
            ),
            self._statement(_UNDO, id=key, at=to_millis(at)),
            self._statement(_PUT_BACK, id=key),
        )
        return len(back)

    async def _rows(self, condition: SignatureCondition) -> AsyncIterator[Row]:
        given: dict[str, Value] = {
            "signed_from": to_millis(condition.signed_from),
            "signed_before": to_millis(condition.signed_before),
            "source": condition.source,
            "form_seconds_under": condition.form_seconds_under,
        }
        given = {name: value for name, value in given.items() if value is not None}
        conditions = "".join(_CONDITIONS[name] for name in given)
        sql = _MATCHING.format(conditions=conditions + _NAMED[condition.with_name])
        after = 0
        while True:
            rows = await self._read(sql, **given, after=after, limit=_PORTION)
            for row in rows:
                yield row
            if len(rows) < _PORTION:
                return
            after = rows[-1]["number"]

    def _take_out(self, key: bytes, numbers: list[int]) -> Iterator[Statement]:
        """Yields the statements of all portions.

        The numbers stand in the text: as values, of which a transaction on PostgreSQL carries one
        long list, a hundred thousand took minutes.
        """
        for start in range(0, len(numbers), _NUMBERS_AT_ONCE):
            portion = numbers[start : start + _NUMBERS_AT_ONCE]
            listed = ", ".join(f"{number:d}" for number in portion)
            yield self._statement(_TAKE_OUT.format(numbers=listed), id=key)


_CONDITIONS = {
    "signed_from": " AND signed_at >= CAST(:signed_from AS BIGINT)",
    "signed_before": " AND signed_at < CAST(:signed_before AS BIGINT)",
    "source": " AND source = :source",
    "form_seconds_under": " AND form_seconds < CAST(:form_seconds_under AS BIGINT)",
}
_NAMED = {True: f" AND {HAS_NAME}", False: " AND name_sealed IS NULL", None: ""}


def _name_test(pattern: str | None) -> Callable[[str], bool] | None:
    """Returns what compares names with a pattern, in a time that grows with their length alone."""
    if pattern is None:
        return None
    # Written so that no pattern, however many stars it has, is tried in more than one way.
    is_like = compile_pattern(translate(_folded(pattern))).match
    return lambda name: is_like(_folded(name)) is not None


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()
