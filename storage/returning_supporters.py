"""Supporters who return after being unreachable or muted, and still get what they missed.

They get the closing update, or its correction, for thirty days after the closing; later it would
come unexpectedly. Every notice of a breach they get however late, and muted too: it was promised.
"""

from datetime import datetime, timedelta

from storage.database import FOR_NO_KEY_UPDATE, FOR_UPDATE, Statement, Value
from storage.eligibility import LANGUAGE
from storage.enqueue import RETURNED
from storage.petitions import locking_petition
from storage.times import to_millis

OWED_FOR = timedelta(days=30)  # after the closing; a notice of a breach has no limit

# Every broadcast that they may still get, so that no worker skips them meanwhile; the petition is
# locked too, so that none begins. The order is everywhere: petition, broadcast, signature,
# delivery.
_LOCK_BROADCASTS = f"""
SELECT id FROM broadcasts
WHERE petition = :petition
  AND (state IN ('running', 'paused')
    OR (state = 'finished' AND kind IN ('closing', 'correction', 'breach')))
ORDER BY id {FOR_NO_KEY_UPDATE}
"""  # noqa: S608 - a constant

# Another transaction may be recording at this moment that they are unreachable.
_LOCK_SIGNATURE = f"""
SELECT id FROM signatures WHERE petition = :petition AND supporter = :supporter {FOR_UPDATE}
"""  # noqa: S608 - a constant

_BACK = """
UPDATE signatures SET unreachable_at = NULL
WHERE petition = :petition AND supporter = :supporter AND unreachable_at IS NOT NULL
RETURNING id
"""

# The closing updates of a petition that is still closed and was closed lately, with the supporter
# who returned. One that was wrong, so that it was recalled or corrected, is left out; in place of
# one that was corrected, those who have it get the correction.
_CLOSINGS = """
broadcasts b
JOIN petitions p ON p.slug = b.petition
JOIN signatures s ON s.petition = b.petition
WHERE b.petition = :petition
  AND b.state IN ('running', 'paused', 'finished') AND b.recall_started_at IS NULL
  AND CASE
    WHEN b.kind = 'closing' THEN NOT EXISTS (
      SELECT 1 FROM broadcasts correction
      WHERE correction.petition = b.petition AND correction.topic LIKE 'closing/%'
        AND correction.started_at >= b.created_at
    )
    WHEN b.topic LIKE 'closing/%' THEN EXISTS (
      SELECT 1 FROM deliveries wrong JOIN broadcasts had ON had.id = wrong.broadcast_id
      WHERE wrong.signature_id = s.id AND had.kind = 'closing' AND had.recall_started_at IS NULL
        AND had.created_at >= p.closed_at
        AND wrong.state IN ('delivered', 'unconfirmed')
    )
    ELSE FALSE
  END
  AND p.closed_at > CAST(:since AS BIGINT) AND b.created_at >= p.closed_at
  AND s.supporter = :supporter AND s.unreachable_at IS NULL AND s.muted_at IS NULL
  AND s.invalidation_id IS NULL
"""

_LATEST = "ORDER BY b.created_at DESC, b.id LIMIT 1"

# Of the notices of a breach, all that came after they signed.
_BREACHES = """
broadcasts b JOIN signatures s ON s.petition = b.petition
WHERE b.petition = :petition AND b.kind = 'breach'
  AND b.state IN ('running', 'paused', 'finished') AND b.recall_started_at IS NULL
  AND s.supporter = :supporter AND s.unreachable_at IS NULL
"""


# In a running broadcast they are sent it with everybody else. The row is found by both columns of
# a key, or SQLite reads everyone who was unreachable.
def _again(missed: str, which: str = "") -> str:
    return f"""
UPDATE deliveries SET state = 'pending', attempts = 0, claim_token = NULL, updated_at = :at
WHERE state IN ('unreachable', 'withdrawn')
  AND signature_id = (
    SELECT s.id FROM signatures s WHERE s.petition = :petition AND s.supporter = :supporter
  )
  AND broadcast_id IN (
    SELECT b.id FROM {missed} AND EXISTS (
      SELECT 1 FROM deliveries missed
      WHERE missed.signature_id = s.id AND missed.broadcast_id = b.id
        AND missed.state IN ('unreachable', 'withdrawn')
    )
    {which}
  )
RETURNING position
"""  # noqa: S608 - constants of this file


# People who unmute the bot during another broadcast get it with everybody else, if its rows, which
# were written at its beginning, include them. At most one broadcast is under way.
_UNDER_WAY = """
UPDATE deliveries SET state = 'pending', updated_at = :at
WHERE state = 'withdrawn'
  AND signature_id = (
    SELECT s.id FROM signatures s
    WHERE s.petition = :petition AND s.supporter = :supporter AND s.muted_at IS NULL
  )
  AND broadcast_id = (
    SELECT b.id FROM broadcasts b
    WHERE b.petition = :petition AND b.state IN ('running', 'paused')
  )
RETURNING position
"""


# People who were unreachable when their portion of rows was written have no row yet; one who is in
# a portion still to be written needs none.
def _at_last(missed: str, which: str = "") -> str:
    return f"""
INSERT INTO deliveries
  (broadcast_id, position, signature_id, language, state, attempts, updated_at)
SELECT b.id, s.number + {RETURNED}, s.id, {LANGUAGE}, 'pending', 0, :at
FROM {missed}
  AND (b.enqueued_at IS NOT NULL OR s.number <= b.enqueued_through)
  AND s.number <= COALESCE(b.last_signature_number, s.number)
  AND (b.language IS NULL OR b.language = {LANGUAGE})
  AND NOT EXISTS (
    SELECT 1 FROM deliveries told JOIN broadcasts earlier ON earlier.id = told.broadcast_id
    WHERE told.signature_id = s.id AND earlier.topic = b.topic
      AND (
        earlier.id = b.id
        OR (earlier.recall_started_at IS NULL AND (
          told.state IN ('delivered', 'unconfirmed', 'sending')
          OR (told.state = 'pending' AND earlier.state IN ('running', 'paused', 'finished'))
        ))
      )
  )
{which}
ON CONFLICT DO NOTHING
RETURNING position
"""  # noqa: S608 - constants of this file


def returned_statements(petition: str, supporter: bytes, at: datetime) -> tuple[Statement, ...]:
    """Returns the transaction of a return; its last five yield a row if a message is due."""
    person: dict[str, Value] = {"petition": petition, "supporter": supporter}
    owed: dict[str, Value] = {
        **person,
        "at": to_millis(at),
        "since": to_millis(at - OWED_FOR),
    }
    return (
        locking_petition(petition),
        Statement(_LOCK_BROADCASTS, {"petition": petition}),
        Statement(_LOCK_SIGNATURE, person),
        Statement(_BACK, person),
        Statement(_again(_CLOSINGS, _LATEST), owed),
        Statement(_UNDER_WAY, owed),
        Statement(_at_last(_CLOSINGS, _LATEST), owed),
        Statement(_again(_BREACHES), owed),
        Statement(_at_last(_BREACHES), owed),
    )
