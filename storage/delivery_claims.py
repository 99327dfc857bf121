"""Claiming deliveries, and taking over from a holder that died: statements only.

A claim is a random token that its rows carry, so asking again with it gives the same rows and no
more.
"""

from dataclasses import dataclass
from typing import Final

from storage.database import FOR_NO_KEY_UPDATE, SKIP_LOCKED, Statement, Value
from storage.eligibility import ELIGIBLE
from storage.erased_deliveries import COUNT_ERASED

# Only what is under way is claimed from, or what is over and somebody came back to, unless it is
# taken back by then; and only by whoever holds the lease now.
MAY_CLAIM: Final = """
EXISTS (
  SELECT 1 FROM broadcasts r WHERE r.id = :broadcast AND r.state IN ('running', 'finished')
    AND r.recall_started_at IS NULL
)
AND EXISTS (SELECT 1 FROM leases l WHERE l.name = :lease AND l.holder = :holder)
"""

# Who comes back waits here for the worker, and the worker for them (`returning_supporters.py`): on
# PostgreSQL each would otherwise pass over what the other has not committed, and nobody would tell
# them.
_LOCK: Final = f"SELECT id FROM broadcasts WHERE id = :broadcast {FOR_NO_KEY_UPDATE}"  # noqa: S608

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
  AND {MAY_CLAIM}
  AND NOT EXISTS (
    SELECT 1 FROM deliveries mine
    WHERE mine.broadcast_id = :broadcast AND mine.state = 'sending' AND mine.claim = :claim
      AND mine.position > :after
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
      AND mine.position > :after
  ), 9223372036854775807)
  AND {MAY_CLAIM}
  AND NOT EXISTS (SELECT 1 FROM {ELIGIBLE} AND s.id = deliveries.signature_id)
"""  # noqa: S608 - constants of this file

_CLAIMED: Final = """
SELECT d.position, d.language, d.attempts, d.signature_id, s.chat_sealed
FROM deliveries d LEFT JOIN signatures s ON s.id = d.signature_id
WHERE d.broadcast_id = :broadcast AND d.state = 'sending' AND d.claim = :claim
  AND d.position > :after
ORDER BY d.position
"""

# Where the dead holder was: behind it, or kills that come again and again hit the same people.
# The furthest row would not do: from the second round on it stays the same.
_NEWEST_CLAIM: Final = """
SELECT position FROM deliveries
WHERE broadcast_id = :broadcast AND state = 'sending'
ORDER BY updated_at DESC, position DESC
LIMIT 1
"""

# The claim stays on the row: whoever was given up for dead may still report what it delivered.
# Most of what a dead holder had claimed it had not sent yet, so being claimed is no attempt: kills
# that come again and again must not use up the attempts of people who were never written to.
_RECOVER: Final = f"""
UPDATE deliveries
SET state = 'pending', attempts = attempts - 1, updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'sending' AND {MAY_CLAIM}
"""  # noqa: S608 - constants of this file

# What was being sent when its broadcast was stopped or cancelled, by a worker that then died.
_SETTLE_ENDED: Final = """
UPDATE deliveries SET state = 'unknown', updated_at = :at
WHERE state = 'sending' AND broadcast_id IN (
  SELECT b.id FROM broadcasts b
  WHERE b.petition = :petition AND b.state IN ('stopped', 'cancelled')
)
"""

_FRONTIER: Final = """
SELECT MAX(position) AS position FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'unreachable', 'unknown')
"""


@dataclass(frozen=True, slots=True)
class ClaimScope:
    """Where claims are made: one broadcast of one petition, by one holder of its lease."""

    petition: str
    broadcast: bytes
    topic: str
    news_only: bool
    lease: str
    holder: str

    @property
    def asked(self) -> dict[str, Value]:
        """What the definition of a recipient asks for."""
        return {
            "petition": self.petition,
            "broadcast": self.broadcast,
            "topic": self.topic,
            "news_only": int(self.news_only),
        }


def lock_broadcast(broadcast: bytes) -> Statement:
    """The first statement of whatever changes a broadcast, or decides who is passed over."""
    return Statement(_LOCK, {"broadcast": broadcast})


def claim_statements(
    post: ClaimScope, *, claim: bytes, limit: int, after: int, at: int
) -> tuple[Statement, ...]:
    """Claim the next rows, settle those passed over, and show what is claimed."""
    move: dict[str, Value] = {
        **post.asked,
        "lease": post.lease,
        "holder": post.holder,
        "claim": claim,
        "after": after,
        "at": at,
    }
    return (
        lock_broadcast(post.broadcast),
        Statement(_CLAIM, {**move, "limit": limit}),
        Statement(_PASS_OVER, move),
        Statement(_CLAIMED, {"broadcast": post.broadcast, "claim": claim, "after": after}),
    )


def settle_statement(petition: str, *, at: int) -> Statement:
    """What a dead holder was sending when its broadcast ended: nobody will ever know."""
    return Statement(_SETTLE_ENDED, {"petition": petition, "at": at})


def recover_statements(post: ClaimScope, *, at: int) -> tuple[Statement, ...]:
    """Take over from a dead holder; the first and the last statement tell how far it had come."""
    fence: dict[str, Value] = {
        "broadcast": post.broadcast,
        "lease": post.lease,
        "holder": post.holder,
        "at": at,
    }
    return (
        Statement(_NEWEST_CLAIM, {"broadcast": post.broadcast}),
        settle_statement(post.petition, at=at),
        Statement(_RECOVER, fence),
        *COUNT_ERASED,
        Statement(_FRONTIER, {"broadcast": post.broadcast}),
    )
