"""The server of the Bot API: how each method is answered and counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.bot_api.http import Connection, Reply, Request
from tests.support.bot_api.message_counts import MessageCounts
from tests.support.bot_api.rate_limit import RateLimit, TokenBucket
from tests.support.bot_api.request_bodies import Unreadable, chat_and_text, is_form, parameters
from tests.support.bot_api.responses import Responses, error_response, result_response

_LONGEST_POLL = 50.0


@dataclass(frozen=True)
class Behavior:
    """The server's behaviour.

    Attributes:
        latency: seconds until an answer is sent.
        limit: the limit of new messages; None lets everything through.
    """

    latency: float = 0.0
    limit: RateLimit | None = None


class BotApi:
    """A Bot API for one bot."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._responses = Responses(token)
        self._latency = 0.0
        self._bucket: TokenBucket | None = None
        self.clock: Callable[[], float] = time.monotonic
        self.counts = MessageCounts()
        self.url = ""

    def begin(self, behavior: Behavior) -> MessageCounts:
        """Starts and returns new counts, and sets the server's behaviour."""
        self._latency = behavior.latency
        self._bucket = TokenBucket(behavior.limit) if behavior.limit else None
        self.counts = MessageCounts()
        return self.counts

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[None]:
        """Listens on loopback for the duration of the block; port 0 is any free port."""
        open_ones = set[asyncio.Transport]()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self.answer, self._unheard, open_ones),
            "127.0.0.1",
            port,
            backlog=4096,
        )
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        try:
            yield
        finally:
            server.close()
            for transport in open_ones:
                transport.abort()
            await asyncio.sleep(0)

    def answer(self, request: Request) -> Reply:
        """Returns the reply to a call."""
        if not self._knows(request.head.token):
            return self._reply(error_response(401, "Unauthorized"))
        try:
            if request.head.method in ("sendmessage", "copymessage"):
                return self._send(request)
            given = parameters(request.head.kind, request.body)
            return self._other(request.head.method, given)
        except (Unreadable, KeyError, ValueError):
            return self._reply(error_response(400, "Bad Request: can't parse the parameters"))

    def _knows(self, token: str) -> bool:
        return token == self._token

    def _send(self, request: Request) -> Reply:
        kind = request.head.kind
        chat, text = chat_and_text(kind, request.body)
        if chat is None:
            return self._reply(error_response(400, "Bad Request: chat_id is empty"))
        refusal = self._deliver(chat)
        if refusal is not None:
            return self._reply(refusal)
        if request.head.method == "copymessage":
            return Reply(self._responses.copy(), self._latency, delivers=True)
        message = self._responses.message(chat, text, encoded=is_form(kind))
        return Reply(message, self._latency, delivers=True)

    def _deliver(self, chat: int) -> bytes | None:
        """Counts a message to a chat; returns the refusal if the limit is exceeded."""
        now = self.clock()
        wait = self._bucket.take(now) if self._bucket else 0
        if wait:
            self.counts.refused(now)
            return error_response(429, f"Too Many Requests: retry after {wait}", wait)
        self.counts.delivered(chat, now)
        return None

    def _other(self, method: str, given: Mapping[str, Any]) -> Reply:
        if method == "getupdates":
            # There are never updates, so a long poll lasts as long as it asks for.
            asked = min(float(given.get("timeout", 0)), _LONGEST_POLL)
            return Reply(result_response([]), max(self._latency, asked))
        if method == "getme":
            return self._reply(self._responses.me())
        if method == "copymessages":
            return self._copy_album(given)
        if method.startswith("editmessage"):
            chat, text = int(given["chat_id"]), str(given.get("text", "")).encode()
            return self._reply(self._responses.message(chat, text, encoded=False))
        return self._reply(result_response(True))

    def _copy_album(self, given: Mapping[str, Any]) -> Reply:
        refusal = self._deliver(int(given["chat_id"]))
        if refusal is not None:
            return self._reply(refusal)
        number = str(given.get("message_ids", "")).count(",") + 1
        return Reply(self._responses.copies(number), self._latency, delivers=True)

    def _reply(self, answer: bytes) -> Reply:
        return Reply(answer, self._latency)

    def _unheard(self) -> None:
        self.counts.unheard += 1
