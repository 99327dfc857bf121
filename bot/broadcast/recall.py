"""The recall of a broadcast: deletes what it sent at the permitted rate."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.circuit_breakers import OutageBreaker
from bot.broadcast.context import WorkerContext
from bot.broadcast.result_recorder import write_by_halves
from bot.broadcast.task_pool import TaskPool
from bot.tracebacks import error_reference
from bot.transport import ErrorKind, Lane, error_kind
from storage.broadcast_types import Broadcast, Recalled, Tally
from storage.broadcasts import tally_of_broadcast
from storage.recalls import SentMessages, next_to_recall, record_recalled

_log = structlog.stdlib.get_logger()

_LARGEST_BATCH = 500
_SMALLEST_BATCH = 20
# How often a bug may hit the same delivery, while others are deleted, before it is given up.
_TRIES = 3

# A message that is already gone counts as deleted; one that can no longer be deleted as failed.
_NOT_THERE = "not found"

_FOR_GOOD = (ErrorKind.UNREACHABLE, ErrorKind.CONTENT, ErrorKind.UNCHANGED, ErrorKind.EXPIRED)


@dataclass(slots=True)
class Recall:
    """Deletes the messages of one broadcast, until nothing is left or the run is interrupted.

    Nothing is claimed, since deleting a message twice does no harm.

    Attributes:
        tally: how far the recall is. Counted once and then kept up to date in memory: reading a
            million rows every few seconds would slow down those who sign.
        unrecorded: the positions whose result the database refuses although it is available.
    """

    context: WorkerContext
    broadcast: Broadcast
    pool: TaskPool[SentMessages] = field(init=False)
    tally: Tally | None = None
    unrecorded: set[int] = field(default_factory=set)
    outage_breaker: OutageBreaker = field(default_factory=OutageBreaker)
    _bugs: Counter[int] = field(default_factory=Counter)
    _done: defaultdict[Recalled, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.pool = TaskPool(self._delete_messages)

    async def work(self) -> bool:
        """Deletes until nothing is left (True) or the recall is interrupted (False)."""
        self.context.gate.set_ceiling(self.context.rates.free)
        self.tally = await self.context.read(tally_of_broadcast, self.broadcast.id)
        after, noted, left = 0, True, False
        while self.context.may_continue():
            pause = max(self.context.gate.pause_for(Lane.BROADCAST), self.outage_breaker.pause())
            await self.context.interrupt.rest(pause)
            batch = await self._next(after)
            todo = [each for each in batch if each.position not in self.unrecorded]
            self.pool.add(todo)
            await self.pool.wait_until_below(1)
            noted, left = await self._record_outcomes() or noted, left or bool(todo)
            if batch:
                after = batch[-1].position
            elif not left:
                return True
            else:
                # Another round for those whose deletion failed.
                if not noted:
                    await self.context.interrupt.rest(self.context.durations.rest)
                after, noted, left = 0, False, False
        return False

    async def settle(self) -> None:
        """Waits for the calls in flight, and records the results unless the lease is lost."""
        await self.pool.wait_until_below(1)
        if self.context.interrupt.reason is not InterruptReason.LOST:
            await self._record_outcomes()

    async def _next(self, after: int) -> list[SentMessages]:
        rate = self.context.gate.rate
        limit = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, math.ceil(2 * rate)))
        return await self.context.read(
            next_to_recall, self.broadcast.id, after=after, limit=limit, at=self.context.now()
        )

    async def _delete_messages(self, sent: SentMessages) -> None:
        try:
            outcome = Recalled.FAILED if sent.chat_id is None else await self._delete(sent)
        except Exception as error:  # a bug must not keep the other messages from being deleted
            outcome = self._handle_bug(sent, error)
        else:
            if outcome is not None:
                self.outage_breaker.record_answer(sent.position)
        if outcome is not None:
            self._done[outcome].append(sent.position)

    def _handle_bug(self, sent: SentMessages, error: Exception) -> Recalled | None:
        """Returns FAILED after some tries, unless none works; None to try it again."""
        kind, name = error_reference(error)
        _log.error("recall_failed", kind=kind, reference=name, exc_info=error)
        self.outage_breaker.record_lost_answer(self.context.clock())
        self._bugs[sent.position] += 1
        others_go = any(self._done.values()) or (
            self.tally is not None and self.tally.recalled > 0
        )
        is_given_up = others_go and self._bugs[sent.position] >= _TRIES
        return Recalled.FAILED if is_given_up else None

    async def _delete(self, sent: SentMessages) -> Recalled | None:
        """Deletes a delivery's messages; returns the outcome, or None to try it again."""
        if not self.context.may_continue():
            return None
        single = len(sent.messages) == 1
        method = "deleteMessage" if single else "deleteMessages"
        what: dict[str, object] = (
            {"message_id": sent.messages[0]} if single else {"message_ids": list(sent.messages)}
        )
        try:
            await self.context.client.call(
                method,
                {"chat_id": sent.chat_id, **what},
                lane=Lane.BROADCAST,
                timeout=self.context.durations.call,
                wanted=self.context.may_continue,
            )
        except TelegramError as error:
            return self._judge(sent, error)
        return Recalled.DELETED

    def _judge(self, sent: SentMessages, error: TelegramError) -> Recalled | None:
        found = error_kind(error)
        if found is ErrorKind.GONE:
            gone = _NOT_THERE in str(error).lower()
            return Recalled.DELETED if gone else Recalled.FAILED
        if found is ErrorKind.UNAUTHORISED:
            self.outage_breaker.record_denial(sent.position, self.context.clock())
        return Recalled.FAILED if found in _FOR_GOOD else None

    async def _record_outcomes(self) -> bool:
        """Records the outcomes so far; tells whether there were any."""
        done, self._done = self._done, defaultdict(list)
        for recalled, positions in done.items():
            await write_by_halves(partial(self._record, recalled), positions, self._set_aside)
        return bool(done)

    async def _record(self, recalled: Recalled, positions: Sequence[int]) -> None:
        await self.context.write(record_recalled, self.broadcast.id, recalled, positions)
        if self.tally is None:
            return
        if recalled is Recalled.DELETED:
            self.tally = replace(self.tally, recalled=self.tally.recalled + len(positions))
        else:
            failed = self.tally.unrecallable + len(positions)
            self.tally = replace(self.tally, unrecallable=failed)

    async def _set_aside(self, position: int, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("recall_not_recorded", kind=kind, reference=name, exc_info=error)
        self.unrecorded.add(position)
