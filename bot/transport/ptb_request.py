"""Sends python-telegram-bot's calls over the shared session and through the same gate."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import aiohttp
import orjson
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import BadRequest, ChatMigrated
from telegram.request import BaseRequest, RequestData

from bot.transport.api_caller import (
    ApiCall,
    ApiCaller,
    Body,
    RetryPolicy,
    parse_refusal,
    retry_after,
)
from bot.transport.errors import AnswerUnreadable, RateLimited, ResponseLost, TokenRejected
from bot.transport.form_encoding import form, text_of
from bot.transport.http1.response import HttpResponse, TimeLimits
from bot.transport.http1.session import SharedSession
from bot.transport.lenient_json import read_json
from bot.transport.marks import Marks
from bot.transport.raw_client import chat_of
from bot.transport.send_gate import Gate

_UPLOAD_SECONDS = 20.0  # to send a call with files
_DEFAULT = BaseRequest.DEFAULT_NONE
_Seconds = float | DefaultValue[Any] | None


class _Answer(dict[str, Any]):
    """An answer that raises a Telegram error when python-telegram-bot reads a missing result."""

    def __missing__(self, name: str) -> Any:
        raise AnswerUnreadable(f"The answer has no {name}")


class SharedRequest(BaseRequest):
    """A `BaseRequest` over a session that the application opens and closes.

    Args:
        session: the shared connections.
        gate: the gate that all calls share.
        policy: how often, and after what pauses, a call is tried again.
        read_timeout: seconds to wait for an answer, unless the Bot's method says otherwise.
        marks: change what a rehearsal sends.
    """

    __slots__ = ("_caller", "_marks", "_read_timeout", "_session")

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
        self._session = session
        self._caller = ApiCaller(session, gate, policy)
        self._read_timeout = read_timeout

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
        try:
            said = read_json(payload)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise AnswerUnreadable("The answer cannot be read", payload)
        return _Answer(said)

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

        Waiting for a free connection counts as connecting, so `pool_timeout` is ignored.
        """
        with_files = request_data is not None and request_data.contains_files
        limits = TimeLimits(
            read=_seconds_or(read_timeout, self._read_timeout),
            write=_seconds_or(write_timeout, _UPLOAD_SECONDS if with_files else 5.0),
            connect=_seconds_or(connect_timeout, 5.0),
        )
        if method == "GET":
            return await self._download(url, limits)
        bot, name = url.rsplit("/", 2)[-2:]
        params = request_data.parameters if request_data else {}
        fields: Mapping[str, object] | None = None
        chat = chat_of(params)
        if self._marks is not None:
            *before, (_, fields) = await self._marks.outgoing(name, params)
            for other, others_fields in before:
                body = partial(form, others_fields)
                await self._caller.send(
                    ApiCall(f"{url.removesuffix(name)}{other}", other, body, limits, chat)
                )
        body_of = await _body_of(request_data, fields)
        answer = await self._caller.send(ApiCall(url, name, body_of, limits, chat))
        return _for_ptb(answer, name, bot.removeprefix("bot"))

    async def _download(self, url: str, limits: TimeLimits) -> tuple[int, bytes]:
        answer = await self._session.exchange("GET", url, None, limits)
        if 200 <= answer.status < 300:
            return answer.status, answer.body
        raise BadRequest(f"The file cannot be fetched ({answer.status})")


def _for_ptb(answer: HttpResponse, method: str, token: str) -> tuple[int, bytes]:
    """Returns status and body, or raises where python-telegram-bot would raise a wrong error."""
    if 200 <= answer.status < 300:
        return answer.status, answer.body
    if answer.status == 429:
        raise RateLimited(retry_after(answer))
    if answer.status in (401, 404):
        raise TokenRejected(method)
    if answer.status == 504:
        raise ResponseLost("A gateway gave up waiting (504)")
    said = parse_refusal(answer)
    parameters = said.get("parameters")
    if isinstance(parameters, dict) and isinstance(parameters.get("migrate_to_chat_id"), int):
        raise ChatMigrated(parameters["migrate_to_chat_id"])
    description = str(said["description"]).replace(token, "[token]")
    if answer.status in (400, 403, 409) or answer.status >= 500:
        return answer.status, orjson.dumps({"ok": False, "description": description})
    raise BadRequest(description)


def _seconds_or(seconds: _Seconds, default: float) -> float | None:
    if isinstance(seconds, DefaultValue):
        return default
    return seconds


async def _body_of(
    data: RequestData | None, marked: Mapping[str, object] | None
) -> Callable[[], Body]:
    """Returns what makes the body of a call, with a rehearsal's fields in place of its own."""
    if data is None:
        return bytes
    if not data.contains_files:
        own = data.url_encoded_parameters().encode() if marked is None else form(marked)
        return lambda: own
    fields = data.json_parameters
    if marked is not None:
        fields = {name: text_of(value) for name, value in marked.items()}
    # Read once, since the call may be repeated, and in a thread, to keep the event loop free.
    files = {
        name: (filename, await _content(content), kind)
        for name, (filename, content, kind) in data.multipart_data.items()
    }
    return lambda: _form(fields, files)


async def _content(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return cast(bytes, await asyncio.to_thread(content.read))


def _form(fields: dict[str, str], files: dict[str, tuple[str, bytes, str]]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in fields.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in files.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form
