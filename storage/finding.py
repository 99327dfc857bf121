"""Which broadcasts there are: the texts of the questions that `broadcasts.py` asks."""

from typing import Final

ALL: Final = "SELECT * FROM broadcasts WHERE petition = :petition"
ONE: Final = f"{ALL} AND id = :id"
ACTIVE: Final = f"{ALL} AND state IN ('running', 'paused')"
SCHEDULED: Final = f"{ALL} AND state = 'scheduled' ORDER BY starts_at, id"
HISTORY: Final = f"""
{ALL} ORDER BY created_at DESC, id
LIMIT CAST(:limit AS BIGINT) OFFSET CAST(:offset AS BIGINT)
"""

# Under way, or somebody came back, or its time has come, or it is to be recalled, or it ended and
# that could not be said, or it waits for a word and somebody is to be told. A recall goes first:
# what is out there is wrong, and after 48 hours it stays. What has to wait for another does not
# come before what could be done meanwhile.
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
