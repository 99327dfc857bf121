"""A client for raw calls, which return plain JSON instead of python-telegram-bot's objects.

It is used where those objects cost too much: for fetching updates and for broadcasting.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from bot.transport.api_caller import ApiCall, ApiCaller
from bot.transport.call_retries import RetryPolicy, parse_refusal, read_object, retry_after
from bot.transport.errors import AnswerUnreadable, TelegramRefused
from bot.transport.form_encoding import encode, quoted
from bot.transport.http1.connection import HttpResponse
from bot.transport.http1.session import SharedSession
from bot.transport.recent_calls import Chat
from bot.transport.send_gate import Gate, Lane


class Marks(Protocol):
    """Changes what is sent and what comes back, as a rehearsal does; both clients take one."""

    async def outgoing(
        self, method: str, params: Mapping[str, Any]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Returns the calls to make in place of one, each a method and its parameters.

        The last is the one that was asked for, whose answer is returned.
        """
        ...

    def incoming(self, updates: object) -> None:
        """Changes the updates that came."""


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
        self._marks = marks
        self._caller = ApiCaller(session, gate, policy)
        self._base = f"{api_url.rstrip('/')}/bot{token}"
        self._token = token
        # All calls of a broadcast are the same but for the chat.
        self._quoted_before = lru_cache(maxsize=32)(quoted)

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

        Args:
            method: the method's name in Telegram's spelling.
            params: nested values are sent as JSON, `Upload`s as files; None is left out.
            lane: a broadcast's call waits for its slot and is never repeated here.
            timeout: seconds to wait for the answer.
            wanted: asked at the call's turn; when it returns False, `NotSent` is raised.

        Raises:
            TelegramRefused: Telegram's answer is an error.
            NotSent, ResponseLost, RateLimited: see `bot.transport.errors`.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        calls = [(method, given)]
        if self._marks is not None:
            calls = await self._marks.outgoing(method, given)
        result = None
        for name, fields in calls:
            url, chat = f"{self._base}/{name}", chat_of(fields)
            body = encode(fields, self._quoted_before if lane is Lane.BROADCAST else quoted)
            call = ApiCall(url, name, body, timeout, chat, lane, wanted)
            result = self._result(await self._caller.send(call))
        if self._marks is not None and method == "getUpdates":
            self._marks.incoming(result)
        return result

    def _result(self, answer: HttpResponse) -> Any:
        if 200 <= answer.status < 300:
            said = read_object(answer.body)
            if "result" not in said:
                raise AnswerUnreadable("The answer has no result", answer.body)
            return said["result"]
        said = parse_refusal(answer)
        raise TelegramRefused(
            answer.status,
            str(said.get("description", "")).replace(self._token, "[token]"),
            retry_after(answer) if answer.status == 429 else None,
        )


def chat_of(params: Mapping[str, object]) -> Chat | None:
    """Returns the chat that a call goes to, as a number even if it was written as a text."""
    chat = params.get("chat_id")
    if isinstance(chat, int):
        return chat
    if not isinstance(chat, str) or not chat:
        return None
    return int(chat) if chat.removeprefix("-").isdecimal() else chat
