"""Makes python-telegram-bot's calls by the same client as all others."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from telegram._utils.defaultvalue import DefaultValue
from telegram.request import BaseRequest, RequestData

from bot.transport.client import ApiCall, TelegramClient, result_of
from bot.transport.errors import TelegramRefused
from bot.transport.session import Upload

_DEFAULT = BaseRequest.DEFAULT_NONE
_log = structlog.stdlib.get_logger()

_OLD_SERVER = (
    "The Bot API server is older than 9.5: moments are plain text, in the petition's zone."
)
_NO_TIMES = 'unsupported start tag "tg-time"'
_TIME_TAG = re.compile(r"</?tg-time\b[^>]*>")
_Seconds = float | DefaultValue[Any] | None


class SharedRequest(BaseRequest):
    """A `BaseRequest` over a client, of the same bot, that others use too."""

    __slots__ = ("_client", "_knows_times", "_read_timeout")

    def __init__(self, client: TelegramClient, read_timeout: float = 10.0) -> None:
        self._client = client
        self._read_timeout = read_timeout
        self._knows_times = True

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
        """Makes one call of python-telegram-bot; see `answer`.

        Of the times it has only that for the answer: the others are the same for every call.
        """
        seconds = read_timeout if isinstance(read_timeout, int | float) else None
        fields = await _fields(request_data)
        return 200, await self.answer(url.rpartition("/")[2], fields, seconds)

    async def answer(
        self, method: str, fields: Mapping[str, Any], seconds: float | None = None
    ) -> bytes:
        """Makes one call; see `TelegramClient.answer` for what it returns and raises."""
        call = ApiCall(method, fields, seconds or self._read_timeout)
        try:
            if self._knows_times:
                return await self._client.answer(call)
        except TelegramRefused as error:
            if _NO_TIMES not in error.description.lower():
                raise
            self._knows_times = False
            _log.warning("times_left_out", reason=_OLD_SERVER)
        plain = {key: _without_times(value) for key, value in call.fields.items()}
        return await self._client.answer(replace(call, fields=plain))


def _without_times(value: object) -> object:
    if isinstance(value, str):
        return _TIME_TAG.sub("", value)
    if isinstance(value, Mapping):
        return {key: _without_times(each) for key, each in value.items()}
    return [_without_times(each) for each in value] if isinstance(value, list | tuple) else value


async def _fields(data: RequestData | None) -> dict[str, Any]:
    if data is None:
        return {}
    fields: dict[str, Any] = {**data.parameters}
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        if not isinstance(content, bytes):  # read in a thread, to keep the event loop free
            content = await asyncio.to_thread(content.read)
        fields[name] = Upload(filename, content, kind)
    return fields
