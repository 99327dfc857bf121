"""Taking a wave of false signatures out of the count, and counting them again.

The signatures stay, so people who were taken out by mistake still see theirs and can withdraw it.
Of each invalidation its reason and condition are kept, sealed: a pattern of names is personal
data.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from re import compile as compile_pattern
from unicodedata import normalize

from sqlalchemy import ColumnElement, case, select

from storage.admins import add_audit
from storage.petitions import lock_petition
from storage.tables import INVALIDATIONS, PETITIONS, SIGNATURES
from storage.transaction import Row, Transaction

_PORTION = 5_000
_NUMBERS_AT_ONCE = 1_000

_SIGNED = SIGNATURES.c


@dataclass(frozen=True, slots=True)
class SignatureCondition:
    """Which signatures are meant: those to which everything that is given applies.

    Attributes:
        signed_from: signed then or later.
        name_pattern: the name is like this; `*` stands for any letters, `?` for one, and large
            and small ones are alike.
        form_seconds_under: filled in the form in fewer whole seconds than that.
    """

    signed_from: datetime | None = None
    signed_before: datetime | None = None
    source: str | None = None
    name_pattern: str | None = field(default=None, repr=False)
    form_seconds_under: int | None = None
    with_name: bool | None = None


@dataclass(slots=True)
class Matches:
    """The signatures that a condition applies to, and counts of them by what they have; of the
    seconds by whether they have a name, too."""

    numbers: list[int] = field(default_factory=list)
    by_minute: Counter[datetime] = field(default_factory=Counter)
    by_source: Counter[str | None] = field(default_factory=Counter)
    by_language: Counter[str] = field(default_factory=Counter)
    by_form_seconds: dict[bool, Counter[int | None]] = field(
        default_factory=lambda: {True: Counter(), False: Counter()}
    )


@dataclass(frozen=True, slots=True)
class Invalidation:
    """Signatures that were taken out of the count together: how many, and how many came back."""

    id: bytes
    reason: str | None = field(repr=False)
    condition: str | None = field(repr=False)
    signatures: int
    invalidated_at: datetime
    undone_at: datetime | None
    put_back: int | None


def find_matches(tx: Transaction, condition: SignatureCondition) -> Matches:
    """Returns the counted signatures that a condition applies to; names are read by portions."""
    found, is_like = Matches(), None
    if condition.name_pattern is not None:
        # So no pattern, however many stars it has, is tried in more than one way.
        pattern = _folded(condition.name_pattern).replace("[", "[[]")  # names can have brackets
        is_like = compile_pattern(translate(pattern)).match
    for row in _counted(tx, condition):
        if is_like is not None:
            # What has no name, or a damaged one, is like no pattern.
            name = tx.opened(row.name_sealed, _SIGNED.name_sealed, row.id)
            if name is None or is_like(_folded(name)) is None:
                continue
        found.numbers.append(row.number)
        found.by_minute[row.signed_at.replace(second=0, microsecond=0)] += 1
        found.by_source[row.source] += 1
        found.by_language[row.language] += 1
        found.by_form_seconds[row.name_sealed is not None][row.form_seconds] += 1
    return found


def take_out_signatures(
    tx: Transaction, numbers: Sequence[int], *, reason: str, condition: str, at: datetime
) -> tuple[bytes, int]:
    """Takes the signatures with these numbers out of the count.

    Returns the id of the invalidation, and how many it took out: fewer than there are numbers if
    some were withdrawn meanwhile.
    """
    lock_petition(tx, shared=True)
    key, taken = tx.new_id(at), 0
    for start in range(0, len(numbers), _NUMBERS_AT_ONCE):
        portion = _SIGNED.number.in_(numbers[start : start + _NUMBERS_AT_ONCE])
        # Who was taken out before stays where they are.
        counted = _SIGNED.invalidation_id.is_(None)
        taken += tx.set(SIGNATURES, portion, counted, invalidation_id=key)
    why = {"reason": reason, "condition": condition}
    tx.add(INVALIDATIONS, id=key, **why, signatures=taken, invalidated_at=at)
    add_audit(tx, "invalidate", at=at, detail=key.hex())
    tx.set(PETITIONS, signatures=PETITIONS.c.signatures - taken)
    return key, taken


def all_invalidations(tx: Transaction) -> list[Invalidation]:
    """Returns all invalidations, newest first; None is a damaged reason or condition."""
    by = (INVALIDATIONS.c.invalidated_at.desc(), INVALIDATIONS.c.id)
    stored = [tx.unsealed(INVALIDATIONS, row) for row in tx.every(INVALIDATIONS, by=by)]
    return [Invalidation(**each) for each in stored]


def undo_invalidation(tx: Transaction, key: bytes, at: datetime) -> int:
    """Counts the signatures of an invalidation again; returns how many.

    Fewer than were taken out if some have withdrawn since; 0 if it was undone before.
    """
    lock_petition(tx, shared=True)
    if not tx.set(INVALIDATIONS, key, INVALIDATIONS.c.undone_at.is_(None), undone_at=at):
        return 0
    back = tx.set(SIGNATURES, _SIGNED.invalidation_id == key, invalidation_id=None)
    tx.set(INVALIDATIONS, key, put_back=back)
    add_audit(tx, "undo_invalidation", at=at, detail=key.hex())
    tx.set(PETITIONS, signatures=PETITIONS.c.signatures + back)
    return back


def _counted(tx: Transaction, condition: SignatureCondition) -> Iterator[Row]:
    """Yields the counted signatures to which all that is given applies, but for the name."""
    # Read once in the order of numbers. As a plain condition, that they are counted would let
    # PostgreSQL take the index of those and sort all of them for each portion.
    is_counted = case((_SIGNED.invalidation_id.is_(None), 1), else_=0) == 1
    query = select(SIGNATURES).where(tx.of(SIGNATURES), is_counted, *_conditions(condition))
    query = query.order_by(_SIGNED.number).limit(_PORTION)
    rows = tx.all(query)
    while rows:
        yield from rows
        rows = tx.all(query.where(_SIGNED.number > rows[-1].number))


def _conditions(condition: SignatureCondition) -> Iterator[ColumnElement[bool]]:
    if condition.signed_from is not None:
        yield _SIGNED.signed_at >= condition.signed_from
    if condition.signed_before is not None:
        yield _SIGNED.signed_at < condition.signed_before
    if condition.source is not None:
        yield _SIGNED.source == condition.source
    if condition.form_seconds_under is not None:
        yield _SIGNED.form_seconds < condition.form_seconds_under
    if condition.with_name is not None:
        yield _SIGNED.name_sealed.is_not(None).is_(condition.with_name)


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()
