"""Sending one delivery, and what its outcome means."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from telegram.error import TelegramError

from bot.broadcast.content import Call, Content, message_ids
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
        """Call a method of the Bot API and return its raw result."""
        ...


class RateGate(Protocol):
    """The part of the gate that a broadcast needs to plan ahead."""

    @property
    def rate(self) -> float:
        """Messages a second at this moment."""
        ...

    def set_ceiling(self, rate: float) -> None:
        """Have so many a second be the most from now on."""
        ...

    def pause_for(self, lane: Lane, chat: int | str | None = None) -> float:
        """Seconds until a call to this chat may leave; without a chat, to anybody."""
        ...

    def announced_pause(self) -> float:
        """Seconds for which Telegram asks to send nothing at all; it may be over earlier."""
        ...


MISSING: Final = "message to copy not found"
SOURCE_LOST: Final = "the chat of the message is not found"

# What each kind of failure makes of the delivery. It never marks a person but for UNREACHABLE.
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
    """What became of one delivery; without a remedy it was delivered or not even tried.

    Attributes:
        mistake: of ours, that kept it from going on.
    """

    outcome: Outcome
    error_kind: ErrorKind | None = None
    said: str = ""
    messages: tuple[int, ...] = ()
    mistake: Exception | None = None

    @property
    def was_tried(self) -> bool:
        """Whether it came as far as Telegram, or its connection."""
        return self.outcome is not Outcome.UNSENT or self.error_kind is not None


class _Departure:
    """Decides when its turn has come whether a call leaves, and remembers what it decided."""

    def __init__(self, may_leave: Callable[[], bool], claims: OpenClaims, chat_id: int) -> None:
        self._may_leave = may_leave
        self._claims = claims
        self._chat_id = chat_id
        self.is_past = False
        """It was let go: from then on it may have arrived."""
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
        client: the way out; it waits at the gate.
        gate: to know of pauses beforehand.
        content: what is sent.
        timing: how long, how often.
        may_send: asked before every single call, and again when its turn has come.
        claims: asked likewise, whether the recipient still wants it.
        rest: waits, or less when there is no more sending.
    """

    client: Client
    gate: RateGate
    content: Content
    timing: Timing
    may_send: Callable[[], bool]
    claims: OpenClaims
    rest: Callable[[float], Awaitable[None]]

    async def send(self, delivery: Delivery) -> SendResult:
        """Send one; a mistake of ours is an outcome too, for the others need not have it."""
        departure = _Departure(lambda: self._may_leave(delivery), self.claims, delivery.chat_id)
        try:
            return await self._send(delivery, departure)
        except Exception as error:
            # Who surely got nothing is the next one's; who may have it is not written to again.
            outcome = Outcome.UNCONFIRMED if departure.is_past else Outcome.REJECTED
            return SendResult(outcome, mistake=error)

    async def _send(self, delivery: Delivery, departure: _Departure) -> SendResult:
        """Send one, trying again at once when it surely did not arrive."""
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

    async def _try(self, call: Call, delivery: Delivery, departure: _Departure) -> SendResult:
        if not self._may_leave(delivery):
            return SendResult(Outcome.UNSENT)
        # Whoever waits long at the gate may withdraw meanwhile: better claimed again then.
        if self.gate.pause_for(Lane.BROADCAST, delivery.chat_id) > self.timing.longest_pause:
            return SendResult(Outcome.UNSENT, ErrorKind.WAIT)
        try:
            result = await self._call(call, departure)
        except (TelegramRefused, TelegramError) as error:
            if departure.is_refused:
                return SendResult(Outcome.UNSENT)  # by us, so it says nothing about Telegram
            return await self._judged(error)
        return _arrived(call, message_ids(result))

    async def _call(self, call: Call, departure: _Departure) -> Any:
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
            # It does not say which: without the chat it is copied from, nobody would be found.
            blamed = await self._lost_source()
            if blamed is not None:
                return blamed
        return SendResult(OUTCOMES[found], found, said)

    async def _lost_source(self) -> SendResult | None:
        """What it means for a delivery when the chat that is copied from may be the lost one."""
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


def _arrived(call: Call, messages: tuple[int, ...]) -> SendResult:
    if len(messages) >= call.messages:
        return SendResult(Outcome.DELIVERED, messages=messages)
    # Telegram skips what it cannot copy without a word: somebody deleted it from the source.
    outcome = Outcome.DELIVERED if messages else Outcome.REJECTED
    return SendResult(outcome, ErrorKind.CONTENT, MISSING, messages)


def _said(error: Exception) -> str:
    text = error.description if isinstance(error, TelegramRefused) else str(error)
    return text or type(error).__name__
