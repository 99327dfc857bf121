"""Deliveries: one row for each recipient of a broadcast, and how it moves from state to state.

    pending → sending → delivered | unreachable | rejected | unknown
       ↑         │
       └─────────┘  surely not sent, or perhaps sent and not yet repeated
    pending → withdrawn | unreachable    found when it is claimed

Statements only; `Broadcasts` runs them. Two things make them safe to be killed in and to be run
twice: a claim is a random token that its rows carry, so asking again with it gives the same rows
and no more, and results find their rows by it, so a worker that lost its lease cannot overwrite
what its successor does. `attempts` counts the sends whose outcome stayed unknown to a living
worker, never more than two; what was in flight when a process was killed is sent again besides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from storage.database import SKIP_LOCKED, Statement, Value
from storage.recipients import ELIGIBLE

# A send that may have arrived is repeated once, and then never again.
MOST_ATTEMPTS: Final = 2

# Lists of positions are padded to one of these lengths: few texts, so few prepared statements.
_LENGTHS: Final = (1, 10, 100)


class Outcome(StrEnum):
    """What became of one send."""

    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    UNSENT = "unsent"
    """Surely not delivered: it goes back and the attempt does not count."""
    PERHAPS = "perhaps"
    """It may have arrived: it goes back once, and is `unknown` the second time."""
    UNKNOWN = "unknown"
    """Given up without knowing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed row: whom to send to, in which language, and under which claim."""

    position: int
    chat_id: int
    language: str
    attempts: int
    claim: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed delivery."""

    position: int
    claim: bytes
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a broadcast are in each state."""

    total: int
    pending: int = 0
    sending: int = 0
    delivered: int = 0
    unreachable: int = 0
    rejected: int = 0
    unknown: int = 0
    withdrawn: int = 0

    @property
    def open(self) -> int:
        """Those that are still to be sent or being sent."""
        return self.pending + self.sending

    @property
    def done(self) -> int:
        """Those that need nothing more."""
        return self.total - self.open


# Only a running broadcast is claimed from, and only by whoever holds the lease now.
_MAY_CLAIM: Final = """
EXISTS (SELECT 1 FROM broadcasts r WHERE r.id = :broadcast AND r.state = 'running')
AND EXISTS (SELECT 1 FROM leases l WHERE l.name = :lease AND l.holder = :holder)
"""

# Materialized, or PostgreSQL may run the sub-select once for each row and take more than asked.
# Between, or before it knows the table's size it looks at every row that is waiting.
_CLAIM: Final = f"""
WITH turn AS MATERIALIZED (
  SELECT d.position FROM deliveries d
  WHERE d.broadcast_id = :broadcast AND d.state = 'pending' AND d.position > :after
    AND EXISTS (SELECT 1 FROM {ELIGIBLE} AND s.id = d.signature_id)
  ORDER BY d.position
  LIMIT CAST(:limit AS BIGINT)
  {SKIP_LOCKED}
)
UPDATE deliveries
SET state = 'sending', attempts = attempts + 1, claim = :claim, updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'pending'
  AND position IN (SELECT position FROM turn)
  AND position BETWEEN (SELECT MIN(position) FROM turn) AND (SELECT MAX(position) FROM turn)
  AND {_MAY_CLAIM}
  AND NOT EXISTS (
    SELECT 1 FROM deliveries mine
    WHERE mine.broadcast_id = :broadcast AND mine.state = 'sending' AND mine.claim = :claim
  )
"""  # noqa: S608 - constants of this file

# Those whom the claim passed over, up to the last row it took, or to the end if it took none.
_PASS_OVER: Final = f"""
UPDATE deliveries
SET state = CASE WHEN EXISTS (
      SELECT 1 FROM signatures gone
      WHERE gone.id = deliveries.signature_id AND gone.unreachable_at IS NOT NULL
    ) THEN 'unreachable' ELSE 'withdrawn' END,
    updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'pending' AND position > :after
  AND position < COALESCE((
    SELECT MAX(mine.position) FROM deliveries mine
    WHERE mine.broadcast_id = :broadcast AND mine.state = 'sending' AND mine.claim = :claim
  ), 9223372036854775807)
  AND {_MAY_CLAIM}
  AND NOT EXISTS (SELECT 1 FROM {ELIGIBLE} AND s.id = deliveries.signature_id)
"""  # noqa: S608 - constants of this file

_CLAIMED: Final = """
SELECT d.position, d.language, d.attempts, d.signature_id, s.chat_sealed
FROM deliveries d LEFT JOIN signatures s ON s.id = d.signature_id
WHERE d.broadcast_id = :broadcast AND d.state = 'sending' AND d.claim = :claim
ORDER BY d.position
"""

# What is known for certain counts even when it comes late, from a worker given up for dead.
_CERTAIN: Final = """
UPDATE deliveries SET state = :state, updated_at = :at
WHERE broadcast_id = :broadcast AND claim = :claim AND position IN ({positions})
"""

_GIVE_UP: Final = f"{_CERTAIN} AND state = 'sending'"

_GIVE_BACK: Final = """
UPDATE deliveries SET state = 'pending', attempts = attempts - 1, claim = NULL, updated_at = :at
WHERE broadcast_id = :broadcast AND claim = :claim AND state = 'sending'
  AND position IN ({positions})
"""

_IN_DOUBT: Final = f"""
UPDATE deliveries
SET state = CASE WHEN attempts < {MOST_ATTEMPTS} THEN 'pending' ELSE 'unknown' END,
    updated_at = :at
WHERE broadcast_id = :broadcast AND claim = :claim AND state = 'sending'
  AND position IN ({{positions}})
"""  # noqa: S608 - constants of this file

_LOSE: Final = """
UPDATE signatures SET unreachable_at = :at
WHERE unreachable_at IS NULL AND id IN (
  SELECT d.signature_id FROM deliveries d
  WHERE d.broadcast_id = :broadcast AND d.claim = :claim AND d.position IN ({positions})
)
"""

# The claim stays on the row: whoever was given up for dead may still report what it delivered.
# Most of what a dead holder had claimed it had not sent yet, so being claimed is no attempt: kills
# that come again and again must not use up the attempts of people who were never written to.
_RECOVER: Final = f"""
UPDATE deliveries
SET state = 'pending', attempts = attempts - 1, updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'sending' AND {_MAY_CLAIM}
RETURNING position
"""  # noqa: S608 - constants of this file

# What was being sent when its broadcast was stopped by a worker that then died.
_SETTLE_STOPPED: Final = """
UPDATE deliveries SET state = 'unknown', updated_at = :at
WHERE state = 'sending' AND broadcast_id IN (
  SELECT b.id FROM broadcasts b WHERE b.petition = :petition AND b.state <> 'running'
)
"""

_FRONTIER: Final = """
SELECT MAX(position) AS position FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'unreachable', 'unknown')
"""

TALLY: Final = """
SELECT state, COUNT(*) AS rows FROM deliveries WHERE broadcast_id = :broadcast GROUP BY state
"""

# Signatures are locked before deliveries, as a withdrawal does.
_BY_OUTCOME: Final = {
    Outcome.DELIVERED: (_CERTAIN,),
    Outcome.UNREACHABLE: (_LOSE, _CERTAIN),
    Outcome.REJECTED: (_GIVE_UP,),
    Outcome.UNKNOWN: (_GIVE_UP,),
    Outcome.UNSENT: (_GIVE_BACK,),
    Outcome.PERHAPS: (_IN_DOUBT,),
}


@dataclass(frozen=True, slots=True)
class Post:
    """Where claims are made: one broadcast of one petition, by one holder of its lease."""

    petition: str
    broadcast: bytes
    kind: str
    lease: str
    holder: str


def claim_statements(
    post: Post, *, claim: bytes, limit: int, after: int, at: int
) -> tuple[Statement, ...]:
    """Claim the next rows, settle those passed over, and show what is claimed."""
    move: dict[str, Value] = {
        "petition": post.petition,
        "broadcast": post.broadcast,
        "kind": post.kind,
        "lease": post.lease,
        "holder": post.holder,
        "claim": claim,
        "after": after,
        "at": at,
    }
    return (
        Statement(_CLAIM, {**move, "limit": limit}),
        Statement(_PASS_OVER, move),
        Statement(_CLAIMED, {"broadcast": post.broadcast, "claim": claim}),
    )


def record_statements(
    broadcast: bytes, results: Iterable[Result], *, at: int
) -> Iterator[Statement]:
    """Write down what became of many deliveries."""
    groups: dict[tuple[Outcome, bytes], list[int]] = {}
    for result in results:
        groups.setdefault((result.outcome, result.claim), []).append(result.position)
    for (outcome, claim), positions in groups.items():
        for some in _portions(positions):
            yield from _record(broadcast, outcome, claim, some, at)


def recover_statements(post: Post, *, at: int) -> tuple[Statement, ...]:
    """Take over from a dead holder; the last statement tells how far it had come."""
    fence: dict[str, Value] = {
        "broadcast": post.broadcast,
        "lease": post.lease,
        "holder": post.holder,
        "at": at,
    }
    return (
        Statement(_SETTLE_STOPPED, {"petition": post.petition, "at": at}),
        Statement(_RECOVER, fence),
        Statement(_FRONTIER, {"broadcast": post.broadcast}),
    )


def _record(
    broadcast: bytes, outcome: Outcome, claim: bytes, positions: Sequence[int], at: int
) -> Iterator[Statement]:
    length = next(length for length in _LENGTHS if length >= len(positions))
    names = [f"p{index}" for index in range(length)]
    # The last one again and again: a list of a known length, and the same rows.
    padded = [*positions, *[positions[-1]] * (length - len(positions))]
    values: dict[str, Value] = dict(zip(names, padded, strict=True))
    values |= {"broadcast": broadcast, "claim": claim, "at": at}
    for text in _BY_OUTCOME[outcome]:
        sql = text.format(positions=", ".join(f":{name}" for name in names))
        # `:state` is in some of the texts only; one that is not there is not asked for.
        yield Statement(sql, {**values, "state": outcome.value})


def _portions(positions: Sequence[int]) -> Iterator[Sequence[int]]:
    longest = _LENGTHS[-1]
    for start in range(0, len(positions), longest):
        yield positions[start : start + longest]
