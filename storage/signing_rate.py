"""How fast a petition is being signed, as it is looked at every few minutes.

Hours are counted in an index that holds the time and nothing else; rows are read of the last hour,
if it had enough signatures to say anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, and_, func, select, type_coerce

from storage.tables import SIGNATURES
from storage.times import to_millis
from storage.transaction import Transaction

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)

_COLUMNS = SIGNATURES.c

FormSeconds = Mapping[bool, Mapping[int | None, int]]


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
