"""Sends one broadcast: claims its deliveries, makes the calls, and judges what becomes of each."""

import asyncio
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.content import Content, MessageCall, content_of, message_ids
from bot.broadcast.context import InterruptReason, WorkerContext
from bot.broadcast.failing_deliveries import MOST_UNREACHABLE, OutageBreaker, UnreachableBreaker
from bot.broadcast.open_claims import OpenDelivery
from bot.tracebacks import error_reference
from bot.transport.errors import ErrorKind, TelegramRefused, error_kind
from bot.transport.send_gate import Lane
from storage.broadcast_types import Broadcast, Outcome, PauseReason, Result, StopReason
from storage.broadcasts import tally_of_broadcast
from storage.deliveries import claim_deliveries, enqueue_deliveries, recover_deliveries

_log = structlog.stdlib.get_logger()

# Rows that are written in one transaction, for which a signature may have to wait.
_PORTION = 500
_LONGEST_REST = 0.05
# Deliveries under way: fewer than there are connections, so that replies find a free one, and a
# call that has passed the gate leaves at once. At 30 ms each it is enough for 13,000 a second.
MOST_OPEN = 400

_MISSING = "message to copy not found"
_SOURCE_LOST = "the chat of the message is not found"

# The outcome of a delivery for each error kind. Only UNREACHABLE marks the supporter as well.
OUTCOMES: Mapping[ErrorKind, Outcome] = {
    ErrorKind.WAIT: Outcome.UNSENT,
    ErrorKind.RETRY: Outcome.UNSENT,
    ErrorKind.CONFLICT: Outcome.UNSENT,
    ErrorKind.UNAUTHORISED: Outcome.UNSENT,
    ErrorKind.UNKNOWN: Outcome.IN_DOUBT,
    ErrorKind.UNREACHABLE: Outcome.UNREACHABLE,
    ErrorKind.FORBIDDEN: Outcome.FORBIDDEN,
    ErrorKind.CONTENT: Outcome.REJECTED,
    ErrorKind.GONE: Outcome.REJECTED,
    ErrorKind.UNCHANGED: Outcome.REJECTED,
    ErrorKind.EXPIRED: Outcome.REJECTED,
}


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of one delivery; without an error kind it was delivered, or did not leave.

    Attributes:
        outcome: the outcome of the delivery.
        error_kind: the kind of error that Telegram answered with.
        detail: what Telegram said about it.
        messages: the ids of the messages that arrived.
    """

    outcome: Outcome
    error_kind: ErrorKind | None = None
    detail: str = ""
    messages: tuple[int, ...] = ()


class Sender:
    """Works through one broadcast until nothing is left or the run is interrupted.

    Rows are claimed onward from where the last worker stopped; those that went back, unsent or to
    be repeated, are claimed in another round. So repeated kills do not hit the same people, and a
    repetition does not follow immediately on its first try.

    Args:
        bot_is_confirmed: whether an admin has confirmed that this is the right bot.
    """

    def __init__(
        self, context: WorkerContext, broadcast: Broadcast, *, bot_is_confirmed: bool = False
    ) -> None:
        self._context = context
        self._storage = context.storage
        self._interrupt = context.interrupt
        self._claims = context.claims
        self._broadcast = broadcast
        self._content = content_of(broadcast.content, broadcast.source_chat, paid=broadcast.paid)
        paid_rate = context.paid_rate if self._content.paid else None
        # Each message of an album counts.
        context.gate.set_ceiling((paid_rate or context.rate) / self._content.per_recipient)
        self._outage_breaker = OutageBreaker()
        self._record = partial(context.recorder.add, broadcast.id)
        self._unreachable_breaker = UnreachableBreaker(self._record, is_confirmed=bot_is_confirmed)
        self._has_met_bug = False
        self._is_enqueued = broadcast.enqueued_at is not None

    async def work(self) -> bool:
        """Sends until nothing is left (True) or sending is interrupted (False).

        What had left when calls in flight were cancelled is in doubt, what had not is unsent.
        """
        try:
            return await self._send_all()
        finally:
            await self._interrupt.calls_ended()
            self._unreachable_breaker.give_back()

    async def _send_all(self) -> bool:
        if not self._is_enqueued:
            await self._enqueue_portion()
        leaves_claims = self._context.awaits_former_holder()
        after = await self._recover()
        while self._context.may_continue():
            if leaves_claims and not self._context.awaits_former_holder():
                # The next run takes them back at its start, when nothing else is being sent.
                self._interrupt.trigger(InterruptReason.ENDED)
                break
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
                await self._context.look_whether_first(self._broadcast)
                if after == 0 and await self._is_done():
                    return True
                after = 0
        return False

    async def _enqueue_portion(self) -> None:
        """Gives the next recipients a row, and lets others write afterwards."""
        clocks = self._context.clocks
        begun = clocks.monotonic()
        self._is_enqueued = await self._storage.write(
            enqueue_deliveries,
            self._broadcast,
            holder=self._context.lock.holder,
            portion=_PORTION,
            at=clocks.now(),
        )
        if not self._is_enqueued:
            # A rest as long as the portion took leaves half of the time to those who sign.
            await self._interrupt.rest(min(clocks.monotonic() - begun, _LONGEST_REST))
            await self._context.look_whether_first(self._broadcast)

    async def _wait_to_claim(self) -> int:
        """Waits until there is room for the next claim; returns how many it may take."""
        gate, durations, limit = self._context.gate, self._context.durations, 1
        while self._interrupt.reason is None:
            # During an outage, one delivery at a time shows when it is over.
            limit = most_open = 1
            if not self._outage_breaker.is_open:
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
                await self._claims.wait_until_below(below)
        await self._wait_out_outage()
        return limit

    async def _wait_out_outage(self) -> None:
        """Waits out an outage by calling getMe, which uses up no recipient's attempts."""
        while self._outage_breaker.is_open and self._context.may_continue():
            await self._interrupt.rest(self._outage_breaker.pause())
            try:
                await self._context.client.call("getMe", timeout=self._context.durations.call)
            except TelegramError as error:
                found = error_kind(error)
                if found is ErrorKind.UNAUTHORISED:
                    # The intake checks the token too, and ends the process after a minute of it.
                    _log.warning("token_denied")
                elif found not in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
                    return  # Telegram answers again; the next delivery meets the same error
                self._outage_breaker.record_lost_answer(self._context.clocks.monotonic())
            else:
                return

    async def _claim(self, limit: int, after: int) -> list[OpenDelivery]:
        asked = self._storage.write(
            claim_deliveries,
            self._broadcast,
            claim=uuid.uuid4().bytes,
            holder=self._context.lock.holder,
            limit=limit,
            after=after,
            at=self._context.clocks.now(),
        )
        return await self._claims.claim(asked)

    async def _recover(self) -> int:
        return await self._storage.write(
            recover_deliveries,
            self._broadcast,
            holder=self._context.lock.holder,
            takes_back=not self._context.awaits_former_holder(),
            at=self._context.clocks.now(),
        )

    async def _is_done(self) -> bool:
        """Tells whether nothing is left, after a claim that found nothing."""
        await self._claims.wait_until_below(1)
        self._unreachable_breaker.close()
        await self._context.recorder.flush()
        tally = await self._storage.read(tally_of_broadcast, self._broadcast.id)
        if tally.open == 0:
            return True
        if tally.sending > 0:
            # Of a claim whose answer was lost with a connection, or of the holder before.
            await self._recover()
        await self._interrupt.rest(self._context.durations.rest)
        return False

    def _begin(self, claimed: OpenDelivery) -> None:
        """Begins to send a delivery, unless it was sent and its result could not be recorded."""
        recorder = self._context.recorder
        if recorder.is_unwritable(self._broadcast.id, claimed.delivery.position):
            self._finish(claimed, SendResult(Outcome.UNCONFIRMED))
            return
        call = self._interrupt.begin_call(send_delivery(self._context, self._content, claimed))
        call.add_done_callback(partial(self._ended, claimed))

    def _ended(self, claimed: OpenDelivery, call: asyncio.Task[SendResult]) -> None:
        if call.cancelled():
            sent = SendResult(Outcome.IN_DOUBT if claimed.has_left else Outcome.UNSENT)
        elif isinstance(error := call.exception(), Exception):
            sent = SendResult(self._judge_bug(error, has_left=claimed.has_left))
        else:
            sent = call.result()
        self._finish(claimed, sent)

    def _finish(self, claimed: OpenDelivery, sent: SendResult) -> None:
        """Records what became of a delivery; a bug in judging that has the broadcast paused.

        It is recorded all the same, or its row would say that it is being sent, and who has the
        message would get it again.
        """
        self._claims.finished(claimed)
        delivery = claimed.delivery
        result = Result(delivery.position, delivery.claim, sent.outcome, sent.messages)
        try:
            result = replace(result, outcome=self._judge(delivery.position, sent))
            if result.outcome is Outcome.UNREACHABLE:
                if self._unreachable_breaker.record_failure(result):
                    self._interrupt.trigger(PauseReason.NOBODY, str(MOST_UNREACHABLE))
                return
            if result.outcome is Outcome.DELIVERED:
                self._unreachable_breaker.record_delivery()
        except Exception as error:  # whatever it is
            self._pause_for(error)
            if result.outcome is Outcome.UNREACHABLE:
                result = replace(result, outcome=Outcome.UNSENT)
        self._record(result)

    def _judge(self, position: int, sent: SendResult) -> Outcome:
        """Returns the outcome to record; interrupts if the others would fare no better."""
        breaker, now = self._outage_breaker, self._context.clocks.monotonic()
        if sent.outcome in (Outcome.DELIVERED, Outcome.UNREACHABLE, Outcome.FORBIDDEN):
            breaker.record_answer(position)
        if sent.outcome is Outcome.REJECTED or sent.error_kind is ErrorKind.CONTENT:
            self._interrupt.trigger(StopReason.CONTENT, sent.detail)
        elif sent.error_kind is ErrorKind.UNKNOWN:
            breaker.record_lost_answer(now)
        elif sent.error_kind in (ErrorKind.RETRY, ErrorKind.CONFLICT, ErrorKind.UNAUTHORISED):
            is_denied = sent.error_kind is ErrorKind.UNAUTHORISED
            if breaker.record_failure(position, now, is_denied=is_denied):
                return Outcome.UNCONFIRMED
            # A 401 or 404 may be a proxy's hiccup, a minute of them needs an admin.
            if breaker.is_denied(now):
                self._interrupt.trigger(PauseReason.DENIED, sent.detail)
        return sent.outcome

    def _judge_bug(self, error: Exception, *, has_left: bool) -> Outcome:
        """Has the broadcast paused because of a bug, which may hit everybody.

        The first one is not tried again, so that a broadcast that is resumed again and again still
        comes to its end; those that were under way with it go back.
        """
        self._pause_for(error)
        is_first, self._has_met_bug = not self._has_met_bug, True
        if is_first:
            return Outcome.UNCONFIRMED if has_left else Outcome.REJECTED
        return Outcome.IN_DOUBT if has_left else Outcome.UNSENT

    def _pause_for(self, error: Exception) -> None:
        kind, name = error_reference(error)
        _log.error("delivery_failed", kind=kind, reference=name, exc_info=error)
        self._interrupt.trigger(PauseReason.DEFECT, f"{kind} {name}")


async def send_delivery(
    context: WorkerContext, content: Content, claimed: OpenDelivery
) -> SendResult:
    """Sends one delivery, with quick retries when it certainly did not arrive."""
    delivery, durations = claimed.delivery, context.durations
    call = content.call(delivery.chat_id, delivery.language)

    def leaves() -> bool:
        """Tells whether the call still leaves, now that its turn has come."""
        may_leave = context.may_continue() and not claimed.is_void
        claimed.has_left |= may_leave
        return may_leave

    for pause in (*durations.retries, None):
        try:
            result = await context.client.call(
                call.method,
                call.params,
                lane=Lane.BROADCAST,
                timeout=durations.call,
                wanted=leaves,
            )
        except TelegramError as error:
            if not claimed.has_left:
                break  # refused here, or it has to wait for long: then it is claimed again
            found = error_kind(error)
            claimed.has_left = found is ErrorKind.UNKNOWN
            if found is not ErrorKind.RETRY or pause is None:
                return await _result_of(error, context, content)
        else:
            return _delivered(call, message_ids(result))
        await context.interrupt.rest(pause)
    return SendResult(Outcome.UNSENT)


async def _result_of(error: TelegramError, context: WorkerContext, content: Content) -> SendResult:
    found = error_kind(error)
    said = error.description if isinstance(error, TelegramRefused) else str(error)
    detail = said or type(error).__name__
    is_lost = found is ErrorKind.UNREACHABLE and "chat not found" in detail.lower()
    if is_lost and content.source_chat is not None:
        # Telegram does not say which chat; if it is the source, every delivery fails so.
        try:
            await context.client.call(
                "getChat", {"chat_id": content.source_chat}, timeout=context.durations.call
            )
        except TelegramError as of_source:
            its = error_kind(of_source)
            found = ErrorKind.CONTENT if its is ErrorKind.UNREACHABLE else ErrorKind.RETRY
            return SendResult(Outcome.UNSENT, found, _SOURCE_LOST)
    return SendResult(OUTCOMES[found], found, detail)


def _delivered(call: MessageCall, messages: tuple[int, ...]) -> SendResult:
    if len(messages) >= call.messages:
        return SendResult(Outcome.DELIVERED, messages=messages)
    # Telegram silently skips what it cannot copy: somebody deleted it from the source chat.
    outcome = Outcome.DELIVERED if messages else Outcome.REJECTED
    return SendResult(outcome, ErrorKind.CONTENT, _MISSING, messages)
