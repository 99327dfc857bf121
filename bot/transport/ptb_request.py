"""Makes python-telegram-bot's calls by the same client as all others."""

from typing import Any

from telegram._utils.defaultvalue import DefaultValue
from telegram.request import BaseRequest, RequestData

from bot.transport.client import ApiCall, TelegramClient, result_of
from bot.transport.session import Upload

_DEFAULT = BaseRequest.DEFAULT_NONE
_Seconds = float | DefaultValue[Any] | None


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
        name, fields = url.rpartition("/")[2], _fields(request_data)
        call = ApiCall(name, fields, seconds or self._read_timeout)
        return 200, await self._client.answer(call)


def _fields(data: RequestData | None) -> dict[str, Any]:
    if data is None:
        return {}
    fields: dict[str, Any] = {**data.parameters}
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        whole = content if isinstance(content, bytes) else content.read()
        fields[name] = Upload(filename, whole, kind)
    return fields
