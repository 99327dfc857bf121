"""The server of the Bot API: how each method is answered and counted."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator import RateLimits
from simulator.errors import Refused, bad_request
from simulator.parameters import read_request
from simulator.server import json_response, refusal_response
from tests.support.bot_api.message_counts import MessageCounts

_PATH = re.compile(r"/bot([^/]+)/(\w+)")
_LONGEST_POLL = 50.0
_BOT = {"is_bot": True, "first_name": "Petición", "username": "peticion_bot"}
_MAY = {
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass(frozen=True)
class Behavior:
    """The server's behaviour.

    Attributes:
        latency: seconds until an answer is sent.
        limit: new messages a second to all chats together, 0 for any number.
        burst: how many of them may come at once after a quiet time.
    """

    latency: float = 0.0
    limit: float = 0.0
    burst: float = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        response: what is sent; None cuts the connection.
        delay: seconds until then.
        delivers: whether the call has delivered a message.
    """

    response: web.Response | None
    delay: float
    delivers: bool = False


class BotApi:
    """A Bot API for one bot."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._me = {"id": int(token.partition(":")[0]), **_BOT}
        self._latency = 0.0
        self._limits: RateLimits | None = None
        self._last_message = 0
        self.clock: Callable[[], float] = time.monotonic
        self.counts = MessageCounts()
        self.url = ""

    def begin(self, behavior: Behavior) -> MessageCounts:
        """Starts and returns new counts, and sets the server's behaviour."""
        self._latency = behavior.latency
        self._limits = None
        if behavior.limit:
            self._limits = RateLimits(
                self.clock, overall=behavior.limit, overall_burst=behavior.burst
            )
        self.counts = MessageCounts()
        return self.counts

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listens on loopback for the duration of the block."""
        runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        self.url = "http://{}:{}".format(*runner.addresses[0])
        try:
            yield
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        found = _PATH.fullmatch(request.path)
        try:
            if found is None or not self._knows(found[1]):
                raise Refused(401, "Unauthorized")
            reply = self._call(found[1], found[2].lower(), await read_request(request))
        except Refused as refusal:
            reply = Reply(refusal_response(refusal), self._latency)
        if reply.delay > 0:
            await asyncio.sleep(reply.delay)
        if request.transport is None or request.transport.is_closing():
            self.counts.unheard += reply.delivers
        elif reply.response is None:
            request.transport.abort()
        return reply.response or web.Response()

    def _knows(self, token: str) -> bool:
        return token == self._token

    def _call(self, token: str, method: str, given: Mapping[str, Any]) -> Reply:
        if method in ("sendmessage", "copymessage", "copymessages"):
            return self._send(token, method, given)
        return self._other(method, given)

    def _send(self, token: str, method: str, given: Mapping[str, Any]) -> Reply:
        chat = _chat_of(given)
        self._deliver(chat)
        if method == "sendmessage":
            return self._reply(self._message(chat, given), delivers=True)
        copies = str(given.get("message_ids", "")).count(",") + 1
        sent = [{"message_id": self._next_message()} for _ in range(copies)]
        return self._reply(sent[0] if method == "copymessage" else sent, delivers=True)

    def _deliver(self, chat: int) -> None:
        """Counts a message to a chat; refuses it if the limit is exceeded."""
        now = self.clock()
        try:
            if self._limits is not None:
                self._limits.count(chat)
        except Refused:
            self.counts.refused(now)
            raise
        self.counts.delivered(chat, now)

    def _other(self, method: str, given: Mapping[str, Any]) -> Reply:
        if method == "getupdates":
            # There are never updates, so a long poll lasts as long as it asks for.
            asked = min(float(given.get("timeout", 0)), _LONGEST_POLL)
            return self._reply([], delay=max(self._latency, asked))
        if method == "getme":
            return self._reply(self._me | _MAY)
        if method.startswith("editmessage"):
            return self._reply(self._message(_chat_of(given), given))
        return self._reply(True)

    def _message(self, chat: int, given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "message_id": self._next_message(),
            "from": self._me,
            "chat": {"id": chat, "first_name": "Ana", "type": "private"},
            "date": int(time.time()),
            "text": given.get("text", ""),
        }

    def _next_message(self) -> int:
        self._last_message += 1
        return self._last_message

    def _reply(self, result: object, *, delay: float = 0.0, delivers: bool = False) -> Reply:
        response = json_response({"ok": True, "result": result})
        return Reply(response, delay or self._latency, delivers)


def _chat_of(given: Mapping[str, Any]) -> int:
    try:
        return int(given["chat_id"])
    except (KeyError, TypeError, ValueError):
        raise bad_request("chat_id is empty") from None
