"""The SQL by which `broadcasts.py` finds broadcasts."""

from typing import Final

ALL: Final = "SELECT * FROM broadcasts WHERE petition = :petition"
ONE: Final = f"{ALL} AND id = :id"
ACTIVE: Final = f"{ALL} AND state IN ('running', 'paused')"
SCHEDULED: Final = f"{ALL} AND state = 'scheduled' ORDER BY starts_at, id"
HISTORY: Final = f"""
{ALL} ORDER BY created_at DESC, id
LIMIT CAST(:limit AS BIGINT) OFFSET CAST(:offset AS BIGINT)
"""

# A broadcast is due if it is running, a supporter returned to it, its time has come, it is to be
# recalled, its end is not reported yet, or it waits for an admin, who is to be told. A recall goes
# first: what was sent is wrong, and after 48 hours it cannot be deleted. What waits for an admin
# comes last, so that it delays nothing that can be done meanwhile.
DUE: Final = f"""
{ALL} AND (
  state = 'running'
  OR (state = 'scheduled' AND approved_by_sealed IS NULL)
  OR (state = 'scheduled' AND starts_at <= :at AND NOT EXISTS (
    SELECT 1 FROM broadcasts other
    WHERE other.petition = :petition AND other.state IN ('running', 'paused')
  ))
  OR (finished_at IS NULL AND state IN ('finished', 'stopped', 'cancelled'))
  OR (state = 'finished' AND recall_started_at IS NULL AND EXISTS (
    SELECT 1 FROM deliveries d WHERE d.broadcast_id = broadcasts.id
      AND d.state IN ('pending', 'sending')
  ))
  OR (recall_started_at IS NOT NULL AND recall_ended_at IS NULL)
  OR (state = 'paused' AND stop_reason IS NOT NULL)
)
ORDER BY CASE
  WHEN recall_started_at IS NOT NULL AND recall_ended_at IS NULL THEN 0
  WHEN state = 'running' THEN 1
  WHEN state = 'paused' OR approved_by_sealed IS NULL AND state = 'scheduled' THEN 4
  WHEN state = 'scheduled' THEN 2
  ELSE 3 END, created_at, id
"""  # noqa: S608 - constants of this file
