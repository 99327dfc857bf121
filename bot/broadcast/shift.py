"""One worker's time with one broadcast: from taking it over until it ends, or the time does."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Final

import structlog
from telegram.error import TelegramError

from bot.broadcast.content import content_of
from bot.broadcast.crew import Crew
from bot.broadcast.defects import Defects
from bot.broadcast.halt import Cause, Halt
from bot.broadcast.means import Means
from bot.broadcast.pacing import Pacing
from bot.broadcast.patience import Patience
from bot.broadcast.sending import Sender, Sent
from bot.broadcast.stopping import named
from bot.broadcast.strangers import SO_MANY, Strangers
from bot.transport import Lane, Remedy, remedy
from bot.transport.errors import TelegramRefused
from storage import Broadcast, Delivery, Outcome, Result

_log = structlog.stdlib.get_logger()

# Recipients whose rows are written in one transaction: what a signature may have to wait for.
_PORTION: Final = 500
_LONGEST_BREATH: Final = 0.05


@dataclass(slots=True)
class Shift:
    """Claims, sends and judges, batch after batch, until nothing is left or `halt` is called.

    Rows are claimed onward from where the last worker had come; what went back, since it was not
    sent or is to be repeated, has its turn in another round. So a kill that comes again and again
    does not hit the same people, and a repetition does not follow on the heels of its first try.
    """

    means: Means
    broadcast: Broadcast
    halt: Halt
    strangers_are_expected: bool = False
    crew: Crew[Delivery] = field(init=False)
    patience: Patience = field(default_factory=Patience)
    defects: Defects = field(init=False)
    strangers: Strangers = field(init=False)
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.crew = Crew(self._deliver, self._give_back)
        self.defects = Defects(self._record)
        self.strangers = Strangers(self._record, are_expected=self.strangers_are_expected)

    async def work(self) -> bool:
        """Send what is to be sent; tells whether nothing is left."""
        self._sender = self._make_sender()
        pacing = Pacing(self.means.timing)
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
        if self.halt.cause is Cause.LOST:
            self.crew.cancel()
        await self.crew.below(1)
        self.defects.close()
        self.strangers.give_back()

    def _make_sender(self) -> Sender:
        told = self.broadcast
        content = content_of(told.content, told.source_chat, paid=told.paid)
        self.means.gate.aim(self.means.rates.of(told, content))
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
            if await self.means.patiently(self.halt, enqueue):
                return
            # As long a breath as the portion took: those who sign meanwhile have half the time.
            await self.halt.rest(min(self.means.clock() - begun, _LONGEST_BREATH))
            await self._stop_if_ended()

    async def _turn(self, pacing: Pacing) -> int:
        """Wait until it is time for the next claim; returns how many it may have."""
        gate, clock = self.means.gate, self.means.clock
        # While nothing gets through, one at a time shows when that is over.
        await self.crew.below(1 if self.patience.is_worn else pacing.window(gate.rate))
        while not self.halt.is_called:
            # Not claimed during a pause: whoever withdraws in it is then still asked.
            wait = max(pacing.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            await self.halt.rest(wait)
        await self._outlast_silence()
        return 1 if self.patience.is_worn else pacing.room(gate.rate, len(self.crew))

    async def _outlast_silence(self) -> None:
        """While nothing gets through, find out with a call that costs nobody their attempts."""
        while self.patience.is_worn and self._may_send():
            await self.halt.rest(self.patience.pause())
            try:
                await self.means.client.call("getMe", timeout=self.means.timing.call)
            except (TelegramRefused, TelegramError) as error:
                found = remedy(error)
                if found is Remedy.UNAUTHORISED:
                    # The intake asks too, and ends the process when a minute has not changed it.
                    _log.warning("token_denied")
                elif found not in (Remedy.RETRY, Remedy.UNKNOWN):
                    return  # an answer, if not a welcome one: the next delivery meets it too
                self.patience.doubted()
            else:
                return

    async def _claim(self, limit: int, after: int) -> list[Delivery]:
        token = uuid.uuid4().bytes
        asked = self.means.patiently(
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
        return await self.means.patiently(
            self.halt,
            lambda: self.means.broadcasts.deliveries.recover(
                self.broadcast, holder=self.means.tenure.holder, at=self.means.now()
            ),
        )

    async def _stop_if_ended(self) -> None:
        """An admin may have paused, cancelled or recalled it, from wherever."""
        found = await self.means.patiently(
            self.halt, lambda: self.means.broadcasts.get(self.broadcast.id)
        )
        known = self.broadcast.state
        if found is None or found.state != known or found.recall_started_at is not None:
            self.halt.call(Cause.ENDED)

    async def _is_done(self) -> bool:
        """Nobody can be claimed: whether that is because nobody is left."""
        await self.crew.below(1)
        self.defects.close()
        self.strangers.close()
        flushed = asyncio.create_task(self.means.outbox.flush())
        halted = asyncio.create_task(self.halt.wait())
        await asyncio.wait({flushed, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if not flushed.done():
            flushed.cancel()
            return False
        tally = await self.means.patiently(
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
        sent = Sent(Outcome.PERHAPS)  # until it is known, and when this is cancelled: in doubt
        try:
            sent = await self._sender.send(delivery)
        finally:
            self.means.claims.finished(delivery)
            self._settle(delivery, sent)

    def _settle(self, delivery: Delivery, sent: Sent) -> None:
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
            self.strangers.met()
        self._record(result)

    def _unreachable(self, result: Result) -> None:
        if self.strangers.noted(result):
            self.halt.call(Cause.NOBODY, str(SO_MANY))

    def _record(self, result: Result) -> None:
        self.means.outbox.add(self.broadcast.id, result)

    def _mistaken(self, result: Result, error: Exception) -> None:
        """A mistake of ours is one recipient's until it is seen to be everybody's."""
        kind, name = named(error)
        _log.error("delivery_broken", kind=kind, reference=name, exc_info=error)
        if self.defects.noted(result):
            self.halt.call(Cause.BROKEN, f"{kind} {name}")

    def _give_back(self, delivery: Delivery) -> None:
        """It was claimed, and not begun; who has had it is not given to the next claim."""
        self.means.claims.finished(delivery)
        outcome = Outcome.UNKNOWN if self._is_unwritable(delivery) else Outcome.UNSENT
        self._record(Result(delivery.position, delivery.claim, outcome))

    def _is_unwritable(self, delivery: Delivery) -> bool:
        """Whether it was sent before, and that could not be written down."""
        return self.means.outbox.is_unwritable(self.broadcast.id, delivery.position)

    def _judged(self, delivery: Delivery, sent: Sent) -> Outcome:
        """What is recorded, and what it means for the others."""
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE):
            self.patience.answered(delivery.position)
        if sent.outcome is Outcome.REJECTED or sent.remedy is Remedy.CONTENT:
            self.halt.call(Cause.REFUSED, sent.said)
        elif sent.remedy is Remedy.UNKNOWN:
            self.patience.doubted()
        elif sent.remedy is Remedy.UNAUTHORISED:
            return self._denied(delivery, sent.said)
        elif sent.remedy in (Remedy.RETRY, Remedy.CONFLICT):
            hopeless = self.patience.failed(delivery.position, self.means.clock())
            return Outcome.UNKNOWN if hopeless else Outcome.UNSENT
        return sent.outcome

    def _denied(self, delivery: Delivery, said: str) -> Outcome:
        """What is denied once may be a proxy's hiccup, and for a minute is for people to mend."""
        now = self.means.clock()
        hopeless = self.patience.denied(delivery.position, now)
        if self.patience.is_denied(now):
            self.halt.call(Cause.DENIED, said)
        return Outcome.UNKNOWN if hopeless else Outcome.UNSENT
