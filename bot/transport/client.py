"""Makes every call to Telegram: through the gate, over the session, again where that is safe."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeGuard

import structlog

from bot.back_off import BackOff
from bot.text.problems import Sentence
from bot.transport.api_methods import NEVER_REPEATED, UNCOUNTED, is_repeatable, makes_message
from bot.transport.errors import (
    AnswerUnreadable,
    NotSent,
    RateLimited,
    ResponseLost,
    TelegramRefused,
)
from bot.transport.lenient_json import read_json
from bot.transport.recent_calls import Chat
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import HttpResponse, SharedSession, TimeLimits, Upload

_log = structlog.stdlib.get_logger()

_UPLOAD_SECONDS = 20.0  # how much longer a call with files may take
_LONGEST_PAUSE_SECONDS = 24 * 60 * 60.0  # a longer `retry_after` is not believed
_PAUSES = BackOff(0.3, spread=0.2)  # before a call is repeated, in seconds

Failure = TelegramRefused | NotSent | ResponseLost


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after what pauses, a call is tried again before it is given up.

    Attributes:
        flood_seconds: the longest pause after a 429 that is waited for.
        floods: how many such pauses, one after the other, are waited for.
        repeats: how often a failed call is repeated.
        pauses: before a repetition.
        broadcast_seconds: the longest pause that a broadcast's call waits for. Its recipient may
            withdraw meanwhile, so after a longer one the sender has to check again.
    """

    flood_seconds: float = 3.0
    floods: int = 3
    repeats: int = 2
    pauses: BackOff = _PAUSES
    broadcast_seconds: float = 0.5

    def pause_before_next(
        self, method: str, failure: Failure, floods: int, failures: int
    ) -> float | None:
        """Returns the seconds before the next try; None if there is none."""
        if method in NEVER_REPEATED:
            return None  # those callers repeat it themselves
        if is_flood(failure):
            seconds = failure.retry_after or 0.0
            return seconds if seconds <= self.flood_seconds and floods <= self.floods else None
        if isinstance(failure, TelegramRefused) and failure.status < 500:
            return None
        if _may_be_done(failure) and not is_repeatable(method):
            return None
        if failures > self.repeats:
            return None
        _log.info("call_repeated", method=method, attempt=failures)
        return self.pauses.pause(failures)


class Marks(Protocol):
    """Changes what is sent and what comes back, as a rehearsal does."""

    async def outgoing(
        self, method: str, params: Mapping[str, Any]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Returns the calls to make in place of one, each a method and its parameters.

        The last is the one that was asked for, whose answer is returned.
        """
        ...

    def incoming(self, updates: object) -> None:
        """Changes the updates that came."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of a method.

    An answer is waited for at most `seconds`. `wanted` is asked after the gate has let the call
    through, and tells whether it is still to be sent; it may note that the call leaves.
    """

    method: str
    fields: Mapping[str, Any] = field(repr=False)
    seconds: float
    lane: Lane = Lane.REPLY
    wanted: Callable[[], bool] = lambda: True

    @property
    def chat(self) -> Chat | None:
        """The chat that it goes to, as a number even if it was written as a text."""
        chat = self.fields.get("chat_id")
        if isinstance(chat, int):
            return chat
        if not isinstance(chat, str) or not chat:
            return None
        return int(chat) if chat.removeprefix("-").isdecimal() else chat

    @property
    def limits(self) -> TimeLimits:
        """The time limits of one try."""
        has_files = any(isinstance(value, Upload) for value in self.fields.values())
        return TimeLimits(read=self.seconds + (_UPLOAD_SECONDS if has_files else 0.0))

    @property
    def is_new(self) -> bool:
        """Whether it counts as a new message, to which Telegram's overall limit applies."""
        return self.lane is Lane.BROADCAST or makes_message(self.method)


class TelegramClient:
    """Calls methods of the Bot API for one bot; the `api_url` is without the bot's part."""

    def __init__(
        self,
        session: SharedSession,
        gate: Gate,
        *,
        api_url: str,
        token: str,
        policy: RetryPolicy | None = None,
        marks: Marks | None = None,
    ) -> None:
        self._session = session
        self._gate = gate
        self._policy = policy or RetryPolicy()
        self._marks = marks
        self._bot_url = f"{api_url.rstrip('/')}/bot{token}"
        self._token = token

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.REPLY,
        timeout: float = 10.0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Calls a method and returns its result as parsed JSON.

        It costs less than python-telegram-bot's objects: for fetching updates and broadcasting.

        Args:
            method: the method's name in Telegram's spelling.
            params: `Upload`s are sent as files; None is left out.
            lane: a broadcast's call waits for its slot and is never repeated here.
            timeout: seconds to wait for the answer.
            wanted: asked at the call's turn; when it returns False, `NotSent` is raised.

        Raises:
            TelegramRefused, NotSent, ResponseLost, RateLimited: see `answer`.
        """
        fields = {name: value for name, value in (params or {}).items() if value is not None}
        call = ApiCall(method, fields, timeout, lane, wanted)
        result = result_of(await self.answer(call))
        if self._marks is not None and method == "getUpdates":
            self._marks.incoming(result)
        return result

    async def answer(self, call: ApiCall) -> bytes:
        """Makes a call, and repeats it where that is safe; a broadcast's call is never repeated.

        Returns:
            The body of an answer that tells of a success, see `result_of`.

        Raises:
            TelegramRefused: Telegram's answer is an error.
            RateLimited: a pause of the chat, or of all, is longer than the policy waits for.
            NotSent: certainly not delivered.
            ResponseLost: possibly delivered.
        """
        if self._marks is None:
            return await self._send(call)
        *before, (_, fields) = await self._marks.outgoing(call.method, call.fields)
        for method, others in before:
            await self._send(replace(call, method=method, fields=others))
        return await self._send(replace(call, fields=fields))

    async def _send(self, call: ApiCall) -> bytes:
        floods = failures = 0
        while True:
            await self._pass_gate(call)
            if not call.wanted():
                raise NotSent("Not wanted any more")
            outcome = await self._try(call)
            if isinstance(outcome, bytes):
                return outcome
            if is_flood(outcome):
                floods += 1
            else:
                failures += 1
            if call.lane is Lane.BROADCAST:
                raise outcome  # the broadcast's sender repeats it
            wait = self._policy.pause_before_next(call.method, outcome, floods, failures)
            if wait is None:
                raise outcome
            await asyncio.sleep(wait)

    async def _pass_gate(self, call: ApiCall) -> None:
        if call.method in UNCOUNTED:
            return
        is_broadcast = call.lane is Lane.BROADCAST
        longest = self._policy.broadcast_seconds if is_broadcast else self._policy.flood_seconds
        pause = await self._gate.acquire(call.lane, call.chat, longest, new=call.is_new)
        if pause > 0:
            raise RateLimited(pause)

    async def _try(self, call: ApiCall) -> bytes | Failure:
        outcome: bytes | Failure
        try:
            url = f"{self._bot_url}/{call.method}"
            answer = await self._session.post(url, call.fields, call.limits)
            outcome = answer.body if 200 <= answer.status < 300 else self._refusal(answer)
        except (NotSent, ResponseLost) as error:
            outcome = error
        if isinstance(outcome, NotSent):
            self._session.report(outcome)
        if is_flood(outcome):
            _log.warning("too_many_requests", method=call.method, seconds=outcome.retry_after)
        if call.method not in UNCOUNTED:
            self._tell_gate(call, outcome)
        return outcome

    def _refusal(self, answer: HttpResponse) -> Failure:
        said = _fields(answer.body)
        if answer.status != 429 and "description" not in said:
            # A proxy's error page is not kept, since it may repeat the URL with the token.
            return _not_telegrams(answer.status)
        description = str(said.get("description", "")).replace(self._token, "[token]")
        pause = _pause_in(said) if answer.status == 429 else None
        return TelegramRefused(answer.status, description, pause)

    def _tell_gate(self, call: ApiCall, outcome: bytes | Failure) -> None:
        """Tells the gate what the answer says about limits."""
        if isinstance(outcome, bytes):
            self._gate.accepted(call.chat, new=call.is_new)
        elif is_flood(outcome):
            self._gate.refused(call.chat, outcome.retry_after or 0.0, new=call.is_new)
        elif isinstance(outcome, TelegramRefused) and outcome.status < 500:
            self._gate.content_rejected(call.chat, new=call.is_new)
        else:
            self._gate.failed(call.chat, new=call.is_new)


def result_of(body: bytes) -> Any:
    """Returns the result in an answer of success.

    Raises:
        AnswerUnreadable: there is none, though the call may have succeeded.
    """
    fields = _fields(body)
    if "result" not in fields:
        raise AnswerUnreadable("The answer has no result", body)
    return fields["result"]


def is_flood(outcome: object) -> TypeGuard[TelegramRefused]:
    """Tells whether Telegram refused a call because there were too many."""
    return isinstance(outcome, TelegramRefused) and outcome.status == 429


def _not_telegrams(status: int) -> NotSent | ResponseLost:
    if status == 504:
        return ResponseLost("A gateway gave up waiting (504)")
    return NotSent(
        f"Something other than Telegram answered ({status})",
        Sentence(
            "En lugar de Telegram contesta otra cosa ({status}), como la página de un proxy o la "
            "de una red en la que hay que entrar antes.",
            status=status,
        ),
    )


def _pause_in(said: Mapping[str, Any]) -> float:
    """Returns the seconds that a 429 asks to wait: a day at most, 1 when it does not say."""
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if not isinstance(seconds, int | float) or seconds <= 0:
        return 1.0
    return min(float(seconds), _LONGEST_PAUSE_SECONDS)


def _fields(body: bytes) -> dict[str, Any]:
    """Returns the fields of an answer; none where it is no JSON object."""
    try:
        found = read_json(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _may_be_done(failure: Failure) -> bool:
    if isinstance(failure, TelegramRefused):
        return failure.status == 504
    return isinstance(failure, ResponseLost)
