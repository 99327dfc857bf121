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
from bot.broadcast.stop_reasons import error_reference
from bot.broadcast.strangers import SO_MANY, UnreachableBreaker
from bot.broadcast.task_pool import TaskPool
from bot.transport import ErrorKind, Lane, error_kind
from bot.transport.errors import TelegramRefused
from storage import Broadcast, Delivery, Outcome, Result

_log = structlog.stdlib.get_logger()

# Rows that are written in one transaction, for which a signature may have to wait.
_PORTION: Final = 500
_LONGEST_BREATH: Final = 0.05


@dataclass(slots=True)
class DeliveryLoop:
    """Works through one broadcast, batch by batch, until nothing is left or `halt` is triggered.

    Rows are claimed onward from where the last worker stopped; those that went back, unsent or to
    be repeated, are claimed in another round. So repeated kills do not hit the same people, and a
    repetition does not follow immediately on its first try.
    """

    means: WorkerContext
    broadcast: Broadcast
    halt: BroadcastInterrupt
    strangers_are_expected: bool = False
    crew: TaskPool[Delivery] = field(init=False)
    patience: OutageBreaker = field(default_factory=OutageBreaker)
    defects: BugBreaker = field(init=False)
    strangers: UnreachableBreaker = field(init=False)
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.crew = TaskPool(self._deliver, self._give_back)
        self.defects = BugBreaker(self._record)
        self.strangers = UnreachableBreaker(self._record, are_expected=self.strangers_are_expected)

    async def work(self) -> bool:
        """Sends until nothing is left (True) or sending is interrupted (False)."""
        self._sender = self._make_sender()
        pacing = ClaimPacer(self.means.timing)
        await self._enqueue()
        after = await self._recover()
        while self._may_send():
            limit = await self._turn(pacing)
            if not self._may_send():
                break
            batch = await self._claim(limit, after)
            pacing.took(len(batch), self.means.gate.rate, self.means.clock())
            self.crew.add(batch)
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
        if self.halt.cause is InterruptReason.LOST:
            self.crew.cancel()
        await self.crew.wait_until_below(1)
        self.defects.close()
        self.strangers.give_back()

    def _make_sender(self) -> Sender:
        told = self.broadcast
        content = content_of(told.content, told.source_chat, paid=told.paid)
        self.means.gate.set_ceiling(self.means.rates.of(told, content))
        return Sender(
            client=self.means.client,
            gate=self.means.gate,
            content=content,
            timing=self.means.timing,
            may_send=self._may_send,
            claims=self.means.claims,
            rest=self.halt.rest,
        )

    def _may_send(self) -> bool:
        return self.means.may_go_on(self.halt)

    async def _enqueue(self) -> None:
        """Gives every recipient a row, in portions, so that others can write in between."""
        deliveries, holder = self.means.broadcasts.deliveries, self.means.tenure.holder

        async def enqueue() -> bool:
            return await deliveries.enqueue(
                self.broadcast, holder=holder, portion=_PORTION, at=self.means.now()
            )

        while self._may_send():
            begun = self.means.clock()
            if await self.means.retry_while_unavailable(self.halt, enqueue):
                return
            # A rest as long as the portion took leaves half of the time to those who sign.
            await self.halt.rest(min(self.means.clock() - begun, _LONGEST_BREATH))
            await self._stop_if_ended()

    async def _turn(self, pacing: ClaimPacer) -> int:
        """Waits until it is time for the next claim; returns how many deliveries it may take."""
        gate, clock = self.means.gate, self.means.clock
        # During an outage, one delivery at a time shows when it is over.
        await self.crew.wait_until_below(1 if self.patience.is_open else pacing.window(gate.rate))
        while not self.halt.is_called:
            # No claims during a pause, so that the next one sees who withdrew in it.
            wait = max(pacing.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            await self.halt.rest(wait)
        await self._outlast_silence()
        return 1 if self.patience.is_open else pacing.room(gate.rate, len(self.crew))

    async def _outlast_silence(self) -> None:
        """Waits out an outage by calling getMe, which uses up no recipient's attempts."""
        while self.patience.is_open and self._may_send():
            await self.halt.rest(self.patience.pause())
            try:
                await self.means.client.call("getMe", timeout=self.means.timing.call)
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
        asked = self.means.retry_while_unavailable(
            self.halt,
            lambda: self.means.broadcasts.deliveries.claim(
                self.broadcast,
                claim=token,
                holder=self.means.tenure.holder,
                limit=limit,
                after=after,
                at=self.means.now(),
            ),
        )
        return await self.means.claims.claim(token, asked)

    async def _recover(self) -> int:
        return await self.means.retry_while_unavailable(
            self.halt,
            lambda: self.means.broadcasts.deliveries.recover(
                self.broadcast, holder=self.means.tenure.holder, at=self.means.now()
            ),
        )

    async def _stop_if_ended(self) -> None:
        """Interrupts if an admin has paused, cancelled or recalled it, in whatever process."""
        found = await self.means.retry_while_unavailable(
            self.halt, lambda: self.means.broadcasts.get(self.broadcast.id)
        )
        known = self.broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self.halt.trigger(InterruptReason.ENDED)

    async def _is_done(self) -> bool:
        """Tells whether nothing is left, after a claim that found nothing."""
        await self.crew.wait_until_below(1)
        self.defects.close()
        self.strangers.close()
        flushed = asyncio.create_task(self.means.outbox.flush())
        halted = asyncio.create_task(self.halt.wait())
        await asyncio.wait({flushed, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if not flushed.done():
            flushed.cancel()
            return False
        tally = await self.means.retry_while_unavailable(
            self.halt, lambda: self.means.broadcasts.tally(self.broadcast.id)
        )
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Rows of a claim whose answer was lost with a connection.
            await self._recover()
        await self.halt.rest(self.means.timing.rest)
        return False

    async def _deliver(self, delivery: Delivery) -> None:
        if self._is_unwritable(delivery):
            self._give_back(delivery)
            return
        sent = SendResult(Outcome.IN_DOUBT)  # the outcome when this is cancelled
        try:
            sent = await self._sender.send(delivery)
        finally:
            self.means.claims.finished(delivery)
            self._settle(delivery, sent)

    def _settle(self, delivery: Delivery, sent: SendResult) -> None:
        if sent.mistake is not None:
            failed = Result(delivery.position, delivery.claim, sent.outcome)
            self._mistaken(failed, sent.mistake)
            return
        if sent.was_tried:
            self.defects.passed()
        outcome = self._judged(delivery, sent)
        result = Result(delivery.position, delivery.claim, outcome, sent.messages)
        if result.outcome is Outcome.UNREACHABLE:
            self._unreachable(result)
            return
        if result.outcome is Outcome.DELIVERED:
            self.strangers.record_delivery()
        self._record(result)

    def _unreachable(self, result: Result) -> None:
        if self.strangers.record_failure(result):
            self.halt.trigger(InterruptReason.NOBODY, str(SO_MANY))

    def _record(self, result: Result) -> None:
        self.means.outbox.add(self.broadcast.id, result)

    def _mistaken(self, result: Result, error: Exception) -> None:
        """Notes a failure by a bug; interrupts when it is likely to hit everybody."""
        kind, name = error_reference(error)
        _log.error("delivery_broken", kind=kind, reference=name, exc_info=error)
        if self.defects.record_failure(result):
            self.halt.trigger(InterruptReason.BROKEN, f"{kind} {name}")

    def _give_back(self, delivery: Delivery) -> None:
        """Gives back a delivery that was not begun, unless it was sent before."""
        self.means.claims.finished(delivery)
        outcome = Outcome.UNCONFIRMED if self._is_unwritable(delivery) else Outcome.UNSENT
        self._record(Result(delivery.position, delivery.claim, outcome))

    def _is_unwritable(self, delivery: Delivery) -> bool:
        """Tells whether it was sent before and its result could not be recorded."""
        return self.means.outbox.is_unwritable(self.broadcast.id, delivery.position)

    def _judged(self, delivery: Delivery, sent: SendResult) -> Outcome:
        """Returns the outcome to record, and draws the consequences for the other deliveries."""
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE):
            self.patience.answered(delivery.position)
        if sent.outcome is Outcome.REJECTED or sent.error_kind is ErrorKind.CONTENT:
            self.halt.trigger(InterruptReason.REFUSED, sent.said)
        elif sent.error_kind is ErrorKind.UNKNOWN:
            self.patience.doubted()
        elif sent.error_kind is ErrorKind.UNAUTHORISED:
            return self._denied(delivery, sent.said)
        elif sent.error_kind in (ErrorKind.RETRY, ErrorKind.CONFLICT):
            hopeless = self.patience.failed(delivery.position, self.means.clock())
            return Outcome.UNCONFIRMED if hopeless else Outcome.UNSENT
        return sent.outcome

    def _denied(self, delivery: Delivery, said: str) -> Outcome:
        """Handles a 401 or 404: one may be a proxy's hiccup, a minute of them needs an admin."""
        now = self.means.clock()
        hopeless = self.patience.denied(delivery.position, now)
        if self.patience.is_denied(now):
            self.halt.trigger(InterruptReason.DENIED, said)
        return Outcome.UNCONFIRMED if hopeless else Outcome.UNSENT
