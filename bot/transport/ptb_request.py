"""Sends python-telegram-bot's calls over the shared session and through the same gate."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound
from telegram.request import BaseRequest, RequestData

from bot.transport.api_caller import ApiCall, ApiCaller
from bot.transport.call_retries import RetryPolicy, parse_refusal, read_object, retry_after
from bot.transport.error_kinds import names_no_method
from bot.transport.errors import AnswerUnreadable, RateLimited, ResponseLost, TokenRejected
from bot.transport.form_encoding import Upload, encode
from bot.transport.http1.connection import HttpResponse
from bot.transport.http1.session import SharedSession
from bot.transport.raw_client import Marks, chat_of
from bot.transport.send_gate import Gate

_DEFAULT = BaseRequest.DEFAULT_NONE
_log = structlog.stdlib.get_logger()

_OLD_SERVER = (
    "The Bot API server is older than 9.5: moments are plain text, in the petition's zone."
)
_NO_TIMES = 'unsupported start tag "tg-time"'
_TIME_TAG = re.compile(r"</?tg-time\b[^>]*>")
_Seconds = float | DefaultValue[Any] | None


class _Answer(dict[str, Any]):
    """An answer that raises a Telegram error when python-telegram-bot reads a missing result."""

    def __missing__(self, name: str) -> Any:
        raise AnswerUnreadable(f"The answer has no {name}")


class SharedRequest(BaseRequest):
    """A `BaseRequest` over a session that the application opens and closes."""

    __slots__ = ("_caller", "_knows_times", "_marks", "_read_timeout")

    def __init__(
        self,
        session: SharedSession,
        gate: Gate,
        policy: RetryPolicy | None = None,
        *,
        read_timeout: float = 10.0,
        marks: Marks | None = None,
    ) -> None:
        self._marks = marks
        self._caller = ApiCaller(session, gate, policy)
        self._read_timeout = read_timeout
        self._knows_times = True

    @property
    def read_timeout(self) -> float | None:
        """The seconds to wait for an answer, unless the Bot's method says otherwise."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Does nothing: the session is shared."""

    async def shutdown(self) -> None:
        """Does nothing: others still use the session."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parses an answer.

        Raises:
            AnswerUnreadable: it is not a JSON object, though the call may have succeeded.
        """
        return _Answer(read_object(payload))

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
        """Sends one call; see `bot.transport.errors` for what it raises.

        Of the times it has only that for the answer: the others are the same for every call.
        """
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._read_timeout
        bot, name = url.rsplit("/", 2)[-2:]
        params = request_data.parameters if request_data else {}
        fields: Mapping[str, object] | None = None
        if self._marks is not None:
            *before, (_, fields) = await self._marks.outgoing(name, params)
            for other, others_fields in before:
                await self._send(f"{url.removesuffix(name)}{other}", other, others_fields, seconds)
        sent = await _fields(request_data, fields)
        answer = await self._send(url, name, sent, seconds)
        if _refuses_times(answer):
            if self._knows_times:
                self._knows_times = False
                _log.warning("times_left_out", reason=_OLD_SERVER)
            answer = await self._send(url, name, sent, seconds)
        return _for_ptb(answer, name, bot.removeprefix("bot"))

    async def _send(
        self, url: str, name: str, fields: Mapping[str, object], seconds: float
    ) -> HttpResponse:
        if not self._knows_times:
            fields = {key: _without_times(value) for key, value in fields.items()}
        return await self._caller.send(
            ApiCall(url, name, encode(fields), seconds, chat_of(fields))
        )


def _for_ptb(answer: HttpResponse, method: str, token: str) -> tuple[int, bytes]:
    """Returns status and body, or raises where python-telegram-bot would raise a wrong error."""
    if 200 <= answer.status < 300:
        return answer.status, answer.body
    if answer.status == 429:
        raise RateLimited(retry_after(answer))
    said = parse_refusal(answer)
    if names_no_method(answer.status, str(said.get("description"))):
        raise EndPointNotFound(f"The Bot API server has no method {method}")
    if answer.status in (401, 404):
        raise TokenRejected(method)
    if answer.status == 504:
        raise ResponseLost("A gateway gave up waiting (504)")
    parameters = said.get("parameters")
    if isinstance(parameters, dict) and isinstance(parameters.get("migrate_to_chat_id"), int):
        raise ChatMigrated(parameters["migrate_to_chat_id"])
    description = str(said["description"]).replace(token, "[token]")
    if answer.status in (400, 403, 409) or answer.status >= 500:
        return answer.status, orjson.dumps({"ok": False, "description": description})
    raise BadRequest(description)


def _refuses_times(answer: HttpResponse) -> bool:
    if answer.status != 400:
        return False
    return _NO_TIMES in str(parse_refusal(answer).get("description")).lower()


def _without_times(value: object) -> object:
    return _TIME_TAG.sub("", value) if isinstance(value, str) else value


async def _fields(
    data: RequestData | None, marked: Mapping[str, object] | None
) -> Mapping[str, object]:
    """Returns what a call sends, with a rehearsal's fields in place of its own."""
    if data is None:
        return {}
    fields: dict[str, object] = dict(data.json_parameters if marked is None else marked)
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        if not isinstance(content, bytes):  # read in a thread, to keep the event loop free
            content = await asyncio.to_thread(content.read)
        fields[name] = Upload(filename, content, kind)
    return fields
