"""Deliveries: one row for each recipient of a broadcast, and how it moves from state to state.

    pending → sending → delivered | unreachable | rejected | forbidden | unconfirmed
       ↑         │
       └─────────┘  certainly not sent, or in doubt and not yet repeated
    pending → withdrawn | unreachable    found when it is claimed
    unreachable → pending    the supporter returned

Rows are written in `enqueue.py`, claimed in `delivery_claims.py`, and get their outcomes in
`delivery_results.py`. They survive a kill and a second worker: a claim is a random token on its
rows, and results find their rows by it, so a worker that lost its lease cannot overwrite what its
successor does. `attempts` counts the sends that stayed in doubt although the worker lived, never
more than two; what was being sent when a process was killed is sent again without being counted.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from storage.broadcast_rows import read_claimed
from storage.broadcast_types import Broadcast, Delivery, Outcome, Result
from storage.database import Row, Statement, Value
from storage.delivery_claims import CLAIM, RECOVER, SETTLE_ENDED, scope_of
from storage.delivery_results import record_statements
from storage.enqueue import ALL_WRITTEN, ENQUEUED, PORTION
from storage.erased_deliveries import COUNT_ERASED
from storage.errors import BrokenData
from storage.petition_rows import PetitionRows
from storage.times import to_millis

# A chat id that was sent to could be decrypted, even if its owner has withdrawn since.
_OTHERS = """
SELECT 1 AS others FROM deliveries
WHERE broadcast_id = :broadcast AND state IN ('delivered', 'sending') AND claim_token <> :claim
UNION ALL
SELECT 1 AS others FROM erased_deliveries
WHERE broadcast_id = :broadcast AND state = 'delivered'
LIMIT 1
"""


class Deliveries(PetitionRows):
    """The deliveries of one petition's broadcasts."""

    async def enqueue(
        self, broadcast: Broadcast, *, holder: str, portion: int, at: datetime
    ) -> bool:
        """Writes the rows of the next recipients; returns whether all rows had been written.

        Has an effect only for the holder of the lease, and only while the broadcast is running.
        """
        (row,) = await self._read(ENQUEUED, broadcast=broadcast.id)
        if row["enqueued_at"] is not None:
            return True
        after, last = row["enqueued_through"], row["last_number"]
        transaction = ALL_WRITTEN if after >= last else PORTION
        upto = min(after + portion, last)
        await self._run(transaction, broadcast, holder, at, after=after, upto=upto)
        return False

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
        """Claims the next rows to send, after checking again that each is still to be sent.

        Recipients who withdrew or became unreachable get that outcome. Nothing is claimed from a
        broadcast that is paused, stopped or cancelled, or by anyone but the holder of the lease.

        Args:
            broadcast: the broadcast to send.
            claim: a fresh random token; repeating it gives the same rows and no more.
            holder: who holds the lease.
            limit: how many rows at most.
            at: now.
            after: the position to continue after.

        Raises:
            BrokenData: the broadcast is damaged, or none of its chat ids can be decrypted.
        """
        if broadcast.is_damaged:
            raise BrokenData("Who ordered the broadcast, or its content, cannot be read.")
        rows = await self._run(CLAIM, broadcast, holder, at, claim=claim, limit=limit, after=after)
        return await self._sendable(broadcast, claim, rows[-1], at)

    async def record(self, id: bytes, results: Iterable[Result], at: datetime) -> None:
        """Records many results in one transaction; repeating it changes nothing."""
        statements = list(record_statements(id, results, at=to_millis(at)))
        if statements:
            await self._database.write(*statements, *COUNT_ERASED)

    async def recover(self, broadcast: Broadcast, *, holder: str, at: datetime) -> int:
        """Takes over from a lease holder that died; returns the position to continue after.

        What it had claimed becomes pending again; most of it had not been sent yet.
        """
        newest, *_, furthest = await self._run(RECOVER, broadcast, holder, at)
        return int((newest or furthest)[0]["position"] or 0)

    async def settle(self, at: datetime) -> None:
        """Marks as unconfirmed what a worker that died was sending of a broadcast now ended."""
        settled = self._statement(SETTLE_ENDED, at=to_millis(at))
        await self._database.write(settled, *COUNT_ERASED)

    async def _sendable(
        self, broadcast: Broadcast, claim: bytes, rows: list[Row], at: datetime
    ) -> list[Delivery]:
        """Returns the claimed rows that can be sent; the others get their outcome at once."""
        claimed = read_claimed(rows, broadcast, claim, self._keyring)
        # If no chat id can be decrypted, the key or the disk is at fault, not these rows. A claim
        # may be of one row only, so earlier ones count as well.
        hopeless = bool(claimed.unreadable) and not claimed.deliveries
        hopeless = hopeless and not await self._read(_OTHERS, broadcast=broadcast.id, claim=claim)
        outcome = Outcome.UNSENT if hopeless else Outcome.REJECTED
        results = [Result(position, claim, Outcome.UNSENT) for position in claimed.withdrawn]
        results += [Result(position, claim, outcome) for position in claimed.unreadable]
        await self.record(broadcast.id, results, at)
        if hopeless:
            raise BrokenData("Not one chat id can be opened with the key file.")
        return claimed.deliveries

    async def _run(
        self,
        transaction: Sequence[str],
        broadcast: Broadcast,
        holder: str,
        at: datetime,
        **more: Value,
    ) -> list[list[Row]]:
        """Runs a transaction that has an effect for the holder of the lease only."""
        values = {**scope_of(self._slug, broadcast, holder), "at": to_millis(at), **more}
        return await self._database.write(*(Statement(sql, values) for sql in transaction))
