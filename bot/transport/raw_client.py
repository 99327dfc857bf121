"""A client for raw calls, which return plain JSON instead of python-telegram-bot's objects.

It is used where those objects cost too much: for fetching updates and for broadcasting.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.transport.api_caller import ApiCall, ApiCaller, Marks, RetryPolicy, result_of
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession


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
        self._caller = ApiCaller(session, gate, policy, marks)
        self._bot_url = f"{api_url.rstrip('/')}/bot{token}"

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
            params: `Upload`s are sent as files; None is left out.
            lane: a broadcast's call waits for its slot and is never repeated here.
            timeout: seconds to wait for the answer.
            wanted: asked at the call's turn; when it returns False, `NotSent` is raised.

        Raises:
            TelegramRefused, NotSent, ResponseLost, RateLimited: see `bot.transport.errors`.
        """
        fields = {name: value for name, value in (params or {}).items() if value is not None}
        call = ApiCall(method, fields, timeout, lane, wanted)
        result = result_of(await self._caller.call(self._bot_url, call))
        if self._marks is not None and method == "getUpdates":
            self._marks.incoming(result)
        return result
