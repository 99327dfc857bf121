"""Statements that record the outcomes of deliveries: many at a time, and safe to repeat.

A result finds its row by its claim, so a worker that lost its lease cannot overwrite what its
successor does.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from storage.broadcast_types import MOST_ATTEMPTS, Outcome, Result
from storage.database import Statement, Value
from storage.sql_in_lists import padded, portions

_OF_RESULTS = """
WHERE broadcast_id = :broadcast AND claim_token = :claim AND position IN ({positions})
"""

# A certain outcome counts even when it comes late, from a worker that was taken for dead. Not
# joined with a list of values: SQLite would read every delivery for that.
_DELIVERED = f"""
UPDATE deliveries
SET state = 'delivered', updated_at = :at, message_ids = CASE position {{messages}} END
{_OF_RESULTS}
"""  # noqa: S608 - constants of this file

_CERTAIN = f"""
UPDATE deliveries SET state = :state, updated_at = :at {_OF_RESULTS}
"""  # noqa: S608 - constants of this file

_GIVE_UP = f"{_CERTAIN} AND state = 'sending'"

_GIVE_BACK = f"""
UPDATE deliveries
SET state = 'pending', attempts = attempts - 1, claim_token = NULL, updated_at = :at
{_OF_RESULTS} AND state = 'sending'
"""  # noqa: S608 - constants of this file

_IN_DOUBT = f"""
UPDATE deliveries
SET state = CASE WHEN attempts < {MOST_ATTEMPTS} THEN 'pending' ELSE 'unconfirmed' END,
    updated_at = :at
{_OF_RESULTS} AND state = 'sending'
"""  # noqa: S608 - constants of this file

_MARK_UNREACHABLE = f"""
UPDATE signatures SET unreachable_at = :at
WHERE unreachable_at IS NULL AND id IN (
  SELECT signature_id FROM deliveries {_OF_RESULTS}
)
"""  # noqa: S608 - constants of this file

# Signatures are locked before deliveries, as in a withdrawal.
_BY_OUTCOME = {
    Outcome.DELIVERED: (_DELIVERED,),
    Outcome.UNREACHABLE: (_MARK_UNREACHABLE, _CERTAIN),
    Outcome.REJECTED: (_GIVE_UP,),
    Outcome.FORBIDDEN: (_GIVE_UP,),
    Outcome.UNCONFIRMED: (_GIVE_UP,),
    Outcome.UNSENT: (_GIVE_BACK,),
    Outcome.IN_DOUBT: (_IN_DOUBT,),
}


def record_statements(
    broadcast: bytes, results: Iterable[Result], *, at: int
) -> Iterator[Statement]:
    """Yields the statements that record many results."""
    groups: dict[tuple[Outcome, bytes], list[Result]] = {}
    for result in results:
        groups.setdefault((result.outcome, result.claim), []).append(result)
    for some in groups.values():
        for portion in portions(some):
            yield from _record(broadcast, portion, at)


def _record(broadcast: bytes, results: Sequence[Result], at: int) -> Iterator[Statement]:
    """Yields the statements for results that share one outcome and one claim."""
    outcome, claim = results[0].outcome, results[0].claim
    listed = padded(results)
    values: dict[str, Value] = {
        "broadcast": broadcast,
        "claim": claim,
        "at": at,
        "state": outcome.value,
    }
    for index, result in enumerate(listed):
        values[f"p{index}"] = result.position
        if outcome is Outcome.DELIVERED:
            values[f"m{index}"] = ",".join(map(str, result.messages)) or None
    for sql in _texts(outcome, len(listed)):
        # Only some of these statements use `:state`; the others ignore it.
        yield Statement(sql, values)


@cache
def _texts(outcome: Outcome, length: int) -> tuple[str, ...]:
    """Returns the SQL for this number of results of one outcome."""
    positions = ", ".join(f":p{index}" for index in range(length))
    messages = " ".join(
        f"WHEN CAST(:p{index} AS BIGINT) THEN CAST(:m{index} AS TEXT)" for index in range(length)
    )
    return tuple(
        sql.format(positions=positions, messages=messages) for sql in _BY_OUTCOME[outcome]
    )
