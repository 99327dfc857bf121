"""Transactions that claim deliveries, and that take over from a lease holder that died.

A claim is a random token on its rows, so repeating it gives the same rows and no more.
"""

from storage.broadcast_types import Broadcast
from storage.database import FOR_NO_KEY_UPDATE, SKIP_LOCKED, Statement, Value
from storage.eligibility import ELIGIBLE, asked_of
from storage.erased_deliveries import COUNT_ERASED

# Rows are claimed only from a running broadcast, or from a finished one that a supporter returned
# to and that is not recalled; and only by the present holder of the lease.
MAY_CLAIM = """
EXISTS (
  SELECT 1 FROM broadcasts r WHERE r.id = :broadcast AND r.state IN ('running', 'finished')
    AND r.recall_started_at IS NULL
)
AND EXISTS (SELECT 1 FROM leases l WHERE l.name = :lease AND l.holder = :holder)
"""

# The worker and a supporter who returns (`returning_supporters.py`) wait here for each other: on
# PostgreSQL each would otherwise miss what the other has not committed, and the supporter would
# receive nothing.
LOCK = f"SELECT id FROM broadcasts WHERE id = :broadcast {FOR_NO_KEY_UPDATE}"  # noqa: S608

# MATERIALIZED, or PostgreSQL may run the sub-select once for each row and take more than asked.
# BETWEEN, or PostgreSQL reads every pending row while it does not yet know the table's size.
_CLAIM = f"""
WITH turn AS MATERIALIZED (
  SELECT d.position FROM deliveries d
  WHERE d.broadcast_id = :broadcast AND d.state = 'pending' AND d.position > :after
    AND EXISTS (SELECT 1 FROM {ELIGIBLE} AND s.id = d.signature_id)
  ORDER BY d.position
  LIMIT CAST(:limit AS BIGINT)
  {SKIP_LOCKED}
)
UPDATE deliveries
SET state = 'sending', attempts = attempts + 1, claim_token = :claim, updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'pending'
  AND position IN (SELECT position FROM turn)
  AND position BETWEEN (SELECT MIN(position) FROM turn) AND (SELECT MAX(position) FROM turn)
  AND {MAY_CLAIM}
  AND NOT EXISTS (
    SELECT 1 FROM deliveries mine
    WHERE mine.broadcast_id = :broadcast AND mine.state = 'sending' AND mine.claim_token = :claim
      AND mine.position > :after
  )
"""  # noqa: S608 - constants of this file

# The rows that the claim skipped, up to the last row it took, or to the end if it took none.
_PASS_OVER = f"""
UPDATE deliveries
SET state = CASE WHEN EXISTS (
      SELECT 1 FROM signatures gone
      WHERE gone.id = deliveries.signature_id AND gone.unreachable_at IS NOT NULL
    ) THEN 'unreachable' ELSE 'withdrawn' END,
    updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'pending' AND position > :after
  AND position < COALESCE((
    SELECT MAX(mine.position) FROM deliveries mine
    WHERE mine.broadcast_id = :broadcast AND mine.state = 'sending' AND mine.claim_token = :claim
      AND mine.position > :after
  ), 9223372036854775807)
  AND {MAY_CLAIM}
  AND NOT EXISTS (SELECT 1 FROM {ELIGIBLE} AND s.id = deliveries.signature_id)
"""  # noqa: S608 - constants of this file

_CLAIMED = """
SELECT d.position, d.language, d.signature_id, s.chat_sealed
FROM deliveries d LEFT JOIN signatures s ON s.id = d.signature_id
WHERE d.broadcast_id = :broadcast AND d.state = 'sending' AND d.claim_token = :claim
  AND d.position > :after
ORDER BY d.position
"""

# Where the dead holder was. Its successor goes on after that row, or repeated kills would hit the
# same people. The furthest row would not do: from the second round on it stays the same.
_NEWEST_CLAIM = """
SELECT position FROM deliveries
WHERE broadcast_id = :broadcast AND state = 'sending'
ORDER BY updated_at DESC, position DESC
LIMIT 1
"""

# The claim stays on the row: a holder that was taken for dead may still report what it delivered.
# Most of what a dead holder had claimed it had not sent, so being claimed is no attempt: repeated
# kills must not use up the attempts of people to whom nothing was ever sent.
_RECOVER = f"""
UPDATE deliveries
SET state = 'pending', attempts = attempts - 1, updated_at = :at
WHERE broadcast_id = :broadcast AND state = 'sending' AND {MAY_CLAIM}
"""  # noqa: S608 - constants of this file

# Rows that a worker was sending when the broadcast was stopped or cancelled and the worker died.
SETTLE_ENDED = """
UPDATE deliveries SET state = 'unconfirmed', updated_at = :at
WHERE state = 'sending' AND broadcast_id IN (
  SELECT b.id FROM broadcasts b
  WHERE b.petition = :petition AND b.state IN ('stopped', 'cancelled')
)
"""

_FRONTIER = """
SELECT MAX(position) AS position FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'unreachable', 'unconfirmed')
"""


CLAIM = (LOCK, _CLAIM, _PASS_OVER, _CLAIMED)
"""Claims the next `:limit` rows behind `:after`, settles skipped ones and selects the claimed."""

RECOVER = (
    _NEWEST_CLAIM,
    SETTLE_ENDED,
    _RECOVER,
    *(statement.sql for statement in COUNT_ERASED),
    _FRONTIER,
)
"""A takeover; its first and last rows tell how far the former holder had come."""


def lease_of(petition: str) -> str:
    """Returns the name of the lease under which a petition's broadcasts are sent."""
    return f"broadcast/{petition}"


def scope_of(petition: str, broadcast: Broadcast, holder: str) -> dict[str, Value]:
    """Returns the parameters of `MAY_CLAIM` and of `ELIGIBLE`, for the holder of the lease."""
    return {**asked_of(petition, broadcast), "lease": lease_of(petition), "holder": holder}


def lock_broadcast(broadcast: bytes) -> Statement:
    """Returns the first statement of all that changes a broadcast or skips its recipients."""
    return Statement(LOCK, {"broadcast": broadcast})
