"""One worker's time with one broadcast: from taking it over until it ends, or the time does."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from bot.broadcast.content import TextContent
from bot.broadcast.crew import Crew
from bot.broadcast.halt import Cause, Halt
from bot.broadcast.outbox import Outbox
from bot.broadcast.pacing import Pacing
from bot.broadcast.patience import Patience
from bot.broadcast.sending import Client, RateGate, Sender, Sent
from bot.broadcast.tenure import Tenure
from bot.broadcast.timing import Timing
from bot.transport import Lane, Remedy
from storage import Broadcast, Broadcasts, Delivery, Outcome, Result, Unavailable

_log = structlog.stdlib.get_logger()

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Means:
    """What a worker works with, whatever it works on."""

    broadcasts: Broadcasts
    client: Client
    gate: RateGate
    outbox: Outbox
    tenure: Tenure
    timing: Timing
    clock: Callable[[], float]
    now: Callable[[], datetime]


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
    crew: Crew = field(default_factory=Crew)
    patience: Patience = field(default_factory=Patience)

    async def work(self) -> bool:
        """Send what is to be sent; tells whether nothing is left."""
        sender = self._sender()
        pacing = Pacing(self.means.timing)
        after = await self._recover()
        while self._may_send():
            limit = await self._turn(pacing)
            if not self._may_send():
                break
            batch = await self._claim(limit, after)
            pacing.took(len(batch), self.means.gate.rate, self.means.clock())
            for delivery in batch:
                self.crew.launch(self._deliver(sender, delivery))
            if batch:
                after = batch[-1].position
            elif after > 0:
                after = 0
            elif await self._is_done():
                return True
        return False

    async def settle(self) -> None:
        """Let what is in flight finish; without the lease it may not, and is in doubt."""
        if self.halt.cause is Cause.LOST:
            self.crew.cancel()
        await self.crew.below(1)

    def _sender(self) -> Sender:
        return Sender(
            client=self.means.client,
            gate=self.means.gate,
            content=TextContent(self.broadcast.content),
            timing=self.means.timing,
            may_send=self._may_send,
            rest=self.halt.rest,
        )

    def _may_send(self) -> bool:
        if not self.halt.is_called and not self.means.tenure.holds():
            self.halt.call(Cause.LOST)
        return not self.halt.is_called

    async def _turn(self, pacing: Pacing) -> int:
        """Wait until it is time for the next claim; returns how many it may have."""
        gate, clock = self.means.gate, self.means.clock
        # While nothing gets through, one probe at a time shows when that is over.
        await self.crew.below(1 if self.patience.is_worn else pacing.window(gate.rate))
        while not self.halt.is_called:
            # Not claimed during a pause: whoever withdraws in it is then still asked.
            wait = max(pacing.wait(clock()), gate.pause_for(Lane.BROADCAST))
            if wait <= 0:
                break
            await self.halt.rest(wait)
        if self.patience.is_worn:
            await self.halt.rest(self.patience.pause())
        return 1 if self.patience.is_worn else pacing.room(gate.rate, len(self.crew))

    async def _claim(self, limit: int, after: int) -> list[Delivery]:
        token = uuid.uuid4().bytes
        return await self._patiently(
            lambda: self.means.broadcasts.claim(
                self.broadcast,
                claim=token,
                holder=self.means.tenure.holder,
                limit=limit,
                after=after,
                at=self.means.now(),
            )
        )

    async def _recover(self) -> int:
        return await self._patiently(
            lambda: self.means.broadcasts.recover(
                self.broadcast, holder=self.means.tenure.holder, at=self.means.now()
            )
        )

    async def _is_done(self) -> bool:
        """Nobody can be claimed: whether that is because nobody is left."""
        await self.crew.below(1)
        flushed = asyncio.create_task(self.means.outbox.flush())
        halted = asyncio.create_task(self.halt.wait())
        await asyncio.wait({flushed, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if not flushed.done():
            flushed.cancel()
            return False
        tally = await self._patiently(lambda: self.means.broadcasts.tally(self.broadcast.id))
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Claimed by nobody who lives: the answer to a claim was lost with a connection.
            await self._recover()
        await self.halt.rest(self.means.timing.rest)
        return False

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the database again while it is away, as long as there is a reason to."""
        while True:
            try:
                return await ask()
            except Unavailable:
                if not self._may_send():
                    raise
            await self.halt.rest(self.means.timing.rest)

    async def _deliver(self, sender: Sender, delivery: Delivery) -> None:
        outcome = Outcome.PERHAPS
        try:
            sent = await sender.send(delivery)
            outcome = self._judged(delivery, sent)
        except Exception as error:  # a mistake of ours must not go on from person to person
            _log.exception("broadcast_broken", kind=type(error).__name__)
            self.halt.call(Cause.BROKEN, type(error).__name__)
        finally:
            # Also when cancelled: then it is in doubt.
            result = Result(delivery.position, delivery.claim, outcome)
            self.means.outbox.add(self.broadcast.id, result)

    def _judged(self, delivery: Delivery, sent: Sent) -> Outcome:
        """What is recorded, and what it means for the others."""
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE):
            self.patience.answered(delivery.position)
        elif sent.outcome is Outcome.REJECTED:
            self.halt.call(Cause.REFUSED, sent.said)
        elif sent.remedy is Remedy.UNAUTHORISED:
            self.halt.call(Cause.TOKEN)
        elif sent.remedy is Remedy.UNKNOWN:
            self.patience.doubted()
        elif sent.remedy in (Remedy.RETRY, Remedy.CONFLICT):
            hopeless = self.patience.failed(delivery.position, self.means.clock())
            return Outcome.UNKNOWN if hopeless else Outcome.UNSENT
        return sent.outcome
