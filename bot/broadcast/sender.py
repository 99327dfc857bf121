"""Sends one delivery, and turns Telegram's answer into its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError

from bot.broadcast.content import Content, MessageCall, message_ids
from bot.broadcast.context import WorkerContext
from bot.transport import ErrorKind, Lane, error_kind
from bot.transport.errors import TelegramRefused
from storage.broadcast_types import Delivery, Outcome

# A chat with a longer pause is not waited for: its delivery goes back.
_LONGEST_PAUSE_SECONDS = 0.5

MISSING = "message to copy not found"
SOURCE_LOST = "the chat of the message is not found"

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
    """The result of one delivery; without an error kind it was delivered or not even tried.

    Attributes:
        outcome: the outcome of the delivery.
        error_kind: the kind of error that Telegram answered with.
        detail: what Telegram said about it.
        messages: the ids of the messages that arrived.
        bug: the exception, if a bug prevented the delivery.
    """

    outcome: Outcome
    error_kind: ErrorKind | None = None
    detail: str = ""
    messages: tuple[int, ...] = ()
    bug: Exception | None = None

    @property
    def was_tried(self) -> bool:
        """Whether a call was attempted."""
        return self.outcome is not Outcome.UNSENT or self.error_kind is not None


@dataclass(slots=True)
class FinalCheck:
    """Decides at a call's turn whether it leaves, and remembers the decision.

    Attributes:
        has_left: whether the call was let go: from then on it may have arrived, until Telegram
            has refused it.
    """

    context: WorkerContext
    delivery: Delivery
    has_left: bool = False
    is_refused: bool = False

    def __call__(self) -> bool:
        """Tells whether the call leaves, now that its turn has come; a rehearsal makes two."""
        may_leave = self.may_leave()
        self.is_refused = not may_leave
        if may_leave and not self.has_left:
            self.has_left = True
            self.context.claims.call_started(self.delivery.chat_id)
        return may_leave

    def may_leave(self) -> bool:
        """Tells whether sending may go on, and the claim is still valid."""
        return self.context.may_continue() and self.context.claims.is_valid(self.delivery)

    def call_ended(self) -> None:
        """Notes that the call is over, if it left."""
        if self.has_left:
            self.context.claims.call_ended(self.delivery.chat_id)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends deliveries of one content, one by one."""

    context: WorkerContext
    content: Content

    async def send(self, final_check: FinalCheck) -> SendResult:
        """Sends a delivery; returns a bug as a result, since other deliveries may go well."""
        try:
            return await self._send(final_check)
        except Exception as error:  # whatever it is, it is logged where the result is recorded
            # Rejected when certainly not sent, so that it may be given back; else unconfirmed, so
            # that nobody is written to twice.
            outcome = Outcome.UNCONFIRMED if final_check.has_left else Outcome.REJECTED
            return SendResult(outcome, bug=error)

    async def _send(self, final_check: FinalCheck) -> SendResult:
        """Sends a delivery, with quick retries when it certainly did not arrive."""
        delivery = final_check.delivery
        call = self.content.call(delivery.chat_id, delivery.language)
        for pause in (*self.context.durations.retries, None):
            sent = await self._try(call, final_check)
            if sent.error_kind is not ErrorKind.RETRY or pause is None:
                break
            await self.context.interrupt.rest(pause)
        return sent

    async def _try(self, call: MessageCall, final_check: FinalCheck) -> SendResult:
        if not final_check.may_leave():
            return SendResult(Outcome.UNSENT)
        chat = final_check.delivery.chat_id
        # Instead of a long wait at the gate, in which the recipient may withdraw: claim it again.
        if self.context.gate.pause_for(Lane.BROADCAST, chat) > _LONGEST_PAUSE_SECONDS:
            return SendResult(Outcome.UNSENT)
        try:
            result = await self._call(call, final_check)
        except TelegramError as error:
            if final_check.is_refused:
                return SendResult(Outcome.UNSENT)  # refused here, not by Telegram
            final_check.has_left = error_kind(error) is ErrorKind.UNKNOWN
            return await self._judge(error)
        return _delivered(call, message_ids(result))

    async def _call(self, call: MessageCall, final_check: FinalCheck) -> Any:
        try:
            return await self.context.client.call(
                call.method,
                call.params,
                lane=Lane.BROADCAST,
                timeout=self.context.durations.call,
                wanted=final_check,
            )
        finally:
            final_check.call_ended()

    async def _judge(self, error: TelegramError) -> SendResult:
        found, detail = error_kind(error), _detail(error)
        if found is ErrorKind.UNREACHABLE and "chat not found" in detail.lower():
            # Telegram does not say which chat; if it is the source, every delivery fails so.
            result = await self._lost_source()
            if result is not None:
                return result
        return SendResult(OUTCOMES[found], found, detail)

    async def _lost_source(self) -> SendResult | None:
        """Returns the result if the source chat is lost or cannot be checked, else None."""
        if self.content.source_chat is None:
            return None
        source = {"chat_id": self.content.source_chat}
        try:
            await self.context.client.call("getChat", source, timeout=self.context.durations.call)
        except TelegramError as error:
            is_lost = error_kind(error) is ErrorKind.UNREACHABLE
            found = ErrorKind.CONTENT if is_lost else ErrorKind.RETRY
            return SendResult(Outcome.UNSENT, found, SOURCE_LOST)
        return None


def _delivered(call: MessageCall, messages: tuple[int, ...]) -> SendResult:
    if len(messages) >= call.messages:
        return SendResult(Outcome.DELIVERED, messages=messages)
    # Telegram silently skips what it cannot copy: somebody deleted it from the source chat.
    outcome = Outcome.DELIVERED if messages else Outcome.REJECTED
    return SendResult(outcome, ErrorKind.CONTENT, MISSING, messages)


def _detail(error: Exception) -> str:
    text = error.description if isinstance(error, TelegramRefused) else str(error)
    return text or type(error).__name__
