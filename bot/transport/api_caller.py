"""The one way out: through the gate, over the session, and again where that is right."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog

from bot.transport.api_methods import NEVER_REPEATED, UNCOUNTED, is_repeatable, makes_message
from bot.transport.errors import NotSent, RateLimited, ResponseLost
from bot.transport.http1.response import HttpResponse, TimeLimits
from bot.transport.http1.session import SharedSession
from bot.transport.lenient_json import read_json
from bot.transport.reply_queue import Chat
from bot.transport.send_gate import Gate, Lane

log = structlog.stdlib.get_logger()

_LONGEST_PAUSE_SECONDS = 24 * 60 * 60.0  # what is said beyond that is no number of seconds

Body = bytes | aiohttp.FormData


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a person is let wait before the call is given up.

    Attributes:
        flood_seconds: the longest pause after a 429 that is sat out.
        floods: how many of them, one after the other.
        repeats: how often a call that failed is made again.
        first_pause: seconds before the first repetition; each next one doubles.
        broadcast_seconds: the longest pause that a broadcast's call sits out: meanwhile its
            recipient may withdraw, and the sender has to ask again.
    """

    flood_seconds: float = 3.0
    floods: int = 3
    repeats: int = 2
    first_pause: float = 0.3
    broadcast_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it will go out; the body is made anew for every try.

    The URL stays out of the repr, since it carries the token. Whether it is still `wanted` is
    asked when the gate has let it through.
    """

    url: str = field(repr=False)
    method: str
    body: Callable[[], Body] = field(repr=False)
    limits: TimeLimits = field(repr=False)
    chat: Chat | None = field(default=None, repr=False)
    lane: Lane = Lane.REPLY
    wanted: Callable[[], bool] = lambda: True

    @property
    def is_new(self) -> bool:
        """Whether it counts as a new message, which Telegram's limit for all is about."""
        return self.lane is Lane.BROADCAST or makes_message(self.method)


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    floods: int = 0


class ApiCaller:
    """Sends calls, for the raw client and for python-telegram-bot alike."""

    def __init__(
        self, session: SharedSession, gate: Gate, patience: RetryPolicy | None = None
    ) -> None:
        self._session = session
        self._gate = gate
        self._patience = patience or RetryPolicy()

    async def send(self, call: Call) -> HttpResponse:
        """Sends a call and repeats it as far as that is safe and somebody waits for it.

        Returns:
            Telegram's answer, whatever its status; a body that is not 2xx is JSON.

        Raises:
            Flooded: the chat, or everyone, is paused for longer than a person waits.
            NotSent: surely not delivered.
            ResponseLost: perhaps delivered.
        """
        tries = _Tries()
        while True:
            await self._pass_gate(call)
            # Before it is asked: what goes wrong in making it goes wrong before anything leaves.
            body = call.body()
            if not call.wanted():
                raise NotSent("Not wanted any more")
            outcome = await self._try(call, body)
            wait = self._wait_before_next(call, outcome, tries)
            if wait is None:
                break
            await asyncio.sleep(wait)
        if isinstance(outcome, HttpResponse):
            return outcome
        raise outcome

    async def _pass_gate(self, call: Call) -> None:
        if call.method in UNCOUNTED:
            return
        is_broadcast = call.lane is Lane.BROADCAST
        longest = (
            self._patience.broadcast_seconds if is_broadcast else self._patience.flood_seconds
        )
        pause = await self._gate.acquire(call.lane, call.chat, longest, new=call.is_new)
        if pause > 0:
            raise RateLimited(pause)

    async def _try(self, call: Call, body: Body) -> HttpResponse | NotSent | ResponseLost:
        outcome = await self._outcome(call, body)
        if call.method not in UNCOUNTED:
            self._tell_gate(call, outcome)
        return outcome

    async def _outcome(self, call: Call, body: Body) -> HttpResponse | NotSent | ResponseLost:
        try:
            answer = await self._exchange(call.url, body, call.limits)
        except (NotSent, ResponseLost) as error:
            return error
        return answer if 200 <= answer.status < 300 else _read_refusal(answer)

    def _tell_gate(self, call: Call, outcome: HttpResponse | NotSent | ResponseLost) -> None:
        """Tells what the answer says of the limits; a 429 is told where it is waited for."""
        if not isinstance(outcome, HttpResponse) or outcome.status >= 500:
            self._gate.failed(call.chat, new=call.is_new)
        elif outcome.status < 300:
            self._gate.accepted(call.chat, new=call.is_new)
        elif outcome.status != 429:
            self._gate.judged(call.chat, new=call.is_new)

    async def _exchange(self, url: str, body: Body, limits: TimeLimits) -> HttpResponse:
        if isinstance(body, bytes):
            return await self._session.post(url, body, limits)
        return await self._session.exchange("POST", url, body, limits)

    def _wait_before_next(
        self, call: Call, outcome: HttpResponse | NotSent | ResponseLost, tries: _Tries
    ) -> float | None:
        if isinstance(outcome, HttpResponse) and outcome.status == 429:
            return self._after_flood(call, retry_after(outcome), tries)
        if isinstance(outcome, HttpResponse) and outcome.status < 500:
            return None
        if call.lane is Lane.BROADCAST or call.method in NEVER_REPEATED:
            return None  # those callers keep an account of their own
        if _may_be_done(outcome) and not is_repeatable(call.method):
            return None
        if tries.failures >= self._patience.repeats:
            return None
        tries.failures += 1
        log.info("call_repeated", method=call.method, attempt=tries.failures)
        pause: float = self._patience.first_pause * 2 ** (tries.failures - 1)
        spread: float = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, keeps no secret
        return pause * spread

    def _after_flood(self, call: Call, seconds: float, tries: _Tries) -> float | None:
        log.warning("too_many_requests", method=call.method, seconds=seconds)
        if call.method not in UNCOUNTED:
            self._gate.refused(call.chat, seconds, new=call.is_new)
        if call.lane is Lane.BROADCAST or call.method in NEVER_REPEATED:
            return None
        if seconds > self._patience.flood_seconds or tries.floods >= self._patience.floods:
            return None
        tries.floods += 1
        return seconds


def retry_after(answer: HttpResponse) -> float:
    """Seconds that a 429 asks for, a day at most; one when it does not say."""
    found = parse_refusal(answer).get("parameters")
    seconds = found.get("retry_after") if isinstance(found, dict) else None
    if not isinstance(seconds, int | float) or seconds <= 0:
        return 1.0
    return min(float(seconds), _LONGEST_PAUSE_SECONDS)


def parse_refusal(answer: HttpResponse) -> dict[str, Any]:
    """The fields of an answer that is a refusal; empty when it is not Telegram's."""
    try:
        found = read_json(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_refusal(answer: HttpResponse) -> HttpResponse | NotSent | ResponseLost:
    # A proxy's error page may repeat the address it was asked for: it is not kept.
    if answer.status == 429 or "description" in parse_refusal(answer):
        return answer
    if answer.status == 504:
        return ResponseLost("A gateway gave up waiting (504)")
    return NotSent(f"Something other than Telegram answered ({answer.status})")


def _may_be_done(outcome: HttpResponse | NotSent | ResponseLost) -> bool:
    if isinstance(outcome, HttpResponse):
        return outcome.status == 504
    return isinstance(outcome, ResponseLost)
