"""The loop that claims a broadcast's deliveries, sends them, and judges the outcomes."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Final

import structlog
from telegram.error import TelegramError

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason
from bot.broadcast.claim_pacing import ClaimPacer
from bot.broadcast.content import content_of
from bot.broadcast.context import WorkerContext
from bot.broadcast.defects import BugBreaker
from bot.broadcast.delivery_retries import OutageBreaker
from bot.broadcast.sender import Sender, SendResult
from bot.broadcast.strangers import SO_MANY, UnreachableBreaker
from bot.broadcast.task_pool import TaskPool
from bot.tracebacks import error_reference
from bot.transport import ErrorKind, Lane, error_kind
from bot.transport.errors import TelegramRefused
from storage import Broadcast, Delivery, Outcome, Result

_log = structlog.stdlib.get_logger()

# Rows that are written in one transaction, for which a signature may have to wait.
_PORTION: Final = 500
_LONGEST_BREATH: Final = 0.05


@dataclass(slots=True)
class DeliveryLoop:
    """Works through one broadcast in batches until nothing is left or `interrupt` is triggered.

    Rows are claimed onward from where the last worker stopped; those that went back, unsent or to
    be repeated, are claimed in another round. So repeated kills do not hit the same people, and a
    repetition does not follow immediately on its first try.
    """

    context: WorkerContext
    broadcast: Broadcast
    interrupt: BroadcastInterrupt
    strangers_are_expected: bool = False
    pool: TaskPool[Delivery] = field(init=False)
    patience: OutageBreaker = field(default_factory=OutageBreaker)
    bug_breaker: BugBreaker = field(init=False)
    unreachable_breaker: UnreachableBreaker = field(init=False)
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.pool = TaskPool(self._deliver, self._give_back)
        self.bug_breaker = BugBreaker(self._record)
        self.unreachable_breaker = UnreachableBreaker(
            self._record, are_expected=self.strangers_are_expected
        )

    async def work(self) -> bool:
        """Sends until nothing is left (True) or sending is interrupted (False)."""
        self._sender = self._make_sender()
        pacer = ClaimPacer(self.context.timing)
        await self._enqueue()
        after = await self._recover()
        while self._may_send():
            limit = await self._turn(pacer)
            if not self._may_send():
                break
            batch = await self._claim(limit, after)
            pacer.took(len(batch), self.context.gate.rate, self.context.clock())
            self.pool.add(batch)
            if batch:
                after = batch[-1].position
                continue
            await self._stop_if_ended()
            if after > 0:
                after = 0
            elif await self._is_done():
                return True
        return False

    async def settle(self) -> None:
        """Waits for the calls in flight; after a lost lease it cancels them: they are in doubt."""
        if self.interrupt.cause is InterruptReason.LOST:
            self.pool.cancel()
        await self.pool.wait_until_below(1)
        self.bug_breaker.close()
        self.unreachable_breaker.give_back()

    def _make_sender(self) -> Sender:
        told = self.broadcast
        content = content_of(told.content, told.source_chat, paid=told.paid)
        self.context.gate.set_ceiling(self.context.rates.of(told, content))
        return Sender(
            client=self.context.client,
            gate=self.context.gate,
            content=content,
            timing=self.context.timing,
            may_send=self._may_send,
            claims=self.context.claims,
            rest=self.interrupt.rest,
        )

    def _may_send(self) -> bool:
        return self.context.may_go_on(self.interrupt)

    async def _enqueue(self) -> None:
        """Gives every recipient a row, in portions, so that others can write in between."""
        deliveries, holder = self.context.broadcasts.deliveries, self.context.lease_holder.holder

        async def enqueue() -> bool:
            return await deliveries.enqueue(
                self.broadcast, holder=holder, portion=_PORTION, at=self.context.now()
            )

        while self._may_send():
            begun = self.context.clock()
            if await self.context.retry_while_unavailable(self.interrupt, enqueue):
                return
            # A rest as long as the portion took leaves half of the time to those who sign.
            await self.interrupt.rest(min(self.context.clock() - begun, _LONGEST_BREATH))
            await self._stop_if_ended()

    async def _turn(self, pacer: ClaimPacer) -> int:
        """Waits until it is time for the next claim; returns how many deliveries it may take."""
        gate, clock = self.context.gate, self.context.clock
        # During an outage, one delivery at a time shows when it is over.
        await self.pool.wait_until_below(1 if self.patience.is_open else pacer.window(gate.rate))
        while not self.interrupt.is_called:
            # No claims during a pause, so that the next one sees who withdrew in it.
            wait = max(pacer.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            await self.interrupt.rest(wait)
        await self._outlast_silence()
        return 1 if self.patience.is_open else pacer.room(gate.rate, len(self.pool))

    async def _outlast_silence(self) -> None:
        """Waits out an outage by calling getMe, which uses up no recipient's attempts."""
        while self.patience.is_open and self._may_send():
            await self.interrupt.rest(self.patience.pause())
            try:
                await self.context.client.call("getMe", timeout=self.context.timing.call)
            except (TelegramRefused, TelegramError) as error:
                found = error_kind(error)
                if found is ErrorKind.UNAUTHORISED:
                    # The intake checks the token too, and ends the process after a minute of it.
                    _log.warning("token_denied")
                elif found not in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
                    return  # Telegram answers again; the next delivery meets the same error
                self.patience.doubted()
            else:
                return

    async def _claim(self, limit: int, after: int) -> list[Delivery]:
        token = uuid.uuid4().bytes
        asked = self.context.retry_while_unavailable(
            self.interrupt,
            lambda: self.context.broadcasts.deliveries.claim(
                self.broadcast,
                claim=token,
                holder=self.context.lease_holder.holder,
                limit=limit,
                after=after,
                at=self.context.now(),
            ),
        )
        return await self.context.claims.claim(token, asked)

    async def _recover(self) -> int:
        return await self.context.retry_while_unavailable(
            self.interrupt,
            lambda: self.context.broadcasts.deliveries.recover(
                self.broadcast, holder=self.context.lease_holder.holder, at=self.context.now()
            ),
        )

    async def _stop_if_ended(self) -> None:
        """Interrupts if an admin has paused, cancelled or recalled it, in whatever process."""
        found = await self.context.retry_while_unavailable(
            self.interrupt, lambda: self.context.broadcasts.get(self.broadcast.id)
        )
        known = self.broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self.interrupt.trigger(InterruptReason.ENDED)

    async def _is_done(self) -> bool:
        """Tells whether nothing is left, after a claim that found nothing."""
        await self.pool.wait_until_below(1)
        self.bug_breaker.close()
        self.unreachable_breaker.close()
        flushed = asyncio.create_task(self.context.recorder.flush())
        halted = asyncio.create_task(self.interrupt.wait())
        await asyncio.wait({flushed, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if not flushed.done():
            flushed.cancel()
            return False
        tally = await self.context.retry_while_unavailable(
            self.interrupt, lambda: self.context.broadcasts.tally(self.broadcast.id)
        )
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Rows of a claim whose answer was lost with a connection.
            await self._recover()
        await self.interrupt.rest(self.context.timing.rest)
        return False

    async def _deliver(self, delivery: Delivery) -> None:
        if self._is_unwritable(delivery):
            self._give_back(delivery)
            return
        sent = SendResult(Outcome.IN_DOUBT)  # the outcome when this is cancelled
        try:
            sent = await self._sender.send(delivery)
        finally:
            self.context.claims.finished(delivery)
            self._settle(delivery, sent)

    def _settle(self, delivery: Delivery, sent: SendResult) -> None:
        if sent.mistake is not None:
            failed = Result(delivery.position, delivery.claim, sent.outcome)
            self._mistaken(failed, sent.mistake)
            return
        if sent.was_tried:
            self.bug_breaker.passed()
        outcome = self._judged(delivery, sent)
        result = Result(delivery.position, delivery.claim, outcome, sent.messages)
        if result.outcome is Outcome.UNREACHABLE:
            self._unreachable(result)
            return
        if result.outcome is Outcome.DELIVERED:
            self.unreachable_breaker.record_delivery()
        self._record(result)

    def _unreachable(self, result: Result) -> None:
        if self.unreachable_breaker.record_failure(result):
            self.interrupt.trigger(InterruptReason.NOBODY, str(SO_MANY))

    def _record(self, result: Result) -> None:
        self.context.recorder.add(self.broadcast.id, result)

    def _mistaken(self, result: Result, error: Exception) -> None:
        """Notes a failure by a bug; interrupts when it is likely to hit everybody."""
        kind, name = error_reference(error)
        _log.error("delivery_failed", kind=kind, reference=name, exc_info=error)
        if self.bug_breaker.record_failure(result):
            self.interrupt.trigger(InterruptReason.BROKEN, f"{kind} {name}")

    def _give_back(self, delivery: Delivery) -> None:
        """Gives back a delivery that was not begun, unless it was sent before."""
        self.context.claims.finished(delivery)
        outcome = Outcome.UNCONFIRMED if self._is_unwritable(delivery) else Outcome.UNSENT
        self._record(Result(delivery.position, delivery.claim, outcome))

    def _is_unwritable(self, delivery: Delivery) -> bool:
        """Tells whether it was sent before and its result could not be recorded."""
        return self.context.recorder.is_unwritable(self.broadcast.id, delivery.position)

    def _judged(self, delivery: Delivery, sent: SendResult) -> Outcome:
        """Returns the outcome to record, and draws the consequences for the other deliveries."""
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE):
            self.patience.answered(delivery.position)
        if sent.outcome is Outcome.REJECTED or sent.error_kind is ErrorKind.CONTENT:
            self.interrupt.trigger(InterruptReason.REFUSED, sent.said)
        elif sent.error_kind is ErrorKind.UNKNOWN:
            self.patience.doubted()
        elif sent.error_kind is ErrorKind.UNAUTHORISED:
            return self._denied(delivery, sent.said)
        elif sent.error_kind in (ErrorKind.RETRY, ErrorKind.CONFLICT):
            hopeless = self.patience.failed(delivery.position, self.context.clock())
            return Outcome.UNCONFIRMED if hopeless else Outcome.UNSENT
        return sent.outcome

    def _denied(self, delivery: Delivery, said: str) -> Outcome:
        """Handles a 401 or 404: one may be a proxy's hiccup, a minute of them needs an admin."""
        now = self.context.clock()
        hopeless = self.patience.denied(delivery.position, now)
        if self.patience.is_denied(now):
            self.interrupt.trigger(InterruptReason.DENIED, said)
        return Outcome.UNCONFIRMED if hopeless else Outcome.UNSENT
