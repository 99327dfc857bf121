"""What a report needs: how many deliveries were made in each part of it, and who is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.database import Row
from storage.times import from_millis

_SHORTEST_PART = 1_000  # milliseconds

TIMELINE = {
    "span": """
SELECT MAX(updated_at) AS last FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'unreachable')
""",
    # Later deliveries, to supporters who returned, are left out.
    "parts": """
SELECT (updated_at - CAST(:start AS BIGINT)) / CAST(:width AS BIGINT) AS part,
  CAST(SUM(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END) AS BIGINT) AS delivered,
  CAST(SUM(CASE WHEN state = 'unreachable' THEN 1 ELSE 0 END) AS BIGINT) AS unreachable
FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'unreachable')
  AND updated_at BETWEEN CAST(:start AS BIGINT) AND CAST(:until AS BIGINT)
GROUP BY (updated_at - CAST(:start AS BIGINT)) / CAST(:width AS BIGINT)
ORDER BY part
""",
}

# Those who had signed when it began, and are not known to have got this broadcast or an earlier
# one on its topic: unreachable before or by then, refused, left over, or without an answer from
# Telegram. None of them have withdrawn.
NOT_TOLD = """
SELECT COUNT(*) AS people
FROM broadcasts b JOIN signatures s ON s.petition = b.petition
WHERE b.id = :broadcast AND s.number <= b.last_signature_number AND NOT EXISTS (
  SELECT 1 FROM deliveries told JOIN broadcasts earlier ON earlier.id = told.broadcast_id
  WHERE told.signature_id = s.id AND told.state = 'delivered' AND earlier.topic = b.topic
)
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """One part of a timeline, from `at` on: how many were delivered and how many unreachable."""

    at: datetime
    delivered: int
    unreachable: int


def width_of(start: int, until: int, parts: int) -> int:
    """Returns the milliseconds of one part, so that at most `parts` of them cover the time."""
    return max(_SHORTEST_PART, -(-(until - start + 1) // parts))


def read_timeline(rows: Iterable[Row], start: int, until: int, width: int) -> list[Moment]:
    """Returns every part of the timeline, also those in which nothing happened."""
    found = {int(row["part"]): row for row in rows}
    return [
        Moment(
            from_millis(start + part * width),
            int(found[part]["delivered"]) if part in found else 0,
            int(found[part]["unreachable"]) if part in found else 0,
        )
        for part in range((until - start) // width + 1)
    ]
