"""How many signed, from where, and how fast. New queries that count signatures go here.

How fast is looked at every few minutes: hours are counted in an index that holds the time and
nothing else, and rows are read of the last hour.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, func, select, type_coerce

from storage.exports import IS_NAMED
from storage.tables import ANONYMOUS_COUNTS, SIGNATURES
from storage.times import to_millis
from storage.transaction import Transaction

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_SIGNED = SIGNATURES.c
_IS_COUNTED = _SIGNED.invalidation_id.is_(None)


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts at one moment; the source None stands for people who used no tagged link.

    Attributes:
        erased: how many of the total were erased because their retention was over. Their language
            is counted; their source is not known any more.
        invalidated: how many are not counted, also of those erased; they are in no other figure.
    """

    total: int
    today: int
    by_language: Mapping[str, int]
    by_source: Mapping[str | None, int]
    unreachable: int = 0
    with_name: int = 0
    erased: int = 0
    invalidated: int = 0

    @property
    def without_name(self) -> int:
        """How many are only counted when the signatures are handed over."""
        return self.total - self.with_name


@dataclass(frozen=True, slots=True)
class SigningRate:
    """The counted signatures of the hour before `until`, and what is usual.

    Attributes:
        signed: how many in that hour.
        busiest_before: how many in the busiest of the 24 hours before; None if the petition had
            no signature yet when those began, so that nothing is usual.
        by_form_seconds: of the hour, by whether they have a name, how long the form took; None:
            not known.
    """

    until: datetime
    signed: int
    busiest_before: int | None
    by_form_seconds: Mapping[bool, Mapping[int | None, int]]


def signature_statistics(tx: Transaction, since: datetime) -> Stats:
    """Returns the counts of signatures; `today` counts those from `since` on."""
    groups = (_IS_COUNTED.label("is_counted"), _SIGNED.language, _SIGNED.source)
    counts = (
        func.count().label("signed"),
        func.count().filter(IS_NAMED).label("with_name"),
        func.count().filter(_SIGNED.signed_at >= since).label("today"),
        func.count(_SIGNED.unreachable_at).label("unreachable"),
    )
    by_language, by_source, sums = Counter[str](), Counter[str | None](), Counter(today=0)
    for row in tx.all(select(*groups, *counts).where(tx.of(SIGNATURES)).group_by(*groups)):
        if row.is_counted:
            by_language[row.language] += row.signed
            by_source[row.source] += row.signed
            sums.update(today=row.today, with_name=row.with_name, unreachable=row.unreachable)
        else:
            sums.update(invalidated=row.signed)
    for row in tx.all(select(ANONYMOUS_COUNTS).where(tx.of(ANONYMOUS_COUNTS))):
        if row.is_valid:
            by_language[row.language] += row.signatures
            sums.update(erased=row.signatures, with_name=row.signatures * row.with_name)
        else:
            sums.update(invalidated=row.signatures)
    total = by_language.total()
    return Stats(total=total, by_language=dict(by_language), by_source=dict(by_source), **sums)


def earliest_signed_at(tx: Transaction) -> datetime | None:
    """Returns when the signature with the lowest number was given; None without any.

    Numbers are given in the order of signing, so the lowest is as good as the earliest here.
    """
    query = select(_SIGNED.signed_at).where(tx.of(SIGNATURES)).order_by(_SIGNED.number).limit(1)
    return tx.scalar(query)


def signing_rate(tx: Transaction, until: datetime) -> SigningRate:
    """Returns how fast people signed in the hour before `until`, and before."""
    before, has_name = until - HOUR, _SIGNED.name_sealed.is_not(None).label("has_name")
    groups = (_SIGNED.form_seconds, has_name)
    last_hour = select(*groups, func.count().label("signed")).where(_between(before, until))
    by_form_seconds = {True: Counter[int | None](), False: Counter[int | None]()}
    for row in tx.all(last_hour.where(tx.of(SIGNATURES)).group_by(*groups)):
        by_form_seconds[row.has_name][row.form_seconds] += row.signed
    signed = sum(each.total() for each in by_form_seconds.values())
    return SigningRate(until, signed, _busiest_hour(tx, before), by_form_seconds)


def _busiest_hour(tx: Transaction, until: datetime) -> int | None:
    """Returns how many signed in the busiest hour of a day; None if nobody had before it."""
    if tx.find(SIGNATURES, _IS_COUNTED, _SIGNED.signed_at <= until - DAY) is None:
        return None
    ago = to_millis(until) - type_coerce(_SIGNED.signed_at, BigInteger)
    hour = ago // (HOUR // timedelta(milliseconds=1))
    of_day = select(func.count().label("signed")).where(_between(until - DAY, until))
    hours = tx.all(of_day.where(tx.of(SIGNATURES)).group_by(hour))
    return max((row.signed for row in hours), default=0)


def _between(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Returns whether a signature is counted and was given in a span of time."""
    return and_(_IS_COUNTED, _SIGNED.signed_at > since, _SIGNED.signed_at <= until)
