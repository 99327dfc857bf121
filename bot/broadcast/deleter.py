"""Recalls a broadcast: deletes what it sent, at the permitted rate."""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.context import WorkerContext
from bot.broadcast.failing_deliveries import OutageBreaker
from bot.broadcast.result_recorder import write_or_set_aside
from bot.tracebacks import error_reference
from bot.transport.errors import ErrorKind, error_kind
from bot.transport.send_gate import Lane
from storage.broadcast_types import Broadcast, Recalled
from storage.broadcasts import tally_of_broadcast
from storage.deliveries import settle_deliveries
from storage.recalls import SentMessages, next_to_recall, record_recalled

_log = structlog.stdlib.get_logger()

_LARGEST_BATCH = 400  # fewer than there are connections
_SMALLEST_BATCH = 20
# How often a bug may hit the same delivery, while others are deleted, before it is given up.
_TRIES = 3

# A message that is already gone counts as deleted; one that can no longer be deleted as failed.
_NOT_THERE = "not found"

_FOR_GOOD = (ErrorKind.UNREACHABLE, ErrorKind.CONTENT, ErrorKind.UNCHANGED, ErrorKind.EXPIRED)


class Deleter:
    """Deletes the messages of one broadcast, until nothing is left or the run is interrupted.

    Nothing is claimed, since deleting a message twice does no harm.

    Attributes:
        unrecorded: the positions whose result the database refuses although it is available.
    """

    def __init__(self, context: WorkerContext, broadcast: Broadcast) -> None:
        self._context = context
        self._broadcast = broadcast
        self._outage_breaker = OutageBreaker()
        self._bugs = Counter[int]()
        self._is_any_deleted = False
        self.unrecorded = set[int]()

    async def work(self) -> bool:
        """Deletes until nothing is left (True) or the recall is interrupted (False)."""
        context, after, is_any_left, is_any_done = self._context, 0, False, False
        context.gate.set_ceiling(context.rate)
        await context.storage.write(settle_deliveries, context.clocks.now())
        tally = await context.storage.read(tally_of_broadcast, self._broadcast.id)
        self._is_any_deleted = tally.recalled > 0
        while context.may_continue():
            pause = max(context.gate.pause_for(Lane.BROADCAST), self._outage_breaker.pause())
            await context.interrupt.rest(pause)
            batch = await self._next(after)
            todo = [each for each in batch if each.position not in self.unrecorded]
            is_any_done |= await self._delete_all(todo)
            is_any_left |= bool(todo)
            if batch:
                after = batch[-1].position
            elif not (is_any_left or (tally.unconfirmed and context.awaits_former_holder())):
                return True
            else:
                # Another round for those whose deletion failed, or of whom it is said only now
                # that they got it.
                if not is_any_done:
                    await context.interrupt.rest(context.durations.rest)
                after, is_any_left, is_any_done = 0, False, False
        return False

    async def _next(self, after: int) -> list[SentMessages]:
        rate, now = self._context.gate.rate, self._context.clocks.now()
        limit = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, math.ceil(2 * rate)))
        return await self._context.storage.read(
            next_to_recall, self._broadcast.id, after=after, limit=limit, at=now
        )

    async def _delete_all(self, todo: Sequence[SentMessages]) -> bool:
        """Deletes messages and records the outcomes; tells whether there are any.

        Calls that are cancelled are made again by the next run.
        """
        begin = self._context.interrupt.begin_call
        ends = await asyncio.gather(*map(begin, map(self._delete, todo)), return_exceptions=True)
        outcomes: dict[Recalled, list[int]] = {}
        for sent, end in zip(todo, ends, strict=True):
            if isinstance(end, Recalled):
                self._outage_breaker.record_answer(sent.position)
                self._is_any_deleted |= end is Recalled.DELETED
            outcome = self._judge_bug(sent, end) if isinstance(end, Exception) else end
            if isinstance(outcome, Recalled):
                outcomes.setdefault(outcome, []).append(sent.position)
        for recalled, positions in outcomes.items():
            await write_or_set_aside(partial(self._record, recalled), positions, self._set_aside)
        return bool(outcomes)

    def _judge_bug(self, sent: SentMessages, error: Exception) -> Recalled | None:
        kind, name = error_reference(error)
        _log.error("recall_failed", kind=kind, reference=name, exc_info=error)
        self._outage_breaker.record_lost_answer(self._context.clocks.monotonic())
        self._bugs[sent.position] += 1
        hits_it_alone = self._is_any_deleted and self._bugs[sent.position] >= _TRIES
        return Recalled.FAILED if hits_it_alone else None

    async def _delete(self, sent: SentMessages) -> Recalled | None:
        """Deletes a delivery's messages; returns the outcome, or None to try it again."""
        if sent.chat_id is None:
            return Recalled.FAILED
        single = len(sent.messages) == 1
        method = "deleteMessage" if single else "deleteMessages"
        what: dict[str, object] = (
            {"message_id": sent.messages[0]} if single else {"message_ids": list(sent.messages)}
        )
        try:
            await self._context.client.call(
                method,
                {"chat_id": sent.chat_id, **what},
                lane=Lane.BROADCAST,
                timeout=self._context.durations.call,
                wanted=self._context.may_continue,
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
            now = self._context.clocks.monotonic()
            self._outage_breaker.record_failure(sent.position, now, is_denied=True)
        return Recalled.FAILED if found in _FOR_GOOD else None

    async def _record(self, recalled: Recalled, positions: Sequence[int]) -> None:
        await self._context.storage.write(record_recalled, self._broadcast.id, recalled, positions)

    async def _set_aside(self, position: int, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("recall_not_recorded", kind=kind, reference=name, exc_info=error)
        self.unrecorded.add(position)
