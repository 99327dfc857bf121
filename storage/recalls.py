"""Recalling a broadcast: deleting what it sent, for as long as Telegram lets a bot do that.

Deleting twice does no harm, so nothing is claimed: the successor of a killed worker continues
with the deliveries that have no recall outcome yet. New queries about recalls go here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.broadcast_types import RECALLABLE_FOR
from storage.database import Row, Statement, Value
from storage.delivery_claims import lock_broadcast
from storage.petition_rows import PetitionRows
from storage.sql_in_lists import padded, portions
from storage.times import to_millis

_NEXT = """
SELECT d.position, d.message_ids, d.updated_at, d.signature_id, s.chat_sealed
FROM deliveries d LEFT JOIN signatures s ON s.id = d.signature_id
WHERE d.broadcast_id = :broadcast AND d.state = 'delivered' AND d.recall_outcome IS NULL
  AND d.position > :after
ORDER BY d.position
LIMIT CAST(:limit AS BIGINT)
"""

_NOTE = """
UPDATE deliveries SET recall_outcome = :recall
WHERE broadcast_id = :broadcast AND recall_outcome IS NULL AND position IN ({positions})
"""

# Messages to people who withdrew since cannot be deleted: their chat ids are erased.
_TALLY = """
SELECT recall_outcome, CAST(SUM(people) AS BIGINT) AS people
FROM (
  SELECT COALESCE(recall_outcome, 'open') AS recall_outcome, COUNT(*) AS people FROM deliveries
  WHERE broadcast_id = :broadcast AND state = 'delivered'
  GROUP BY COALESCE(recall_outcome, 'open')
  UNION ALL
  SELECT CASE WHEN recall_outcome = 'deleted' THEN 'deleted' ELSE 'failed' END, people
  FROM erased_deliveries WHERE broadcast_id = :broadcast AND state = 'delivered'
) counted
GROUP BY recall_outcome
"""

_END = """
UPDATE broadcasts SET recall_ended_at = :at
WHERE id = :broadcast AND petition = :petition AND recall_started_at IS NOT NULL
  AND recall_ended_at IS NULL
  AND (
    SELECT COUNT(*) FROM deliveries d
    WHERE d.broadcast_id = :broadcast AND d.state = 'delivered' AND d.recall_outcome IS NULL
  ) <= CAST(:unrecorded AS BIGINT)
"""


class Recalled(StrEnum):
    """The outcome of deleting what one recipient was sent."""

    DELETED = "deleted"
    FAILED = "failed"
    """It is too old, or its chat id is no longer known."""


@dataclass(frozen=True, slots=True)
class SentMessages:
    """What one recipient was sent; `chat_id` is None if it can no longer be deleted."""

    position: int
    chat_id: int | None = field(repr=False)
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecallTally:
    """How many deliveries of a broadcast were recalled.

    Once the recall has ended, `open` counts those whose outcome could not be recorded.
    """

    total: int
    deleted: int = 0
    failed: int = 0
    open: int = 0


class Recalls(PetitionRows):
    """The recalls of one petition's broadcasts."""

    async def next(
        self, broadcast: bytes, *, after: int, limit: int, at: datetime
    ) -> list[SentMessages]:
        """Returns the next deliveries whose messages are to be deleted, by position."""
        rows = await self._read(_NEXT, broadcast=broadcast, after=after, limit=limit)
        since = to_millis(at - RECALLABLE_FOR)
        return [self._sent(row, since) for row in rows]

    async def record(self, broadcast: bytes, recalled: Recalled, positions: Sequence[int]) -> None:
        """Records one outcome for many positions; repeating it changes nothing."""
        statements = [_note(broadcast, recalled, portion) for portion in portions(positions)]
        if statements:
            await self._database.write(*statements)

    async def tally(self, broadcast: bytes) -> RecallTally:
        """Returns how many deliveries have which recall outcome."""
        rows = await self._read(_TALLY, broadcast=broadcast)
        counts = {str(row["recall_outcome"]): int(row["people"]) for row in rows}
        return RecallTally(total=sum(counts.values()), **counts)

    async def end(self, broadcast: bytes, at: datetime, unrecorded: int = 0) -> None:
        """Ends the recall if at most `unrecorded` deliveries have no outcome yet."""
        end = self._statement(_END, broadcast=broadcast, at=to_millis(at), unrecorded=unrecorded)
        await self._database.write(lock_broadcast(broadcast), end)

    def _sent(self, row: Row, since: int) -> SentMessages:
        texts = (row["message_ids"] or "").split(",")
        messages = tuple(int(text) for text in texts if text)
        gone = not messages or row["signature_id"] is None or row["updated_at"] <= since
        chat = None
        if not gone:
            chat = self._opened_id(row, "signatures", "chat_sealed", row["signature_id"])
        return SentMessages(row["position"], chat, messages)


def _note(broadcast: bytes, recalled: Recalled, positions: Sequence[int]) -> Statement:
    values: dict[str, Value] = {f"p{index}": each for index, each in enumerate(padded(positions))}
    sql = _NOTE.format(positions=", ".join(f":{name}" for name in values))
    return Statement(sql, {**values, "broadcast": broadcast, "recall": recalled.value})
