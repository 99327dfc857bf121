"""One worker's time with one broadcast: from taking it over until it ends, or the time does."""

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

# Recipients whose rows are written in one transaction: what a signature may have to wait for.
_PORTION: Final = 500
_LONGEST_BREATH: Final = 0.05


@dataclass(slots=True)
class DeliveryLoop:
    """Claims, sends and judges, batch after batch, until nothing is left or `halt` is called.

    Rows are claimed onward from where the last worker had come; what went back, since it was not
    sent or is to be repeated, has its turn in another round. So a kill that comes again and again
    does not hit the same people, and a repetition does not follow on the heels of its first try.
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
        """Send what is to be sent; tells whether nothing is left."""
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
        """Let what is in flight finish; without the lease it may not, and is in doubt."""
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
        """See to it that every recipient has a row; others write between two portions."""
        deliveries, holder = self.means.broadcasts.deliveries, self.means.tenure.holder

        async def enqueue() -> bool:
            return await deliveries.enqueue(
                self.broadcast, holder=holder, portion=_PORTION, at=self.means.now()
            )

        while self._may_send():
            begun = self.means.clock()
            if await self.means.retry_while_unavailable(self.halt, enqueue):
                return
            # As long a breath as the portion took: those who sign meanwhile have half the time.
            await self.halt.rest(min(self.means.clock() - begun, _LONGEST_BREATH))
            await self._stop_if_ended()

    async def _turn(self, pacing: ClaimPacer) -> int:
        """Wait until it is time for the next claim; returns how many it may have."""
        gate, clock = self.means.gate, self.means.clock
        # While nothing gets through, one at a time shows when that is over.
        await self.crew.wait_until_below(1 if self.patience.is_open else pacing.window(gate.rate))
        while not self.halt.is_called:
            # Not claimed during a pause: whoever withdraws in it is then still asked.
            wait = max(pacing.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            await self.halt.rest(wait)
        await self._outlast_silence()
        return 1 if self.patience.is_open else pacing.room(gate.rate, len(self.crew))

    async def _outlast_silence(self) -> None:
        """While nothing gets through, find out with a call that costs nobody their attempts."""
        while self.patience.is_open and self._may_send():
            await self.halt.rest(self.patience.pause())
            try:
                await self.means.client.call("getMe", timeout=self.means.timing.call)
            except (TelegramRefused, TelegramError) as error:
                found = error_kind(error)
                if found is ErrorKind.UNAUTHORISED:
                    # The intake asks too, and ends the process when a minute has not changed it.
                    _log.warning("token_denied")
                elif found not in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
                    return  # an answer, if not a welcome one: the next delivery meets it too
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
        """An admin may have paused, cancelled or recalled it, from wherever."""
        found = await self.means.retry_while_unavailable(
            self.halt, lambda: self.means.broadcasts.get(self.broadcast.id)
        )
        known = self.broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self.halt.trigger(InterruptReason.ENDED)

    async def _is_done(self) -> bool:
        """Nobody can be claimed: whether that is because nobody is left."""
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
            # Claimed by nobody who lives: the answer to a claim was lost with a connection.
            await self._recover()
        await self.halt.rest(self.means.timing.rest)
        return False

    async def _deliver(self, delivery: Delivery) -> None:
        if self._is_unwritable(delivery):
            self._give_back(delivery)
            return
        sent = SendResult(
            Outcome.IN_DOUBT
        )  # until it is known, and when this is cancelled: in doubt
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
        """A mistake of ours is one recipient's until it is seen to be everybody's."""
        kind, name = error_reference(error)
        _log.error("delivery_broken", kind=kind, reference=name, exc_info=error)
        if self.defects.record_failure(result):
            self.halt.trigger(InterruptReason.BROKEN, f"{kind} {name}")

    def _give_back(self, delivery: Delivery) -> None:
        """It was claimed, and not begun; who has had it is not given to the next claim."""
        self.means.claims.finished(delivery)
        outcome = Outcome.UNCONFIRMED if self._is_unwritable(delivery) else Outcome.UNSENT
        self._record(Result(delivery.position, delivery.claim, outcome))

    def _is_unwritable(self, delivery: Delivery) -> bool:
        """Whether it was sent before, and that could not be written down."""
        return self.means.outbox.is_unwritable(self.broadcast.id, delivery.position)

    def _judged(self, delivery: Delivery, sent: SendResult) -> Outcome:
        """What is recorded, and what it means for the others."""
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
        """What is denied once may be a proxy's hiccup, and for a minute is for people to mend."""
        now = self.means.clock()
        hopeless = self.patience.denied(delivery.position, now)
        if self.patience.is_denied(now):
            self.halt.trigger(InterruptReason.DENIED, said)
        return Outcome.UNCONFIRMED if hopeless else Outcome.UNSENT
