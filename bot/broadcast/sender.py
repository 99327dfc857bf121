"""Sends one delivery, and turns Telegram's answer into its outcome."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from telegram.error import TelegramError

from bot.broadcast.content import Content, MessageCall, message_ids
from bot.broadcast.delivery_retries import CALL_PAUSES
from bot.broadcast.open_claims import OpenClaims
from bot.transport import ErrorKind, Lane, error_kind
from bot.transport.errors import TelegramRefused
from storage import Delivery, Outcome


class Client(Protocol):
    """The part of the Telegram client that a broadcast needs."""

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.REPLY,
        timeout: float = 10.0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Calls a method of the Bot API and returns its raw result."""
        ...


class RateGate(Protocol):
    """The part of the gate that a broadcast needs to plan ahead."""

    @property
    def rate(self) -> float:
        """The present rate in messages a second."""
        ...

    def set_ceiling(self, rate: float) -> None:
        """Limits the rate to so many messages a second from now on."""
        ...

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        """Returns the seconds until a call to this chat, or without one to any, may leave."""
        ...

    def announced_pause(self) -> float:
        """Returns for how many seconds Telegram asks to send nothing; it may be over earlier."""
        ...


CALL_SECONDS = 10.0  # for Telegram's answer
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
        error_kind: the kind of Telegram's error.
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


class _FinalCheck:
    """Decides at a call's turn whether it leaves, and remembers the decision."""

    def __init__(self, may_leave: Callable[[], bool], claims: OpenClaims, chat_id: int) -> None:
        self._may_leave = may_leave
        self._claims = claims
        self._chat_id = chat_id
        self.has_left = False
        """Whether the call was let go: from then on it may have arrived."""
        self.is_refused = False

    def __call__(self) -> bool:
        self.has_left = self._may_leave()
        self.is_refused = not self.has_left
        if self.has_left:
            self._claims.call_started(self._chat_id)
        return self.has_left

    def call_ended(self) -> None:
        """Notes that the call is over, if it left."""
        if self.has_left:
            self._claims.call_ended(self._chat_id)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends deliveries one by one.

    Attributes:
        client: the Telegram client; its calls wait at the gate.
        gate: asked for pauses before a call waits there.
        content: what is sent.
        may_send: asked before every call, and again at its turn.
        claims: asked at the same times whether the claim is still valid.
        rest: waits for so many seconds, or until sending is interrupted.
        call_seconds: see CALL_SECONDS.
        retry_pauses: see CALL_PAUSES.
    """

    client: Client
    gate: RateGate
    content: Content
    may_send: Callable[[], bool]
    claims: OpenClaims
    rest: Callable[[float], Awaitable[None]]
    call_seconds: float = CALL_SECONDS
    retry_pauses: tuple[float, ...] = CALL_PAUSES

    async def send(self, delivery: Delivery) -> SendResult:
        """Sends a delivery; returns a bug as a result, since other deliveries may go well."""
        final_check = _FinalCheck(lambda: self._may_leave(delivery), self.claims, delivery.chat_id)
        try:
            return await self._send(delivery, final_check)
        except Exception as error:  # whatever it is, it is logged by whoever records the result
            # Rejected when certainly not sent, so that it may be given back; else unconfirmed, so
            # that nobody is written to twice.
            outcome = Outcome.UNCONFIRMED if final_check.has_left else Outcome.REJECTED
            return SendResult(outcome, bug=error)

    async def _send(self, delivery: Delivery, final_check: _FinalCheck) -> SendResult:
        """Sends a delivery, with quick retries when it certainly did not arrive."""
        call = self.content.call(delivery.chat_id, delivery.language)
        for pause in (*self.retry_pauses, None):
            final_check.has_left = False
            sent = await self._try(call, delivery, final_check)
            if sent.error_kind is not ErrorKind.RETRY or pause is None:
                break
            await self.rest(pause)
        return sent

    def _may_leave(self, delivery: Delivery) -> bool:
        return self.may_send() and self.claims.is_valid(delivery)

    async def _try(
        self, call: MessageCall, delivery: Delivery, final_check: _FinalCheck
    ) -> SendResult:
        if not self._may_leave(delivery):
            return SendResult(Outcome.UNSENT)
        # Instead of a long wait at the gate, in which the recipient may withdraw: claim it again.
        if self.gate.pause_for(Lane.BROADCAST, delivery.chat_id) > _LONGEST_PAUSE_SECONDS:
            return SendResult(Outcome.UNSENT, ErrorKind.WAIT)
        try:
            result = await self._call(call, final_check)
        except (TelegramRefused, TelegramError) as error:
            if final_check.is_refused:
                return SendResult(Outcome.UNSENT)  # refused here, not by Telegram
            return await self._judge(error)
        return _delivered(call, message_ids(result))

    async def _call(self, call: MessageCall, final_check: _FinalCheck) -> Any:
        try:
            return await self.client.call(
                call.method,
                call.params,
                lane=Lane.BROADCAST,
                timeout=self.call_seconds,
                wanted=final_check,
            )
        finally:
            final_check.call_ended()

    async def _judge(self, error: TelegramRefused | TelegramError) -> SendResult:
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
            await self.client.call("getChat", source, timeout=self.call_seconds)
        except (TelegramRefused, TelegramError) as error:
            found = error_kind(error)
            lost = found is ErrorKind.UNREACHABLE
            return SendResult(
                Outcome.UNSENT, ErrorKind.CONTENT if lost else ErrorKind.RETRY, SOURCE_LOST
            )
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
