"""One run of a worker over one broadcast: starts it, sends or recalls it, and reports its end.

Its delivery loop claims the deliveries, sends them, and judges the outcomes.
"""

import asyncio
import uuid
from dataclasses import dataclass, field, replace

import structlog
from telegram.error import TelegramError

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.circuit_breakers import (
    MOST_UNREACHABLE,
    BugBreaker,
    OutageBreaker,
    UnreachableBreaker,
)
from bot.broadcast.claim_pacing import ClaimPacer
from bot.broadcast.confirmation import most_for_one_admin
from bot.broadcast.content import content_of
from bot.broadcast.context import WorkerContext
from bot.broadcast.heartbeat import Heartbeat
from bot.broadcast.recall import Recall
from bot.broadcast.sender import FinalCheck, Sender, SendResult
from bot.broadcast.task_pool import TaskPool
from bot.tracebacks import error_reference
from bot.transport import ErrorKind, Lane, error_kind
from storage.broadcast_transitions import begin_broadcast, finish_broadcast, interrupt_broadcast
from storage.broadcast_types import (
    Broadcast,
    BroadcastState,
    Delivery,
    Outcome,
    PauseReason,
    Result,
    pause_question,
)
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.deliveries import (
    claim_deliveries,
    enqueue_deliveries,
    recover_deliveries,
    settle_deliveries,
)
from storage.errors import BrokenData, Unavailable

_log = structlog.stdlib.get_logger()

# Rows that are written in one transaction, for which a signature may have to wait.
_PORTION = 500
_LONGEST_REST = 0.05


class BroadcastRun:
    """Does what a due broadcast needs in its state: start, send, recall or report."""

    def __init__(self, context: WorkerContext, broadcast: Broadcast) -> None:
        self.interrupt = BroadcastInterrupt()
        self._context = replace(context, interrupt=self.interrupt)
        self._report_retries = context.report_retries
        self._broadcast = broadcast
        self._heartbeat = Heartbeat(self._context, broadcast.id)
        self._work: DeliveryLoop | Recall | None = None

    def cut_off(self) -> None:
        """Cancels every call in flight at once."""
        if self._work is not None:
            self._work.pool.cancel()

    async def run(self) -> None:
        """Works on the broadcast until it ends or is interrupted; catches and logs bugs.

        Raises:
            Unavailable: the database is away.
            TimeoutError: the database takes too long.
        """
        try:
            await self._work_on_it()
        except (Unavailable, TimeoutError):
            raise
        except Exception as error:  # a bug: tried again a few times, then the broadcast is paused
            await self._handle_bug(error)
        else:
            self._report_retries.record_success(self._broadcast.id)

    async def _work_on_it(self) -> None:
        async with self._heartbeat.renewing_lease(on_loss=self.cut_off):
            if self._broadcast.is_recalling:
                await self._recall()
            else:
                await self._send()
                await self._report()

    async def _send(self) -> None:
        context, key = self._context, self._broadcast.id
        if self._broadcast.awaits_approval and not self._broadcast.has_lapsed(context.now()):
            return
        if self._broadcast.state is BroadcastState.SCHEDULED:
            confirmed_by = self._broadcast.confirmed_by
            is_admin = confirmed_by is not None and context.is_admin(confirmed_by)
            self._broadcast = await context.storage.write(
                begin_broadcast,
                self._broadcast,
                context.now(),
                None if is_admin else PauseReason.FORMER,
                self._most_without_approval() if is_admin else None,
            )
            if self._broadcast.awaits_approval:
                await self._heartbeat.report_waiting()
        if self._broadcast.state not in (BroadcastState.RUNNING, BroadcastState.FINISHED):
            await context.storage.write(settle_deliveries, context.now())
            return
        async with self._heartbeat.reporting():
            # Admins who were told of it and resumed the broadcast have checked the bot.
            seen = self._report_retries.is_asked(
                key, pause_question(PauseReason.NOBODY, str(MOST_UNREACHABLE))
            )
            done = await self._run_to_its_end(DeliveryLoop(context, self._broadcast, seen))
        if done:
            await context.storage.write(finish_broadcast, key, context.now())
            return
        reason, detail = self.interrupt.consequence, self.interrupt.detail
        if reason is not None:
            await context.storage.write(interrupt_broadcast, key, reason, context.now(), detail)

    def _most_without_approval(self) -> int | None:
        """Returns how many recipients one admin may decide on; None when another one did."""
        if self._broadcast.confirmed_by != self._broadcast.author:
            return None
        return most_for_one_admin(self._broadcast.kind, self._context.approval_above)

    async def _recall(self) -> None:
        recall = Recall(self._context, self._broadcast)
        async with self._heartbeat.reporting(lambda: recall.tally):
            done = await self._run_to_its_end(recall)
        if done and not await self._heartbeat.report_recall(len(recall.unrecorded)):
            self._report_later()

    async def _run_to_its_end(self, work: "DeliveryLoop | Recall") -> bool:
        self._work = work
        try:
            done = await work.work()
        except BrokenData as error:
            self.interrupt.trigger(InterruptReason.UNREADABLE, str(error))
            done = False
        finally:
            await work.settle()
            if self.interrupt.reason is not InterruptReason.LOST:
                await self._context.recorder.flush()
        return done

    async def _report(self) -> None:
        if self.interrupt.reason in (InterruptReason.ASKED, InterruptReason.LOST):
            return
        if await self._heartbeat.report_end():
            self._report_retries.forget(self._broadcast.id)
        else:
            self._report_later()

    async def _handle_bug(self, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("broadcast_failed", kind=kind, reference=name, exc_info=error)
        if self._report_retries.record_bug(self._broadcast.id):
            now, detail = self._context.now(), f"{kind} {name}"
            key = self._broadcast.id
            await self._context.storage.write(
                interrupt_broadcast, key, PauseReason.DEFECT, now, detail
            )
            self._report_retries.record_success(self._broadcast.id)
        self._report_retries.record_failure(self._broadcast.id, self._context.clock())

    def _report_later(self) -> None:
        seconds = self._report_retries.record_failure(self._broadcast.id, self._context.clock())
        _log.warning("end_not_reported", again_in=seconds)


@dataclass(slots=True)
class DeliveryLoop:
    """Works through one broadcast in batches until nothing is left or the run is interrupted.

    Rows are claimed onward from where the last worker stopped; those that went back, unsent or to
    be repeated, are claimed in another round. So repeated kills do not hit the same people, and a
    repetition does not follow immediately on its first try.
    """

    context: WorkerContext
    broadcast: Broadcast
    bot_is_confirmed: bool = False
    pool: TaskPool[Delivery] = field(init=False)
    outage_breaker: OutageBreaker = field(default_factory=OutageBreaker)
    bug_breaker: BugBreaker = field(init=False)
    unreachable_breaker: UnreachableBreaker = field(init=False)
    _sender: Sender = field(init=False)
    _is_enqueued: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.pool = TaskPool(self._deliver, self._give_back)
        self.bug_breaker = BugBreaker(self._record)
        self.unreachable_breaker = UnreachableBreaker(
            self._record, is_confirmed=self.bot_is_confirmed
        )

    async def work(self) -> bool:
        """Sends until nothing is left (True) or sending is interrupted (False)."""
        durations = self.context.durations
        self._sender = self._make_sender()
        pacer = ClaimPacer(durations.batch, durations.ahead, durations.window)
        self._is_enqueued = self.broadcast.enqueued_at is not None
        if not self._is_enqueued:
            await self._enqueue_portion()
        after = await self._recover()
        while self.context.may_continue():
            limit = await self._wait_to_claim(pacer)
            if not self.context.may_continue():
                break
            batch = await self._claim(limit, after)
            pacer.took(len(batch), self.context.gate.rate, self.context.clock())
            self.pool.add(batch)
            if batch:
                after = batch[-1].position
                continue
            if not self._is_enqueued:
                await self._enqueue_portion()
                continue
            await self._stop_if_ended()
            if after > 0:
                after = 0
            elif await self._is_done():
                return True
        return False

    async def settle(self) -> None:
        """Waits for the calls in flight; after a lost lease it cancels them.

        What has left is then in doubt, what has not is unsent.
        """
        if self.context.interrupt.reason is InterruptReason.LOST:
            self.pool.cancel()
        await self.pool.wait_until_below(1)
        self.bug_breaker.close()
        self.unreachable_breaker.give_back()

    def _make_sender(self) -> Sender:
        broadcast = self.broadcast
        content = content_of(broadcast.content, broadcast.source_chat, paid=broadcast.paid)
        self.context.gate.set_ceiling(self.context.rates.of(broadcast, content))
        return Sender(self.context, content)

    async def _enqueue_portion(self) -> None:
        """Gives the next recipients a row, and lets others write afterwards."""
        begun = self.context.clock()
        self._is_enqueued = await self.context.write(
            enqueue_deliveries,
            self.broadcast,
            holder=self.context.lease_holder.holder,
            portion=_PORTION,
            at=self.context.now(),
        )
        if not self._is_enqueued:
            # A rest as long as the portion took leaves half of the time to those who sign.
            await self.context.interrupt.rest(min(self.context.clock() - begun, _LONGEST_REST))
            await self._stop_if_ended()

    async def _wait_to_claim(self, pacer: ClaimPacer) -> int:
        """Waits until it is time for the next claim; returns how many deliveries it may take."""
        gate, clock = self.context.gate, self.context.clock
        # During an outage, one delivery at a time shows when it is over.
        await self.pool.wait_until_below(
            1 if self.outage_breaker.is_open else pacer.window(gate.rate)
        )
        while not self.context.interrupt.is_triggered:
            # No claims during a pause, so that the next one sees who withdrew in it.
            wait = max(pacer.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            if self._is_enqueued:
                await self.context.interrupt.rest(wait)
            else:
                await self._enqueue_portion()
        await self._wait_out_outage()
        return 1 if self.outage_breaker.is_open else pacer.room(gate.rate, len(self.pool))

    async def _wait_out_outage(self) -> None:
        """Waits out an outage by calling getMe, which uses up no recipient's attempts."""
        while self.outage_breaker.is_open and self.context.may_continue():
            await self.context.interrupt.rest(self.outage_breaker.pause())
            try:
                await self.context.client.call("getMe", timeout=self.context.durations.call)
            except TelegramError as error:
                found = error_kind(error)
                if found is ErrorKind.UNAUTHORISED:
                    # The intake checks the token too, and ends the process after a minute of it.
                    _log.warning("token_denied")
                elif found not in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
                    return  # Telegram answers again; the next delivery meets the same error
                self.outage_breaker.record_lost_answer(self.context.clock())
            else:
                return

    async def _claim(self, limit: int, after: int) -> list[Delivery]:
        token = uuid.uuid4().bytes
        asked = self.context.write(
            claim_deliveries,
            self.broadcast,
            claim=token,
            holder=self.context.lease_holder.holder,
            limit=limit,
            after=after,
            at=self.context.now(),
        )
        return await self.context.claims.claim(token, asked)

    async def _recover(self) -> int:
        return await self.context.write(
            recover_deliveries,
            self.broadcast,
            holder=self.context.lease_holder.holder,
            at=self.context.now(),
        )

    async def _stop_if_ended(self) -> None:
        """Interrupts if an admin has paused, cancelled or recalled it, in whatever process."""
        found = await self.context.read(broadcast_with, self.broadcast.id)
        known = self.broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self.context.interrupt.trigger(InterruptReason.ENDED)

    async def _is_done(self) -> bool:
        """Tells whether nothing is left, after a claim that found nothing."""
        await self.pool.wait_until_below(1)
        self.bug_breaker.close()
        self.unreachable_breaker.close()
        flushing = asyncio.create_task(self.context.recorder.flush())
        interrupted = asyncio.create_task(self.context.interrupt.wait())
        await asyncio.wait({flushing, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        if not flushing.done():
            flushing.cancel()
            return False
        tally = await self.context.read(tally_of_broadcast, self.broadcast.id)
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Rows of a claim whose answer was lost with a connection.
            await self._recover()
        await self.context.interrupt.rest(self.context.durations.rest)
        return False

    async def _deliver(self, delivery: Delivery) -> None:
        if self._is_unwritable(delivery):
            self._give_back(delivery)
            return
        final_check, sent = FinalCheck(self.context, delivery), None
        try:
            sent = await self._sender.send(final_check)
        finally:
            self.context.claims.finished(delivery)
            if sent is None:  # this was cancelled
                sent = SendResult(Outcome.IN_DOUBT if final_check.has_left else Outcome.UNSENT)
            self._settle(delivery, sent)

    def _settle(self, delivery: Delivery, sent: SendResult) -> None:
        if sent.bug is not None:
            failed = Result(delivery.position, delivery.claim, sent.outcome)
            self._handle_bug(failed, sent.bug)
            return
        if sent.was_tried:
            self.bug_breaker.record_success()
        outcome = self._judge(delivery, sent)
        result = Result(delivery.position, delivery.claim, outcome, sent.messages)
        if outcome is Outcome.UNREACHABLE:
            if self.unreachable_breaker.record_failure(result):
                self.context.interrupt.trigger(InterruptReason.NOBODY, str(MOST_UNREACHABLE))
            return
        if outcome is Outcome.DELIVERED:
            self.unreachable_breaker.record_delivery()
        self._record(result)

    def _record(self, result: Result) -> None:
        self.context.recorder.add(self.broadcast.id, result)

    def _handle_bug(self, result: Result, error: Exception) -> None:
        """Notes a failure by a bug; interrupts when it is likely to hit everybody."""
        kind, name = error_reference(error)
        _log.error("delivery_failed", kind=kind, reference=name, exc_info=error)
        if self.bug_breaker.record_failure(result):
            self.context.interrupt.trigger(InterruptReason.BROKEN, f"{kind} {name}")

    def _give_back(self, delivery: Delivery) -> None:
        """Gives back a delivery that was not begun, unless it was sent before."""
        self.context.claims.finished(delivery)
        outcome = Outcome.UNCONFIRMED if self._is_unwritable(delivery) else Outcome.UNSENT
        self._record(Result(delivery.position, delivery.claim, outcome))

    def _is_unwritable(self, delivery: Delivery) -> bool:
        """Tells whether it was sent before and its result could not be recorded."""
        return self.context.recorder.is_unwritable(self.broadcast.id, delivery.position)

    def _judge(self, delivery: Delivery, sent: SendResult) -> Outcome:
        """Returns the outcome to record, and draws the consequences for the other deliveries."""
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.FORBIDDEN):
            self.outage_breaker.record_answer(delivery.position)
        if sent.outcome is Outcome.REJECTED or sent.error_kind is ErrorKind.CONTENT:
            self.context.interrupt.trigger(InterruptReason.REFUSED, sent.detail)
        elif sent.error_kind is ErrorKind.UNKNOWN:
            self.outage_breaker.record_lost_answer(self.context.clock())
        elif sent.error_kind is ErrorKind.UNAUTHORISED:
            return self._judge_denial(delivery, sent.detail)
        elif sent.error_kind in (ErrorKind.RETRY, ErrorKind.CONFLICT):
            is_given_up = self.outage_breaker.record_failure(
                delivery.position, self.context.clock()
            )
            return Outcome.UNCONFIRMED if is_given_up else Outcome.UNSENT
        return sent.outcome

    def _judge_denial(self, delivery: Delivery, detail: str) -> Outcome:
        """Handles a 401 or 404: one may be a proxy's hiccup, a minute of them needs an admin."""
        now = self.context.clock()
        is_given_up = self.outage_breaker.record_denial(delivery.position, now)
        if self.outage_breaker.is_denied(now):
            self.context.interrupt.trigger(InterruptReason.DENIED, detail)
        return Outcome.UNCONFIRMED if is_given_up else Outcome.UNSENT
