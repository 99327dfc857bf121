"""Broadcasts: one message to many, started once and worked off by whoever holds the lease.

Queries about a broadcast go here, those that move its rows in `deliveries.py`, and who is told at
all is defined in `recipients.py`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from storage.crypto import Keyring
from storage.database import Database, Row, Statement, Value
from storage.deliveries import (
    TALLY,
    Delivery,
    Outcome,
    Post,
    Result,
    Tally,
    claim_statements,
    record_statements,
    recover_statements,
)
from storage.errors import BrokenData
from storage.recipients import AUDIENCE, UNREACHABLE
from storage.starting import (
    CLOSING,
    AlreadyRunning,
    AudienceChanged,
    PetitionOpen,
    Plan,
    start_statements,
)
from storage.times import to_millis
from storage.unsealing import Broadcast, read_broadcast, read_claimed

_ONE: Final = "SELECT * FROM broadcasts WHERE id = :id AND petition = :petition"
_RUNNING: Final = "SELECT * FROM broadcasts WHERE petition = :petition AND state = 'running'"
_LATEST: Final = """
SELECT * FROM broadcasts WHERE petition = :petition ORDER BY created_at DESC, id LIMIT 1
"""

_SET_PROGRESS: Final = """
UPDATE broadcasts SET progress_chat_sealed = :chat_sealed, progress_message_id = :message_id
WHERE id = :id AND petition = :petition
"""

_FINISH: Final = """
UPDATE broadcasts SET state = 'finished'
WHERE id = :id AND petition = :petition AND state = 'running' AND NOT EXISTS (
  SELECT 1 FROM deliveries WHERE broadcast_id = :id AND state IN ('pending', 'sending')
)
"""

_STOP: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = :reason
WHERE id = :id AND petition = :petition AND state = 'running'
"""

_REPORTED: Final = """
UPDATE broadcasts SET finished_at = :at
WHERE id = :id AND petition = :petition AND state <> 'running' AND finished_at IS NULL
"""

# Running, or ended by a worker that could not say so; what waits to be sent goes first.
_DUE: Final = """
SELECT * FROM broadcasts WHERE petition = :petition AND finished_at IS NULL
ORDER BY CASE WHEN state = 'running' THEN 0 ELSE 1 END, created_at, id
"""

_IS_CLOSED: Final = """
SELECT 1 AS closed FROM petitions WHERE slug = :petition AND closed_at IS NOT NULL
"""


class Broadcasts:
    """The broadcasts of one petition."""

    def __init__(self, database: Database, slug: str, keyring: Keyring) -> None:
        self._database = database
        self._slug = slug
        self._keyring = keyring

    @property
    def lease(self) -> str:
        """The name of the lease under which this petition's broadcasts are sent."""
        return f"broadcast/{self._slug}"

    async def audience(self, *, kind: str = CLOSING) -> dict[str, int]:
        """How many would be told by a broadcast started now, by the language they read."""
        # No broadcast has an empty id, so what every one of them told counts.
        asked: dict[str, Value] = {"petition": self._slug, "kind": kind, "broadcast": b""}
        rows = await self._database.read(Statement(AUDIENCE, asked))
        return {row["language"]: row["recipients"] for row in rows}

    async def unreachable(self) -> int:
        """How many signers cannot be told, since they blocked the bot or left Telegram."""
        rows = await self._database.read(Statement(UNREACHABLE, {"petition": self._slug}))
        return int(rows[0]["people"])

    async def start(
        self, plan: Plan
    ) -> Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged:
        """Freeze a content and its recipients, in one transaction, for the worker to send.

        Starting the same one again answers with what it is now.
        """
        # Both reads see the transaction's own outcome, so they need not be part of it.
        await self._database.write(*start_statements(plan, self._slug, self._keyring))
        started = await self.get(plan.id)
        return started or await self._refusal(plan.kind, plan.expected)

    async def get(self, id: bytes) -> Broadcast | None:  # noqa: A002 - its name everywhere
        """One broadcast."""
        return await self._one(_ONE, id=id)

    async def running(self) -> Broadcast | None:
        """The one that is under way."""
        return await self._one(_RUNNING)

    async def due(self) -> list[Broadcast]:
        """Those that need a worker: what is under way, then ends that were not reported yet."""
        rows = await self._database.read(Statement(_DUE, {"petition": self._slug}))
        return [read_broadcast(row, self._keyring) for row in rows]

    async def latest(self) -> Broadcast | None:
        """The one started last, whatever became of it."""
        return await self._one(_LATEST)

    async def tally(self, id: bytes) -> Tally:  # noqa: A002
        """How far it is."""
        rows = await self._database.read(Statement(TALLY, {"broadcast": id}))
        counts = {str(row["state"]): int(row["rows"]) for row in rows}
        return Tally(total=sum(counts.values()), **counts)

    async def claim(
        self,
        broadcast: Broadcast,
        *,
        claim: bytes,
        holder: str,
        limit: int,
        at: datetime,
        after: int = 0,
    ) -> list[Delivery]:
        """Take the next rows to send, asking again of each whether it is still to be sent.

        Who withdrew or became unreachable is settled on the way. Nothing is claimed from a
        broadcast that is not running, or by anyone but the holder of the lease.

        Args:
            broadcast: the one to work on.
            claim: a fresh random token; asking again with it gives the same rows and no more.
            holder: who holds the lease.
            limit: how many at most.
            at: now.
            after: the position to go on from.
        """
        rows = await self._database.write(
            *claim_statements(
                self._post(broadcast, holder),
                claim=claim,
                limit=limit,
                after=after,
                at=to_millis(at),
            )
        )
        return await self._opened(broadcast, claim, rows[-1], at)

    async def record(
        self,
        id: bytes,  # noqa: A002
        results: Iterable[Result],
        at: datetime,
    ) -> None:
        """Write down many results in one transaction; doing it again changes nothing."""
        statements = list(record_statements(id, results, at=to_millis(at)))
        if statements:
            await self._database.write(*statements)

    async def recover(self, broadcast: Broadcast, *, holder: str, at: datetime) -> int:
        """Take over from a holder that died; returns the position it had come to.

        What it had claimed is to be sent again; most of it had not been sent yet.
        """
        post = self._post(broadcast, holder)
        rows = await self._database.write(*recover_statements(post, at=to_millis(at)))
        recovered, furthest = rows[-2:]
        return max(0, *(int(row["position"] or 0) for row in (*recovered, *furthest)))

    async def finish(self, id: bytes) -> bool:  # noqa: A002
        """End it, if nothing is left to send; tells whether it has ended."""
        await self._change(_FINISH, id)
        return await self._has_ended(id)

    async def stop(self, id: bytes, reason: str) -> bool:  # noqa: A002
        """End it with people still waiting, who are then the next one's recipients."""
        await self._change(_STOP, id, reason=reason)
        return await self._has_ended(id)

    async def reported(self, id: bytes, at: datetime) -> None:  # noqa: A002
        """Note that the end was reported, so it is not done again."""
        await self._change(_REPORTED, id, at=to_millis(at))

    async def set_progress(self, id: bytes, chat: int, message_id: int) -> None:  # noqa: A002
        """Remember the message in which the admin watches it."""
        sealed = self._keyring.seal(
            str(chat), table="broadcasts", column="progress_chat_sealed", row=id
        )
        await self._change(_SET_PROGRESS, id, chat_sealed=sealed, message_id=message_id)

    async def _refusal(
        self, kind: str, expected: int | None
    ) -> AlreadyRunning | PetitionOpen | AudienceChanged:
        if not await self._database.read(Statement(_IS_CLOSED, {"petition": self._slug})):
            return PetitionOpen()
        running = await self.running()
        if running is not None:
            return AlreadyRunning(running.id)
        recipients = sum((await self.audience(kind=kind)).values())
        return AudienceChanged(recipients if expected is None else expected, recipients)

    async def _opened(
        self, broadcast: Broadcast, claim: bytes, rows: list[Row], at: datetime
    ) -> list[Delivery]:
        """The claimed rows that can be sent; the others get their state at once."""
        claimed = read_claimed(rows, claim, self._keyring)
        # Not one can be read: that is the key or the disk, and no fault of these people's.
        hopeless = bool(claimed.unreadable) and not claimed.deliveries
        outcome = Outcome.UNSENT if hopeless else Outcome.REJECTED
        results = [Result(position, claim, Outcome.UNSENT) for position in claimed.withdrawn]
        results += [Result(position, claim, outcome) for position in claimed.unreadable]
        await self.record(broadcast.id, results, at)
        if hopeless:
            raise BrokenData("Not one chat id can be opened with the key file.")
        return claimed.deliveries

    async def _one(self, sql: str, **values: Value) -> Broadcast | None:
        rows = await self._database.read(Statement(sql, {"petition": self._slug, **values}))
        return read_broadcast(rows[0], self._keyring) if rows else None

    async def _change(self, sql: str, key: bytes, **values: Value) -> None:
        asked: dict[str, Value] = {"id": key, "petition": self._slug, **values}
        await self._database.write(Statement(sql, asked))

    async def _has_ended(self, key: bytes) -> bool:
        found = await self.get(key)
        return found is not None and not found.is_running

    def _post(self, broadcast: Broadcast, holder: str) -> Post:
        return Post(self._slug, broadcast.id, broadcast.kind, self.lease, holder)
