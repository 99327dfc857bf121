"""Which broadcasts are read, and in which order: one query each, for `broadcasts.py`."""

ALL = "SELECT * FROM broadcasts WHERE petition = :petition"
ONE = f"{ALL} AND id = :id"
ACTIVE = f"{ALL} AND state IN ('running', 'paused')"
SCHEDULED = f"{ALL} AND state = 'scheduled' ORDER BY starts_at, id"
HISTORY = f"""
{ALL} ORDER BY created_at DESC, id
LIMIT CAST(:limit AS BIGINT) OFFSET CAST(:offset AS BIGINT)
"""

# Not by its beginning: one that was paused for a day is sent after it.
IS_RECENT = """
started_at IS NOT NULL AND (ended_at IS NULL OR ended_at > CAST(:since AS BIGINT))
"""
RECENT = f"{ALL} AND {IS_RECENT} ORDER BY started_at DESC, id"
# What is under way, then what comes next, the earliest first, then what is over, the latest first.
LISTED = f"""
{ALL} ORDER BY
  CASE WHEN state IN ('running', 'paused') THEN 0 WHEN state = 'scheduled' THEN 1 ELSE 2 END,
  CASE WHEN state = 'scheduled' THEN starts_at END,
  COALESCE(started_at, created_at) DESC, id
LIMIT CAST(:limit AS BIGINT) OFFSET CAST(:offset AS BIGINT)
"""
_MOST_SEARCHED = 200  # for an admin's first one
BEGUN = f"""
{ALL} AND started_at IS NOT NULL ORDER BY started_at DESC, id LIMIT {_MOST_SEARCHED}
"""

# Nothing is due until an admin has looked at a restored backup.
# A broadcast is due if it is running, a supporter returned to it, its time has come, it is to be
# recalled, its end is not reported yet, or it waits for an admin, who is to be told. A recall goes
# first: what was sent is wrong, and after 48 hours it cannot be deleted. What waits for an admin
# comes last, so that it delays nothing that can be done meanwhile.
DUE = f"""
{ALL} AND NOT EXISTS (
  SELECT 1 FROM restores held WHERE held.petition = :petition AND held.released_at IS NULL
)
AND (
  state = 'running'
  OR (state = 'scheduled' AND confirmed_by_sealed IS NULL)
  OR (state = 'scheduled' AND starts_at <= :at AND NOT EXISTS (
    SELECT 1 FROM broadcasts other
    WHERE other.petition = :petition AND other.state IN ('running', 'paused')
  ))
  OR (reported_at IS NULL AND state IN ('finished', 'stopped', 'cancelled'))
  OR (state = 'finished' AND recall_started_at IS NULL AND EXISTS (
    SELECT 1 FROM deliveries d WHERE d.broadcast_id = broadcasts.id
      AND d.state IN ('pending', 'sending')
  ))
  OR (recall_started_at IS NOT NULL AND recall_ended_at IS NULL)
  OR (state = 'paused' AND pause_reason IS NOT NULL)
)
ORDER BY CASE
  WHEN recall_started_at IS NOT NULL AND recall_ended_at IS NULL THEN 0
  WHEN state = 'running' THEN 1
  WHEN state = 'paused' OR confirmed_by_sealed IS NULL AND state = 'scheduled' THEN 4
  WHEN state = 'scheduled' THEN 2
  ELSE 3 END, created_at, id
"""  # noqa: S608 - constants of this file
