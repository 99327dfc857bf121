"""Writing one row for each recipient of a broadcast, before anything is sent.

The worker writes a portion of signature numbers at a time: a million rows in one statement would
block all signing for a quarter of a minute on SQLite. The next portion is stored with the
broadcast, so a kill loses nothing and repeats nothing. Positions are signature numbers: the order
of signing.
"""

from storage.database import FOR_KEY_SHARE
from storage.delivery_claims import LOCK, MAY_CLAIM
from storage.eligibility import ELIGIBLE, IN_LANGUAGE, LANGUAGE

# People for whom Telegram rejected an earlier content come last: if the cause lies with them, it
# keeps no message from anybody else. Supporters who return come after them.
_REFUSED_BEFORE = 1_000_000_000_000
RETURNED = 2 * _REFUSED_BEFORE

_HERE = f"""
EXISTS (
  SELECT 1 FROM broadcasts here WHERE here.id = :broadcast AND here.enqueued_at IS NULL
    AND here.enqueued_through = :after
) AND {MAY_CLAIM}
"""  # noqa: S608 - constants of this package

# Waits for a withdrawal that is under way; those who have withdrawn by then get no row.
_PORTION = f"""
INSERT INTO deliveries
  (broadcast_id, position, signature_id, language, state, attempts, updated_at)
SELECT :broadcast, position, id, language, 'pending', 0, :at
FROM (
  SELECT s.id AS id, {LANGUAGE} AS language, s.number + CASE WHEN EXISTS (
      SELECT 1 FROM deliveries r WHERE r.signature_id = s.id AND r.state = 'rejected'
    ) THEN {_REFUSED_BEFORE} ELSE 0 END AS position
  FROM {ELIGIBLE}
    AND s.number > CAST(:after AS BIGINT) AND s.number <= CAST(:upto AS BIGINT)
    AND {IN_LANGUAGE}
  {FOR_KEY_SHARE}
) recipient
WHERE {_HERE}
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants of this package

_ADVANCE = f"""
UPDATE broadcasts SET enqueued_through = :upto WHERE id = :broadcast AND {_HERE}
"""  # noqa: S608 - constants of this file

_ALL = f"""
UPDATE broadcasts
SET enqueued_at = :at,
  total = (SELECT COUNT(*) FROM deliveries d WHERE d.broadcast_id = :broadcast)
    + (SELECT CAST(COALESCE(SUM(e.people), 0) AS BIGINT) FROM erased_deliveries e
       WHERE e.broadcast_id = :broadcast)
WHERE id = :broadcast AND {_HERE}
"""  # noqa: S608 - constants of this file

ENQUEUED = """
SELECT COALESCE(b.last_signature_number, p.last_number) AS last_number, b.enqueued_through,
  b.enqueued_at
FROM broadcasts b JOIN petitions p ON p.slug = b.petition
WHERE b.id = :broadcast
"""

PORTION = (LOCK, _PORTION, _ADVANCE)
"""Writes the rows of signatures above `:after` up to `:upto`."""

ALL_WRITTEN = (LOCK, _ALL)
"""Records that all rows are written, and their number."""
