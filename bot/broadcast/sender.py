"""Sends one delivery, and turns Telegram's answer into its outcome."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from telegram.error import TelegramError

from bot.broadcast.content import Content, MessageCall, message_ids
from bot.broadcast.open_claims import OpenClaims
from bot.broadcast.timing import Timing
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


MISSING: Final = "message to copy not found"
SOURCE_LOST: Final = "the chat of the message is not found"

# The outcome of a delivery for each error kind. Only UNREACHABLE marks the supporter as well.
OUTCOMES: Final[Mapping[ErrorKind, Outcome]] = {
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
        said: what Telegram said about it.
        messages: the ids of the messages that arrived.
        mistake: the exception, if a bug prevented the delivery.
    """

    outcome: Outcome
    error_kind: ErrorKind | None = None
    said: str = ""
    messages: tuple[int, ...] = ()
    mistake: Exception | None = None

    @property
    def was_tried(self) -> bool:
        """Whether a call was attempted."""
        return self.outcome is not Outcome.UNSENT or self.error_kind is not None


class _Departure:
    """Decides at a call's turn whether it leaves, and remembers the decision."""

    def __init__(self, may_leave: Callable[[], bool], claims: OpenClaims, chat_id: int) -> None:
        self._may_leave = may_leave
        self._claims = claims
        self._chat_id = chat_id
        self.is_past = False
        """Whether the call was let go: from then on it may have arrived."""
        self.is_refused = False

    def __call__(self) -> bool:
        self.is_past = self._may_leave()
        self.is_refused = not self.is_past
        if self.is_past:
            self._claims.departed(self._chat_id)
        return self.is_past

    def landed(self) -> None:
        """Notes that the call is over, if it left."""
        if self.is_past:
            self._claims.landed(self._chat_id)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends deliveries one by one.

    Attributes:
        client: the Telegram client; its calls wait at the gate.
        gate: asked for pauses before a call waits there.
        content: what is sent.
        timing: time-outs and retries.
        may_send: asked before every call, and again at its turn.
        claims: asked at the same times whether the claim is still valid.
        rest: waits for so many seconds, or until sending is interrupted.
    """

    client: Client
    gate: RateGate
    content: Content
    timing: Timing
    may_send: Callable[[], bool]
    claims: OpenClaims
    rest: Callable[[float], Awaitable[None]]

    async def send(self, delivery: Delivery) -> SendResult:
        """Sends a delivery; returns a bug as a result, since other deliveries may go well."""
        departure = _Departure(lambda: self._may_leave(delivery), self.claims, delivery.chat_id)
        try:
            return await self._send(delivery, departure)
        except Exception as error:  # whatever it is, it is logged by whoever records the result
            # Rejected when certainly not sent, so that it may be given back; else unconfirmed, so
            # that nobody is written to twice.
            outcome = Outcome.UNCONFIRMED if departure.is_past else Outcome.REJECTED
            return SendResult(outcome, mistake=error)

    async def _send(self, delivery: Delivery, departure: _Departure) -> SendResult:
        """Sends a delivery, with quick retries when it certainly did not arrive."""
        call = self.content.call(delivery.chat_id, delivery.language)
        for pause in (*self.timing.retries, None):
            departure.is_past = False
            sent = await self._try(call, delivery, departure)
            if sent.error_kind is not ErrorKind.RETRY or pause is None:
                break
            await self.rest(pause)
        return sent

    def _may_leave(self, delivery: Delivery) -> bool:
        return self.may_send() and self.claims.holds(delivery)

    async def _try(
        self, call: MessageCall, delivery: Delivery, departure: _Departure
    ) -> SendResult:
        if not self._may_leave(delivery):
            return SendResult(Outcome.UNSENT)
        # Instead of a long wait at the gate, in which the recipient may withdraw: claim it again.
        if self.gate.pause_for(Lane.BROADCAST, delivery.chat_id) > self.timing.longest_pause:
            return SendResult(Outcome.UNSENT, ErrorKind.WAIT)
        try:
            result = await self._call(call, departure)
        except (TelegramRefused, TelegramError) as error:
            if departure.is_refused:
                return SendResult(Outcome.UNSENT)  # refused here, not by Telegram
            return await self._judged(error)
        return _arrived(call, message_ids(result))

    async def _call(self, call: MessageCall, departure: _Departure) -> Any:
        try:
            return await self.client.call(
                call.method,
                call.params,
                lane=Lane.BROADCAST,
                timeout=self.timing.call,
                wanted=departure,
            )
        finally:
            departure.landed()

    async def _judged(self, error: TelegramRefused | TelegramError) -> SendResult:
        found, said = error_kind(error), _said(error)
        if found is ErrorKind.UNREACHABLE and "chat not found" in said.lower():
            # Telegram does not say which chat; if it is the source, every delivery fails so.
            blamed = await self._lost_source()
            if blamed is not None:
                return blamed
        return SendResult(OUTCOMES[found], found, said)

    async def _lost_source(self) -> SendResult | None:
        """Returns the result if the source chat is lost or cannot be checked, else None."""
        if self.content.source_chat is None:
            return None
        source = {"chat_id": self.content.source_chat}
        try:
            await self.client.call("getChat", source, timeout=self.timing.call)
        except (TelegramRefused, TelegramError) as error:
            found = error_kind(error)
            lost = found is ErrorKind.UNREACHABLE
            return SendResult(
                Outcome.UNSENT, ErrorKind.CONTENT if lost else ErrorKind.RETRY, SOURCE_LOST
            )
        return None


def _arrived(call: MessageCall, messages: tuple[int, ...]) -> SendResult:
    if len(messages) >= call.messages:
        return SendResult(Outcome.DELIVERED, messages=messages)
    # Telegram silently skips what it cannot copy: somebody deleted it from the source chat.
    outcome = Outcome.DELIVERED if messages else Outcome.REJECTED
    return SendResult(outcome, ErrorKind.CONTENT, MISSING, messages)


def _said(error: Exception) -> str:
    text = error.description if isinstance(error, TelegramRefused) else str(error)
    return text or type(error).__name__
