"""How fast a petition is being signed, as it is looked at every few minutes.

Hours are counted in an index that holds the time and nothing else; rows are read of the last hour,
if it had enough signatures to say anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.database import Database, Statement, Value
from storage.times import to_millis

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)

_COUNTED = """
FROM signatures WHERE petition = :petition AND invalidation_id IS NULL
  AND signed_at > CAST(:since AS BIGINT) AND signed_at <= CAST(:until AS BIGINT)
"""

_BY_HOUR = f"""
SELECT (CAST(:until AS BIGINT) - signed_at) / 3600000 AS hours_ago, COUNT(*) AS signed
{_COUNTED} GROUP BY hours_ago
"""

_LAST_HOUR = f"""
SELECT source, form_seconds, CASE WHEN name_sealed IS NULL THEN 0 ELSE 1 END AS with_name,
  COUNT(*) AS signed
{_COUNTED} GROUP BY 1, 2, 3
"""

_OF_SOURCE = f"SELECT COUNT(*) AS signed {_COUNTED} AND source = :source"

_ANY_BEFORE = """
SELECT 1 AS found FROM signatures
WHERE petition = :petition AND invalidation_id IS NULL AND signed_at <= CAST(:until AS BIGINT)
LIMIT 1
"""

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


async def read_signing_rate(
    database: Database, slug: str, until: datetime, *, details_from: int
) -> SigningRate:
    """Reads how fast a petition was signed; only with `details_from` signatures more than that."""

    def asked(sql: str, since: datetime | None, end: datetime, **more: Value) -> Statement:
        span: dict[str, Value] = {"petition": slug, "until": to_millis(end), **more}
        return Statement(sql, span if since is None else {**span, "since": to_millis(since)})

    before = until - HOUR
    rows = await database.read(asked(_BY_HOUR, before - DAY, until))
    by_hour = {row["hours_ago"]: row["signed"] for row in rows}
    signed = by_hour.pop(0, 0)
    if signed < details_from:
        return SigningRate(until, signed)
    is_old = await database.read(asked(_ANY_BEFORE, None, before - DAY))
    by_source: Counter[str | None] = Counter()
    by_form_seconds = {True: Counter[int | None](), False: Counter[int | None]()}
    for row in await database.read(asked(_LAST_HOUR, before, until)):
        by_source[row["source"]] += row["signed"]
        by_form_seconds[bool(row["with_name"])][row["form_seconds"]] += row["signed"]
    [(main, _)] = by_source.most_common(1)
    rows = await database.read(asked(_OF_SOURCE, before - WEEK, before, source=main))
    return SigningRate(
        until,
        signed,
        max(by_hour.values(), default=0) if is_old else None,
        by_source,
        by_form_seconds,
        rows[0]["signed"],
    )
