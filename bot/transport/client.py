"""Makes every call to Telegram: through the gate, over the session, again where that is safe."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeGuard

import structlog
from telegram._utils.defaultvalue import DefaultValue
from telegram.request import BaseRequest, RequestData

from bot.back_off import BackOff
from bot.text.problems import Sentence
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
from bot.transport.session import HttpResponse, SharedSession, Upload

_log = structlog.stdlib.get_logger()

# These do not count against Telegram's limits, and a tap is answered even during a pause.
_UNCOUNTED = frozenset({"getUpdates", "getMe", "answerCallbackQuery"})
# These are idempotent, so they are repeated even when it is unknown whether they succeeded.
_REPEATABLE = ("edit", "delete", "answer", "set", "get", "pin", "unpin")

_LONGEST_PAUSE_SECONDS = 24 * 60 * 60.0  # a longer `retry_after` is not believed
# The longest pause that a call waits for. A broadcast's recipient may withdraw meanwhile, so after
# a longer one its sender has to check again.
_LONGEST_WAIT_SECONDS = {Lane.REPLY: 3.0, Lane.BROADCAST: 0.5}
_MOST_FLOODS = 3  # how many pauses after a 429, one after the other, are waited for
_REPEATS = 2  # how often a failed call is repeated
_PAUSES = BackOff(0.3, spread=0.2)  # before that, in seconds

_OLD_SERVER = (
    "The Bot API server is older than 9.5: moments are plain text, in the petition's zone."
)
_NO_TIMES = 'unsupported start tag "tg-time"'
_TIME_TAG = re.compile(r"</?tg-time\b[^>]*>")

Failure = TelegramRefused | NotSent | ResponseLost
_DEFAULT = BaseRequest.DEFAULT_NONE
_Seconds = float | DefaultValue[Any] | None


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
    def is_new(self) -> bool:
        """Whether it counts as a new message, to which Telegram's overall limit applies."""
        return self.lane is Lane.BROADCAST or makes_message(self.method)


class TelegramClient:
    """Calls methods of the Bot API for one bot.

    Args:
        session, gate: what all calls share.
        api_url: the server's address, without the bot's part.
        token: the bot's.
        pauses: before a call that failed is repeated, in seconds.
        marks: changes what is sent; None changes nothing.
    """

    def __init__(
        self,
        session: SharedSession,
        gate: Gate,
        *,
        api_url: str,
        token: str,
        pauses: BackOff = _PAUSES,
        marks: Marks | None = None,
    ) -> None:
        self._session = session
        self._gate = gate
        self._pauses = pauses
        self._marks = marks
        self._bot_url = f"{api_url.rstrip('/')}/bot{token}"
        self._token = token
        self._knows_times = True

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

        It costs less than python-telegram-bot's objects.

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
        result = result_of(await self.answer(ApiCall(method, fields, timeout, lane, wanted)))
        if self._marks is not None and method == "getUpdates":
            self._marks.incoming(result)
        return result

    async def answer(self, call: ApiCall) -> bytes:
        """Makes a call, and repeats it where that is safe; a broadcast's call is never repeated.

        Returns:
            The body of an answer that tells of a success, see `result_of`.

        Raises:
            TelegramRefused: Telegram's answer is an error.
            RateLimited: a pause of the chat, or of all, is longer than such a call waits for.
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
            if not self._knows_times:
                call = replace(call, fields=_without_times(call.fields))
            await self._pass_gate(call)
            if not call.wanted():
                raise NotSent("Not wanted any more")
            try:
                body = await self._post(call)
            except (TelegramRefused, NotSent, ResponseLost) as error:
                self._tell_gate(call, error)
                floods += is_flood(error)
                failures += not is_flood(error)
                pause = self._pause_before_next(call, error, floods, failures)
                if pause is None:
                    raise
            else:
                self._tell_gate(call, None)
                return body
            await asyncio.sleep(pause)

    async def _pass_gate(self, call: ApiCall) -> None:
        if call.method in _UNCOUNTED:
            return
        longest = _LONGEST_WAIT_SECONDS[call.lane]
        pause = await self._gate.acquire(call.lane, call.chat, longest, new=call.is_new)
        if pause > 0:
            raise RateLimited(pause)

    async def _post(self, call: ApiCall) -> bytes:
        url = f"{self._bot_url}/{call.method}"
        answer = await self._session.post(url, call.fields, call.seconds)
        if not 200 <= answer.status < 300:
            raise self._refusal(call.method, answer)
        return answer.body

    def _refusal(self, method: str, answer: HttpResponse) -> Failure:
        said, status = _fields(answer.body), answer.status
        if status == 429:
            pause = _pause_in(said)
            _log.warning("too_many_requests", method=method, seconds=pause)
            return TelegramRefused(status, self._description(said), pause)
        if "description" in said:
            return TelegramRefused(status, self._description(said))
        # A proxy's error page is not kept, since it may repeat the URL with the token.
        if status == 504:
            return ResponseLost("A gateway gave up waiting (504)")
        reason = Sentence(
            "En lugar de Telegram contesta otra cosa ({status}), como la página de un proxy o la "
            "de una red en la que hay que entrar antes.",
            status=status,
        )
        failure = NotSent(f"Something other than Telegram answered ({status})", reason)
        self._session.report(failure)
        return failure

    def _description(self, said: Mapping[str, Any]) -> str:
        return str(said.get("description", "")).replace(self._token, "[token]")

    def _tell_gate(self, call: ApiCall, failure: Failure | None) -> None:
        """Tells the gate what the answer says about limits."""
        if call.method in _UNCOUNTED:
            return
        if failure is None:
            self._gate.accepted(call.chat, new=call.is_new)
        elif is_flood(failure):
            self._gate.refused(call.chat, failure.retry_after or 0.0, new=call.is_new)
        elif isinstance(failure, TelegramRefused) and failure.status < 500:
            self._gate.content_rejected(call.chat, new=call.is_new)
        else:
            self._gate.failed(call.chat, new=call.is_new)

    def _pause_before_next(
        self, call: ApiCall, failure: Failure, floods: int, failures: int
    ) -> float | None:
        """Returns the seconds before the next try; None if the caller is to decide on it."""
        if call.lane is Lane.BROADCAST or call.method == "getUpdates":
            return None  # the broadcast and the intake repeat theirs themselves
        if is_flood(failure):
            seconds = failure.retry_after or 0.0
            is_short = seconds <= _LONGEST_WAIT_SECONDS[call.lane]
            return seconds if is_short and floods <= _MOST_FLOODS else None
        if _NO_TIMES in failure.message.lower() and _without_times(call.fields) != call.fields:
            # Others may be on their way when the first is refused.
            if self._knows_times:
                _log.warning("times_left_out", reason=_OLD_SERVER)
            self._knows_times = False
            return 0.0
        status = failure.status if isinstance(failure, TelegramRefused) else 0
        may_be_done = status == 504 or isinstance(failure, ResponseLost)
        if 0 < status < 500 or (may_be_done and not call.method.startswith(_REPEATABLE)):
            return None
        if failures > _REPEATS:
            return None
        _log.info("call_repeated", method=call.method, attempt=failures)
        return self._pauses.pause(failures)


class SharedRequest(BaseRequest):
    """A `BaseRequest` over a client, of the same bot, that others use too."""

    __slots__ = ("_client", "_read_timeout")

    def __init__(self, client: TelegramClient, read_timeout: float = 10.0) -> None:
        self._client = client
        self._read_timeout = read_timeout

    @property
    def read_timeout(self) -> float | None:
        """The seconds to wait for an answer, unless the Bot's method says otherwise."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Does nothing: the client's session is open."""

    async def shutdown(self) -> None:
        """Does nothing: others still use the session."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parses an answer; see `result_of` for what it raises."""
        return {"result": result_of(payload)}

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: _Seconds = _DEFAULT,
        write_timeout: _Seconds = _DEFAULT,
        connect_timeout: _Seconds = _DEFAULT,
        pool_timeout: _Seconds = _DEFAULT,
    ) -> tuple[int, bytes]:
        """Makes one call of python-telegram-bot; see `TelegramClient.answer` for what it raises.

        Of the times it has only that for the answer: the others are the same for every call.
        """
        seconds = read_timeout if isinstance(read_timeout, int | float) else None
        name, fields = url.rpartition("/")[2], _fields_of(request_data)
        call = ApiCall(name, fields, seconds or self._read_timeout)
        return 200, await self._client.answer(call)


def makes_message(method: str) -> bool:
    """Tells whether the method sends a new message, which is what Telegram's limit counts."""
    return method.startswith(("send", "copy", "forward")) and method != "sendChatAction"


def result_of(body: bytes) -> Any:
    """Returns the result in an answer of success.

    Raises:
        AnswerUnreadable: there is none, though the call may have succeeded.
    """
    fields = _fields(body)
    if "result" not in fields:
        raise AnswerUnreadable("The answer has no result", body)
    return fields["result"]


def is_flood(failure: Failure) -> TypeGuard[TelegramRefused]:
    """Tells whether Telegram refused a call because too many were made (429)."""
    return isinstance(failure, TelegramRefused) and failure.status == 429


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


def _without_times(value: Any) -> Any:
    """Returns a value of JSON with the tags of moments left out of its texts."""
    if isinstance(value, str):
        return _TIME_TAG.sub("", value)
    if isinstance(value, Mapping):
        return {key: _without_times(each) for key, each in value.items()}
    return [_without_times(each) for each in value] if isinstance(value, list | tuple) else value


def _fields_of(data: RequestData | None) -> dict[str, Any]:
    if data is None:
        return {}
    fields: dict[str, Any] = {**data.parameters}
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        whole = content if isinstance(content, bytes) else content.read()
        fields[name] = Upload(filename, whole, kind)
    return fields
