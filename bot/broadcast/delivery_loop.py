"""Sends one broadcast: claims its deliveries, sends them, and judges what becomes of each."""

import asyncio
import math
import uuid

import structlog
from telegram.error import TelegramError

from bot.broadcast.broadcast_interrupt import InterruptReason
from bot.broadcast.circuit_breakers import MOST_UNREACHABLE, OutageBreaker, UnreachableBreaker
from bot.broadcast.content import content_of
from bot.broadcast.context import WorkerContext
from bot.broadcast.open_claims import OpenDelivery
from bot.broadcast.sender import Sender, SendResult
from bot.tracebacks import error_reference
from bot.transport import ErrorKind, Lane, error_kind
from storage.broadcast_types import Broadcast, Outcome, PauseReason, Result, StopReason
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import claim_deliveries, enqueue_deliveries, recover_deliveries

_log = structlog.stdlib.get_logger()

# Rows that are written in one transaction, for which a signature may have to wait.
_PORTION = 500
_LONGEST_REST = 0.05
# Deliveries under way: fewer than there are connections, so that replies find a free one, and a
# call that has passed the gate leaves at once. At 30 ms each it is enough for 13,000 a second.
MOST_OPEN = 400


class DeliveryLoop:
    """Works through one broadcast until nothing is left or the run is interrupted.

    Rows are claimed onward from where the last worker stopped; those that went back, unsent or to
    be repeated, are claimed in another round. So repeated kills do not hit the same people, and a
    repetition does not follow immediately on its first try.

    Args:
        context: of the run.
        broadcast: as it was found.
        bot_is_confirmed: whether an admin has confirmed that this is the right bot.
    """

    def __init__(
        self, context: WorkerContext, broadcast: Broadcast, *, bot_is_confirmed: bool = False
    ) -> None:
        self._context = context
        self._interrupt = context.interrupt
        self._claims = context.claims
        self._broadcast = broadcast
        content = content_of(broadcast.content, broadcast.source_chat, paid=broadcast.paid)
        context.gate.set_ceiling(context.rates.of(broadcast, content))
        self._sender = Sender(context, content)
        self.outage_breaker = OutageBreaker()
        self._unreachable_breaker = UnreachableBreaker(self._record, is_confirmed=bot_is_confirmed)
        self._has_met_bug = False
        self._is_enqueued = broadcast.enqueued_at is not None
        self._calls = set[asyncio.Task[None]]()

    async def work(self) -> bool:
        """Sends until nothing is left (True) or sending is interrupted (False)."""
        if not self._is_enqueued:
            await self._enqueue_portion()
        after = await self._recover()
        while self._context.may_continue():
            limit = await self._wait_to_claim()
            if not self._context.may_continue():
                break
            batch = await self._claim(limit, after)
            for each in batch:
                self._begin(each)
            if batch:
                after = batch[-1].delivery.position
            elif not self._is_enqueued:
                await self._enqueue_portion()
            else:
                await self._stop_if_ended()
                if after == 0 and await self._is_done():
                    return True
                after = 0
        return False

    async def settle(self) -> None:
        """Waits for the calls in flight; after a lost lease it cancels them.

        What has left is then in doubt, what has not is unsent.
        """
        if self._interrupt.reason is InterruptReason.LOST:
            self.cancel()
        if self._calls:
            await asyncio.wait(self._calls)
        for each in self._claims.unfinished():  # cancelled before they were begun
            self._finish(each, SendResult(Outcome.UNSENT))
        self._unreachable_breaker.give_back()

    def cancel(self) -> None:
        """Cancels the calls in flight."""
        for each in self._calls:
            each.cancel()

    async def _enqueue_portion(self) -> None:
        """Gives the next recipients a row, and lets others write afterwards."""
        begun = self._context.clock()
        self._is_enqueued = await self._context.write(
            enqueue_deliveries,
            self._broadcast,
            holder=self._context.lease_holder.holder,
            portion=_PORTION,
            at=self._context.now(),
        )
        if not self._is_enqueued:
            # A rest as long as the portion took leaves half of the time to those who sign.
            await self._interrupt.rest(min(self._context.clock() - begun, _LONGEST_REST))
            await self._stop_if_ended()

    async def _wait_to_claim(self) -> int:
        """Waits until there is room for the next claim; returns how many it may take."""
        gate, durations, limit = self._context.gate, self._context.durations, 1
        while not self._interrupt.is_triggered:
            # During an outage, one delivery at a time shows when it is over.
            limit = most_open = 1
            if not self.outage_breaker.is_open:
                limit = min(MOST_OPEN, math.ceil(gate.rate * durations.batch))
                most_open = min(MOST_OPEN, max(limit, math.ceil(gate.rate * durations.window)))
            # No claims during a pause, so that the next one sees who withdrew in it.
            pause, below = gate.pause_for(Lane.BROADCAST), most_open - limit + 1
            if pause <= 0 and len(self._claims) < below:
                break
            if not self._is_enqueued:
                await self._enqueue_portion()
            elif pause > 0:
                await self._interrupt.rest(pause)
            else:
                await self._interrupt.wait_for(self._claims.wait_until_below(below))
        await self._wait_out_outage()
        return limit

    async def _wait_out_outage(self) -> None:
        """Waits out an outage by calling getMe, which uses up no recipient's attempts."""
        while self.outage_breaker.is_open and self._context.may_continue():
            await self._interrupt.rest(self.outage_breaker.pause())
            try:
                await self._context.client.call("getMe", timeout=self._context.durations.call)
            except TelegramError as error:
                found = error_kind(error)
                if found is ErrorKind.UNAUTHORISED:
                    # The intake checks the token too, and ends the process after a minute of it.
                    _log.warning("token_denied")
                elif found not in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
                    return  # Telegram answers again; the next delivery meets the same error
                self.outage_breaker.record_lost_answer(self._context.clock())
            else:
                return

    async def _claim(self, limit: int, after: int) -> list[OpenDelivery]:
        asked = self._context.write(
            claim_deliveries,
            self._broadcast,
            claim=uuid.uuid4().bytes,
            holder=self._context.lease_holder.holder,
            limit=limit,
            after=after,
            at=self._context.now(),
        )
        return await self._claims.claim(asked)

    async def _recover(self) -> int:
        return await self._context.write(
            recover_deliveries,
            self._broadcast,
            holder=self._context.lease_holder.holder,
            at=self._context.now(),
        )

    async def _stop_if_ended(self) -> None:
        """Interrupts if an admin has paused, cancelled or recalled it, in whatever process."""
        found = await self._context.read(broadcast_with, self._broadcast.id)
        known = self._broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self._interrupt.trigger(InterruptReason.ENDED)

    async def _is_done(self) -> bool:
        """Tells whether nothing is left, after a claim that found nothing."""
        if not await self._interrupt.wait_for(self._claims.wait_until_below(1)):
            return False
        self._unreachable_breaker.close()
        if not await self._interrupt.wait_for(self._context.recorder.flush()):
            return False
        tally = await self._context.read(tally_of_broadcast, self._broadcast.id)
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Rows of a claim whose answer was lost with a connection.
            await self._recover()
        await self._interrupt.rest(self._context.durations.rest)
        return False

    def _begin(self, claimed: OpenDelivery) -> None:
        """Begins to send a delivery, unless it was sent and its result could not be recorded."""
        recorder = self._context.recorder
        if recorder.is_unwritable(self._broadcast.id, claimed.delivery.position):
            self._finish(claimed, SendResult(Outcome.UNCONFIRMED))
            return
        task = asyncio.create_task(self._deliver(claimed))
        self._calls.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        """Forgets a call; has the broadcast paused if what became of it could not be judged.

        Its row says that it is being sent, and would be sent again with every round.
        """
        self._calls.discard(call)
        error = None if call.cancelled() else call.exception()
        if error is not None:
            self._pause_for(error)

    async def _deliver(self, claimed: OpenDelivery) -> None:
        sent = None
        try:
            sent = await self._sender.send(claimed)
        finally:
            if sent is None:  # this was cancelled
                sent = SendResult(Outcome.IN_DOUBT if claimed.has_left else Outcome.UNSENT)
            self._finish(claimed, sent)

    def _finish(self, claimed: OpenDelivery, sent: SendResult) -> None:
        """Records what became of a delivery, and draws the consequences for the others."""
        self._claims.finished(claimed)
        delivery = claimed.delivery
        outcome = self._judge(delivery.position, sent)
        result = Result(delivery.position, delivery.claim, outcome, sent.messages)
        if outcome is Outcome.UNREACHABLE:
            if self._unreachable_breaker.record_failure(result):
                self._interrupt.trigger(PauseReason.NOBODY, str(MOST_UNREACHABLE))
            return
        if outcome is Outcome.DELIVERED:
            self._unreachable_breaker.record_delivery()
        self._record(result)

    def _record(self, result: Result) -> None:
        self._context.recorder.add(self._broadcast.id, result)

    def _judge(self, position: int, sent: SendResult) -> Outcome:
        """Returns the outcome to record; interrupts if the others would fare no better."""
        if sent.bug is not None:
            return self._judge_bug(sent.outcome, sent.bug)
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.FORBIDDEN):
            self.outage_breaker.record_answer(position)
        if sent.outcome is Outcome.REJECTED or sent.error_kind is ErrorKind.CONTENT:
            self._interrupt.trigger(StopReason.CONTENT, sent.detail)
        elif sent.error_kind is ErrorKind.UNKNOWN:
            self.outage_breaker.record_lost_answer(self._context.clock())
        elif sent.error_kind in (ErrorKind.RETRY, ErrorKind.CONFLICT, ErrorKind.UNAUTHORISED):
            now, is_denied = self._context.clock(), sent.error_kind is ErrorKind.UNAUTHORISED
            if self.outage_breaker.record_failure(position, now, is_denied=is_denied):
                return Outcome.UNCONFIRMED
            # A 401 or 404 may be a proxy's hiccup, a minute of them needs an admin.
            if self.outage_breaker.is_denied(now):
                self._interrupt.trigger(PauseReason.DENIED, sent.detail)
        return sent.outcome

    def _judge_bug(self, outcome: Outcome, error: Exception) -> Outcome:
        """Has the broadcast paused because of a bug, which may hit everybody.

        The first one's outcome is recorded, so that a broadcast that is resumed again and again
        still comes to its end; those that were under way with it go back.
        """
        self._pause_for(error)
        is_first, self._has_met_bug = not self._has_met_bug, True
        if is_first:
            return outcome
        return Outcome.UNSENT if outcome is Outcome.REJECTED else Outcome.IN_DOUBT

    def _pause_for(self, error: BaseException) -> None:
        kind, name = error_reference(error)
        _log.error("delivery_failed", kind=kind, reference=name, exc_info=error)
        self._interrupt.trigger(PauseReason.DEFECT, f"{kind} {name}")
