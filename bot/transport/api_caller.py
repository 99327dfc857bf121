"""Sends every call: through the gate, over the session, and again where that is safe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.text.problems import Sentence
from bot.transport.api_methods import UNCOUNTED, makes_message
from bot.transport.call_retries import (
    Outcome,
    RetryPolicy,
    is_flood,
    parse_refusal,
    retry_after,
)
from bot.transport.errors import NotSent, RateLimited, ResponseLost
from bot.transport.http1.address import FORM, Body
from bot.transport.http1.connection import HttpResponse, TimeLimits
from bot.transport.http1.session import SharedSession
from bot.transport.recent_calls import Chat
from bot.transport.send_gate import Gate, Lane

_log = structlog.stdlib.get_logger()

_UPLOAD_SECONDS = 20.0  # how much longer a call with files may take


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call as it will be sent.

    The URL stays out of the repr, since it contains the token. An answer is waited for at most
    `seconds`. `wanted` is asked after the gate has let the call through, and tells whether it is
    still to be sent; it may note that the call leaves.
    """

    url: str = field(repr=False)
    method: str
    body: Body = field(repr=False)
    seconds: float
    chat: Chat | None = field(default=None, repr=False)
    lane: Lane = Lane.REPLY
    wanted: Callable[[], bool] = lambda: True

    @property
    def limits(self) -> TimeLimits:
        """The time limits of one try."""
        extra = 0.0 if self.body.kind == FORM else _UPLOAD_SECONDS
        return TimeLimits(read=self.seconds + extra)

    @property
    def is_new(self) -> bool:
        """Whether it counts as a new message, to which Telegram's overall limit applies."""
        return self.lane is Lane.BROADCAST or makes_message(self.method)


class ApiCaller:
    """Sends the calls of both the raw client and python-telegram-bot."""

    def __init__(
        self, session: SharedSession, gate: Gate, policy: RetryPolicy | None = None
    ) -> None:
        self._session = session
        self._gate = gate
        self._policy = policy or RetryPolicy()

    async def send(self, call: ApiCall) -> HttpResponse:
        """Sends a call, and repeats it where that is safe; a broadcast's call is never repeated.

        Returns:
            Telegram's answer, whatever its status; without a 2xx status its body is JSON, except
            perhaps after a 429.

        Raises:
            RateLimited: a pause of the chat, or of all, is longer than the policy waits for.
            NotSent: certainly not delivered.
            ResponseLost: possibly delivered.
        """
        floods = failures = 0
        while True:
            await self._pass_gate(call)
            if not call.wanted():
                raise NotSent("Not wanted any more")
            outcome = await self._try(call)
            if is_flood(outcome):
                floods += 1
            else:
                failures += 1
            if call.lane is Lane.BROADCAST:
                break  # the broadcast's sender repeats it
            wait = self._policy.pause_before_next(call.method, outcome, floods, failures)
            if wait is None:
                break
            await asyncio.sleep(wait)
        if isinstance(outcome, HttpResponse):
            return outcome
        raise outcome

    async def _pass_gate(self, call: ApiCall) -> None:
        if call.method in UNCOUNTED:
            return
        is_broadcast = call.lane is Lane.BROADCAST
        longest = self._policy.broadcast_seconds if is_broadcast else self._policy.flood_seconds
        pause = await self._gate.acquire(call.lane, call.chat, longest, new=call.is_new)
        if pause > 0:
            raise RateLimited(pause)

    async def _try(self, call: ApiCall) -> Outcome:
        outcome: Outcome
        try:
            answer = await self._session.post(call.url, call.body, call.limits)
            outcome = answer if 200 <= answer.status < 300 else _read_refusal(answer)
        except (NotSent, ResponseLost) as error:
            outcome = error
        if isinstance(outcome, NotSent):
            self._session.report(outcome)
        if is_flood(outcome):
            _log.warning("too_many_requests", method=call.method, seconds=retry_after(outcome))
        if call.method not in UNCOUNTED:
            self._tell_gate(call, outcome)
        return outcome

    def _tell_gate(self, call: ApiCall, outcome: Outcome) -> None:
        """Tells the gate what the answer says about limits."""
        if is_flood(outcome):
            self._gate.refused(call.chat, retry_after(outcome), new=call.is_new)
        elif not isinstance(outcome, HttpResponse) or outcome.status >= 500:
            self._gate.failed(call.chat, new=call.is_new)
        elif outcome.status < 300:
            self._gate.accepted(call.chat, new=call.is_new)
        else:
            self._gate.content_rejected(call.chat, new=call.is_new)


def _read_refusal(answer: HttpResponse) -> Outcome:
    # A proxy's error page is not kept, since it may repeat the URL with the token.
    if answer.status == 429 or "description" in parse_refusal(answer):
        return answer
    if answer.status == 504:
        return ResponseLost("A gateway gave up waiting (504)")
    return NotSent(
        f"Something other than Telegram answered ({answer.status})",
        Sentence(
            "En lugar de Telegram contesta otra cosa ({status}), como la página de un proxy o la "
            "de una red en la que hay que entrar antes.",
            status=answer.status,
        ),
    )
