"""The server of the Bot API: how each method is answered and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.bot_api.account import Account
from benchmarks.bot_api.answers import Answers, done, refused
from benchmarks.bot_api.bodies import Unreadable, chat_and_text, is_form, parameters
from benchmarks.bot_api.http import Connection, Reply, Request
from benchmarks.bot_api.limit import Bucket, Limit

_LONGEST_POLL: Final = 50.0


@dataclass(frozen=True, slots=True)
class Weather:
    """The server's behaviour.

    Attributes:
        latency: seconds until an answer is sent.
        limit: the limit of new messages; None lets everything through.
    """

    latency: float = 0.0
    limit: Limit | None = None


class BotApi:
    """A Bot API for one bot."""

    def __init__(self, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._clock = clock
        self._answers = Answers(token)
        self._latency = 0.0
        self._bucket: Bucket | None = None
        self.account = Account()

    def begin(self, weather: Weather) -> None:
        """Starts a new account and sets the server's behaviour."""
        self._latency = weather.latency
        self._bucket = Bucket(weather.limit) if weather.limit else None
        self.account = Account()

    async def listen(self, port: int = 0) -> asyncio.Server:
        """Starts to listen on loopback; port 0 is any free port."""
        return await asyncio.get_running_loop().create_server(
            lambda: Connection(self.answer, self._unheard), "127.0.0.1", port, backlog=4096
        )

    def answer(self, request: Request) -> Reply:
        """Returns the reply to a call."""
        head = request.head
        if head.token != self._token:
            return self._reply(refused(401, "Unauthorized"))
        try:
            if head.method in ("sendmessage", "copymessage"):
                return self._send(request)
            return self._other(request)
        except (Unreadable, KeyError, ValueError):
            return self._reply(refused(400, "Bad Request: can't parse the parameters"))

    def _send(self, request: Request) -> Reply:
        kind = request.head.kind
        chat, text = chat_and_text(kind, request.body)
        if chat is None:
            return self._reply(refused(400, "Bad Request: chat_id is empty"))
        refusal = self._deliver(chat)
        if refusal is not None:
            return self._reply(refusal)
        if request.head.method == "copymessage":
            return Reply(self._answers.copy(), self._latency, delivers=True)
        message = self._answers.message(chat, text, encoded=is_form(kind))
        return Reply(message, self._latency, delivers=True)

    def _deliver(self, chat: int) -> bytes | None:
        """Records a message to a chat; returns the refusal if the limit is exceeded."""
        now = self._clock()
        wait = self._bucket.take(now) if self._bucket else 0
        if wait:
            self.account.refused(now)
            return refused(429, f"Too Many Requests: retry after {wait}", wait)
        self.account.delivered(chat, now)
        return None

    def _other(self, request: Request) -> Reply:
        method = request.head.method
        given = parameters(request.head.kind, request.body)
        if method == "getupdates":
            # There are never updates, so a long poll lasts as long as it asks for.
            asked = min(float(given.get("timeout", 0)), _LONGEST_POLL)
            return Reply(done([]), max(self._latency, asked))
        if method == "getme":
            return self._reply(self._answers.me())
        if method == "copymessages":
            return self._copy_album(given)
        if method.startswith("editmessage"):
            chat, text = int(given["chat_id"]), str(given.get("text", "")).encode()
            return self._reply(self._answers.message(chat, text, encoded=False))
        return self._reply(done(True))

    def _copy_album(self, given: Mapping[str, Any]) -> Reply:
        refusal = self._deliver(int(given["chat_id"]))
        if refusal is not None:
            return self._reply(refusal)
        number = str(given.get("message_ids", "")).count(",") + 1
        return Reply(self._answers.copies(number), self._latency, delivers=True)

    def _reply(self, answer: bytes) -> Reply:
        return Reply(answer, self._latency)

    def _unheard(self) -> None:
        self.account.unheard += 1
