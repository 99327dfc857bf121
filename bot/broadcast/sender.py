"""Sends one delivery, and turns Telegram's answer into its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

from telegram.error import TelegramError

from bot.broadcast.content import Content, MessageCall, message_ids
from bot.broadcast.context import WorkerContext
from bot.broadcast.open_claims import OpenDelivery
from bot.transport import ErrorKind, Lane, error_kind
from bot.transport.errors import TelegramRefused
from storage.broadcast_types import Outcome

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
    """The result of one delivery; without an error kind it was delivered, or did not leave.

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


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends deliveries of one content, one by one."""

    context: WorkerContext
    content: Content

    async def send(self, claimed: OpenDelivery) -> SendResult:
        """Sends a delivery; returns a bug as a result, to be logged where that is recorded."""
        try:
            return await self._send(claimed)
        except Exception as error:  # whatever it is
            # Rejected when certainly not sent, so that it may be given back; else unconfirmed, so
            # that nobody is written to twice.
            outcome = Outcome.UNCONFIRMED if claimed.has_left else Outcome.REJECTED
            return SendResult(outcome, bug=error)

    async def _send(self, claimed: OpenDelivery) -> SendResult:
        """Sends a delivery, with quick retries when it certainly did not arrive."""
        delivery, durations = claimed.delivery, self.context.durations
        call = self.content.call(delivery.chat_id, delivery.language)

        def leaves() -> bool:
            """Tells whether the call still leaves, now that its turn has come."""
            may_leave = self.context.may_continue() and not claimed.is_void
            claimed.has_left |= may_leave
            return may_leave

        for pause in (*durations.retries, None):
            try:
                result = await self.context.client.call(
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
                    return await self._judge(found, _detail(error))
            else:
                return _delivered(call, message_ids(result))
            await self.context.interrupt.rest(pause)
        return SendResult(Outcome.UNSENT)

    async def _judge(self, found: ErrorKind, detail: str) -> SendResult:
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
