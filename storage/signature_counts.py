"""How many signed, from where, and how fast. New queries that count signatures go here.

How fast is looked at every few minutes: hours are counted in an index that holds the time and
nothing else; rows are read of the last hour, if it had enough signatures to say anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, func, select, type_coerce

from storage.exports import is_named
from storage.tables import ANONYMOUS_COUNTS, SIGNATURES
from storage.times import to_millis
from storage.transaction import Transaction

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)

_COLUMNS = SIGNATURES.c

FormSeconds = Mapping[bool, Mapping[int | None, int]]


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts at one moment; the source None stands for people who used no tagged link.

    Attributes:
        with_name: how many are handed over with their name.
        erased: how many of the total were erased because their retention was over. Their language
            is counted; their source is not known any more.
        invalidated: how many are not counted, also of those erased; they are in no other figure.
    """

    total: int
    today: int
    by_language: Mapping[str, int]
    by_source: Mapping[str | None, int]
    unreachable: int
    with_name: int
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
        by_source: of the hour; empty, as what follows, if it had too few signatures.
        by_form_seconds: of the hour, by whether they have a name, how long the form took; None:
            not known.
        main_source_before: how many the hour's largest source brought in the week before it.
    """

    until: datetime
    signed: int
    busiest_before: int | None = None
    by_source: Mapping[str | None, int] = field(default_factory=dict)
    by_form_seconds: FormSeconds = field(default_factory=lambda: {True: {}, False: {}})
    main_source_before: int = 0


def statistics(tx: Transaction, since: datetime) -> Stats:
    """Returns the counts of signatures; `today` counts those from `since` on."""
    is_counted, count = _COLUMNS.invalidation_id.is_(None), func.count()
    groups = (is_counted.label("is_counted"), _COLUMNS.language, _COLUMNS.source)
    signed = tx.all(
        select(
            *groups,
            count.label("signed"),
            count.filter(is_named()).label("with_name"),
            count.filter(_COLUMNS.signed_at >= since).label("today"),
            func.count(_COLUMNS.unreachable_at).label("unreachable"),
        )
        .where(tx.of(SIGNATURES))
        .group_by(*groups)
    )
    anonymous = tx.all(select(ANONYMOUS_COUNTS).where(tx.of(ANONYMOUS_COUNTS)))
    counted = [row for row in signed if row.is_counted]
    erased = [row for row in anonymous if row.is_valid]
    by_language, by_source = Counter[str](), Counter[str | None]()
    for row in counted:
        by_language[row.language] += row.signed
        by_source[row.source] += row.signed
    for row in erased:
        by_language[row.language] += row.signatures
    return Stats(
        total=by_language.total(),
        today=sum(row.today for row in counted),
        by_language=dict(by_language),
        by_source=dict(by_source),
        unreachable=sum(row.unreachable for row in counted),
        with_name=sum(row.with_name for row in counted)
        + sum(row.signatures for row in erased if row.with_name),
        erased=sum(row.signatures for row in erased),
        invalidated=sum(row.signed for row in signed if not row.is_counted)
        + sum(row.signatures for row in anonymous if not row.is_valid),
    )


def signing_rate(tx: Transaction, until: datetime, *, details_from: int) -> SigningRate:
    """Returns how fast people signed in the hour before `until`, and before.

    With fewer signatures in that hour than `details_from`, only how many there were.
    """
    before = until - HOUR
    by_hour = _by_hour(tx, before - DAY, until)
    signed = by_hour.pop(0, 0)
    if signed < details_from:
        return SigningRate(until, signed)
    has_name = _COLUMNS.name_sealed.is_not(None)
    groups = (_COLUMNS.source, _COLUMNS.form_seconds, has_name.label("has_name"))
    last_hour = select(*groups, func.count().label("signed")).where(_counted(tx, before, until))
    by_source: Counter[str | None] = Counter()
    by_form_seconds = {True: Counter[int | None](), False: Counter[int | None]()}
    for row in tx.all(last_hour.group_by(*groups)):
        by_source[row.source] += row.signed
        by_form_seconds[row.has_name][row.form_seconds] += row.signed
    [(main, _)] = by_source.most_common(1)
    usual = _counted(tx, None, before - DAY)
    return SigningRate(
        until,
        signed,
        max(by_hour.values(), default=0) if tx.find(SIGNATURES, usual) else None,
        by_source,
        by_form_seconds,
        tx.count(SIGNATURES, _counted(tx, before - WEEK, before), _COLUMNS.source == main),
    )


def _by_hour(tx: Transaction, since: datetime, until: datetime) -> dict[int, int]:
    """Returns how many signed in each hour, by how many hours before `until` it began to end."""
    ago = to_millis(until) - type_coerce(_COLUMNS.signed_at, BigInteger)
    hours_ago = (ago // (HOUR // timedelta(milliseconds=1))).label("hours_ago")
    query = select(hours_ago, func.count().label("signed")).where(_counted(tx, since, until))
    return {row.hours_ago: row.signed for row in tx.all(query.group_by(hours_ago))}


def _counted(tx: Transaction, since: datetime | None, until: datetime) -> ColumnElement[bool]:
    """Returns whether a signature is counted and was given in a span of time."""
    conditions = [
        tx.of(SIGNATURES),
        _COLUMNS.invalidation_id.is_(None),
        _COLUMNS.signed_at <= until,
    ]
    if since is not None:
        conditions.append(_COLUMNS.signed_at > since)
    return and_(*conditions)
