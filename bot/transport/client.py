"""Makes every call to Telegram: through the gate, over the session, again where that is safe."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from bot.back_off import BackOff
from bot.logs import is_debugging
from bot.text.problems import Sentence
from bot.transport.errors import (
    AnswerUnreadable,
    ErrorKind,
    NotSent,
    RateLimited,
    ResponseLost,
    TelegramRefused,
    error_kind,
    seconds_to_wait,
)
from bot.transport.lenient_json import read_json, updates_after
from bot.transport.pauses import Chat
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession, Upload

_log = structlog.stdlib.get_logger()

# These do not count against Telegram's limits, and a tap is answered even during a pause.
_UNCOUNTED = frozenset({"getUpdates", "getMe", "answerCallbackQuery"})
# These are idempotent, so they are repeated even when it is unknown whether they succeeded.
_REPEATABLE = ("edit", "delete", "answer", "set", "get", "pin", "unpin")

_ANSWER_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 24 * 60 * 60.0  # a longer `retry_after` is not believed
# The longest pause that a call waits for. A broadcast's recipient may withdraw meanwhile, so after
# a longer one its sender has to check again.
_LONGEST_WAIT_SECONDS = {Lane.REPLY: 3.0, Lane.BROADCAST: 0.5}
_REPEATS = 2  # how often a failed or refused call is repeated
_PAUSES = BackOff(0.3, spread=0.2)  # before that, in seconds


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
        if isinstance(chat, str) and chat.removeprefix("-").isdecimal():
            return int(chat)
        return (chat or None) if isinstance(chat, int | str) else None

    @property
    def is_new(self) -> bool:
        """Whether it counts as a new message, to which Telegram's overall limit applies."""
        return self.lane is Lane.BROADCAST or makes_message(self.method)


class TelegramClient(BaseRequest):
    """Calls methods of the Bot API for one bot, those of python-telegram-bot's too.

    Args:
        session, gate: what all calls share.
        api_url: the server's address, without the bot's part.
        token: the bot's.
        pauses: before a call that failed is repeated, in seconds.

    Attributes:
        calls: how many were made since the start, by method and how they ended; None: well.
    """

    def __init__(
        self,
        session: SharedSession,
        gate: Gate,
        *,
        api_url: str,
        token: str,
        pauses: BackOff = _PAUSES,
    ) -> None:
        self._session = session
        self._gate = gate
        self._pauses = pauses
        self._bot_url = f"{api_url.rstrip('/')}/bot{token}"
        self._token = token
        self.calls = Counter[tuple[str, ErrorKind | None]]()

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.REPLY,
        timeout: float = _ANSWER_SECONDS,
        wanted: Callable[[], bool] = lambda: True,
        after: int = -1,
    ) -> Any:
        """Calls a method and returns its result as parsed JSON.

        It costs less than python-telegram-bot's objects.

        Args:
            method: the method's name in Telegram's spelling.
            params: `Upload`s are sent as files; None is left out.
            lane: a broadcast's call waits for its slot and is never repeated here.
            timeout: seconds to wait for the answer.
            wanted: asked at the call's turn; when it returns False, `NotSent` is raised.
            after: of updates, which number was the newest: it and those before are not read.

        Raises:
            TelegramRefused, NotSent, ResponseLost, RateLimited: see `answer`.
        """
        fields = {name: value for name, value in (params or {}).items() if value is not None}
        answer = await self.answer(ApiCall(method, fields, timeout, lane, wanted))
        return result_of(updates_after(answer, after))

    async def answer(self, call: ApiCall) -> bytes:
        """Makes a call, and repeats it where that is safe; a broadcast's call is never repeated.

        Returns:
            The body of an answer that tells of a success, see `result_of`.

        Raises:
            TelegramRefused: Telegram's answer is an error.
            RateLimited: Telegram asks to wait for longer than such a call waits, or did before.
            NotSent: certainly not delivered.
            ResponseLost: possibly delivered.
        """
        tries = 0
        while True:
            tries += 1
            if call.method not in _UNCOUNTED:
                longest = _LONGEST_WAIT_SECONDS[call.lane]
                pause = await self._gate.acquire(call.lane, call.chat, longest, new=call.is_new)
                if pause > 0:
                    raise RateLimited(pause)
            if not call.wanted():
                raise NotSent("Not wanted any more")
            try:
                body = await self._post(call)
                self._note_end(call, None)
                return body
            except TelegramError as error:
                self._note_end(call, error_kind(error), seconds_to_wait(error))
                before_next = self._pause_before_next(call, error, tries)
                if before_next is None:
                    raise
            await asyncio.sleep(before_next)

    async def _post(self, call: ApiCall) -> bytes:
        url = f"{self._bot_url}/{call.method}"
        status, body = await self._session.post(url, call.fields, call.seconds)
        if 200 <= status < 300:
            return body
        said = _fields(body)
        if status == 429:
            pause = _pause_in(said)
            _log.warning("too_many_requests", method=call.method, seconds=pause)
            raise RateLimited(pause)
        if "description" in said:
            raise TelegramRefused(status, str(said["description"]).replace(self._token, "[token]"))
        # A proxy's error page is not kept, since it may repeat the URL with the token.
        if status == 504:
            raise ResponseLost("A gateway gave up waiting (504)")
        reason = Sentence(
            "En lugar de Telegram contesta otra cosa ({status}), como la página de un proxy o la "
            "de una red en la que hay que entrar antes.",
            status=status,
        )
        failure = NotSent(f"Something other than Telegram answered ({status})", reason)
        self._session.report(failure)
        raise failure

    def _note_end(self, call: ApiCall, kind: ErrorKind | None, seconds: float = 0.0) -> None:
        """Counts and logs how a call ended; tells the gate what an answer says about limits."""
        self.calls[call.method, kind] += 1
        if is_debugging():
            _log.debug("call_ended", method=call.method, error_kind=kind)
        if call.method in _UNCOUNTED or kind in (ErrorKind.RETRY, ErrorKind.UNKNOWN):
            return
        if kind is ErrorKind.WAIT:
            self._gate.refused(call.chat, seconds, new=call.is_new)
        else:
            self._gate.accepted(call.chat, new=call.is_new)

    def _pause_before_next(self, call: ApiCall, error: TelegramError, tries: int) -> float | None:
        """Returns the seconds before the next try; None if the caller is to decide on it."""
        if tries > _REPEATS or call.lane is Lane.BROADCAST or call.method == "getUpdates":
            return None  # the broadcast and the intake repeat theirs themselves
        kind, seconds = error_kind(error), seconds_to_wait(error)
        if kind is ErrorKind.WAIT:
            return seconds if seconds <= _LONGEST_WAIT_SECONDS[call.lane] else None
        is_repeatable = call.method.startswith(_REPEATABLE)
        if kind is not ErrorKind.RETRY and not (kind is ErrorKind.UNKNOWN and is_repeatable):
            return None
        _log.info("call_repeated", method=call.method, attempt=tries)
        return self._pauses.pause(tries)

    @property
    def read_timeout(self) -> float:
        """The seconds to wait for an answer, unless a method says otherwise."""
        return _ANSWER_SECONDS

    async def initialize(self) -> None:
        """Does nothing: the session is open."""

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
        read_timeout: float | DefaultValue[Any] | None = BaseRequest.DEFAULT_NONE,
        *_: object,
        **__: object,
    ) -> tuple[int, bytes]:
        """Makes a call of python-telegram-bot; see `answer` for what it raises.

        Of the times it has only that for the answer: the others are the same for every call.
        """
        seconds = read_timeout if isinstance(read_timeout, int | float) else None
        data = request_data or RequestData()
        fields: dict[str, Any] = {**data.parameters}
        for name, (filename, content, kind) in (data.multipart_data or {}).items():
            whole = content if isinstance(content, bytes) else content.read()
            fields[name] = Upload(filename, whole, kind)
        call = ApiCall(url.rpartition("/")[2], fields, seconds or _ANSWER_SECONDS)
        return 200, await self.answer(call)


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
