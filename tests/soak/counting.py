"""A Bot API that counts exactly what arrived and fails at given rates."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from benchmarks.bot_api.answers import done, refused
from benchmarks.bot_api.bodies import parameters
from benchmarks.bot_api.http import Malformed, Reader, Request
from benchmarks.bot_api.limit import Bucket, Limit

_BOT: Final = {"id": 123456789, "is_bot": True, "first_name": "Petición", "username": "pet_bot"}
_LONGEST_POLL: Final = 50.0
# Tolerance for a client's timers, which may fire a little early.
_SLACK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Weather:
    """The behaviour of the server; shares are between 0 and 1.

    Attributes:
        latency: seconds until an answer.
        errors: the share of messages answered with 500 and not delivered.
        lost_answers: the share delivered with the connection cut instead of an answer.
        floods: the share answered with 429, one second, and not delivered.
        limit: the limit of new messages, or None.
        blocked: the chats that have blocked the bot.
    """

    latency: float = 0.01
    errors: float = 0.0
    lost_answers: float = 0.0
    floods: float = 0.0
    limit: Limit | None = None
    blocked: frozenset[int] = frozenset()


class Arrival(NamedTuple):
    """A message that arrived in its chat."""

    at: float
    chat: int
    message: int
    by: str
    """The number before the colon of the sender's token."""


class _Reply(NamedTuple):
    answer: bytes | None
    """None cuts the connection."""
    delay: float
    delivers: bool = False


@dataclass
class Account:
    """What happened since `begin`, by the monotonic clock.

    Attributes:
        lost: how many answers to delivered messages were cut off, by chat.
        unheard: messages delivered for clients that died before the answer.
        too_early: chats written to again before their pause was over.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    copies: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    errors: int = 0
    floods: int = 0
    over_limit: int = 0
    unheard: int = 0
    too_early: list[int] = field(default_factory=list)
    deleted: set[tuple[int, int]] = field(default_factory=set)

    @property
    def repeated(self) -> int:
        """How many messages arrived in chats that already had one."""
        return len(self.arrivals) - len(self.copies)

    def busiest(self, seconds: float) -> int:
        """Returns the most messages that arrived within any period of this many seconds."""
        most = first = 0
        for last, arrival in enumerate(self.arrivals):
            while self.arrivals[first].at <= arrival.at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


class CountingApi:
    """A Bot API that accepts any token."""

    def __init__(self) -> None:
        self.account = Account()
        self.url = ""
        self._dice = random.Random(5)  # noqa: S311 - a test's own dice
        self._weather = Weather()
        self._bucket: Bucket | None = None
        self._paused: dict[int, float] = {}

    def begin(self, weather: Weather) -> Account:
        """Starts and returns a new account, and sets the server's behaviour."""
        self._weather, self.account = weather, Account()
        self._bucket = Bucket(weather.limit) if weather.limit else None
        self._paused.clear()
        return self.account

    async def arrived(self, number: int, seconds: float) -> None:
        """Waits until this many messages have arrived in all.

        Raises:
            TimeoutError: they did not within `seconds`.
        """
        async with asyncio.timeout(seconds):
            while len(self.account.arrivals) < number:  # noqa: ASYNC110 - a check costs nothing
                await asyncio.sleep(0.002)

    def answer(self, request: Request) -> _Reply:
        """Returns the answer to a request, with its delay."""
        method, given = request.head.method, parameters(request.head.kind, request.body)
        if method == "sendmessage":
            return self._send(int(given["chat_id"]), request.head.token.partition(":")[0])
        if method == "getupdates":
            return _Reply(done([]), min(float(given.get("timeout", 0)), _LONGEST_POLL))
        if method == "getme":
            return _Reply(done(_BOT), 0)
        if method.startswith("editmessage"):
            return _Reply(done(_message(int(given["chat_id"]), 1)), self._weather.latency)
        if method in ("deletemessage", "deletemessages"):
            self._delete(
                int(given["chat_id"]), str(given.get("message_ids", given.get("message_id")))
            )
        return _Reply(done(True), self._weather.latency)

    def _send(self, chat: int, by: str) -> _Reply:
        weather, account, now = self._weather, self.account, time.monotonic()
        if now < self._paused.get(chat, 0.0) - _SLACK_SECONDS:
            account.too_early.append(chat)
        if chat in weather.blocked:
            return _Reply(_blocked(), weather.latency)
        if wait := self._bucket.take(now) if self._bucket else 0:
            account.over_limit += 1
            return _Reply(_flood(wait), weather.latency)
        roll = self._dice.random()
        if roll < weather.errors:
            account.errors += 1
            return _Reply(_error(), weather.latency)
        if roll < weather.errors + weather.floods:
            account.floods += 1
            self._paused[chat] = now + weather.latency + 1
            return _Reply(_flood(1), weather.latency)
        loses = roll < weather.errors + weather.floods + weather.lost_answers
        return self._deliver(Arrival(now, chat, len(account.arrivals) + 1, by), loses)

    def _deliver(self, arrival: Arrival, loses: bool) -> _Reply:
        account, latency = self.account, self._weather.latency
        account.arrivals.append(arrival)
        account.copies[arrival.chat] += 1
        if loses:
            account.lost[arrival.chat] += 1
            return _Reply(None, latency)
        answer = done(_message(arrival.chat, arrival.message))
        return _Reply(answer, latency, delivers=True)

    def _delete(self, chat: int, messages: str) -> None:
        for number in "".join(c if c.isdigit() else " " for c in messages).split():
            self.account.deleted.add((chat, int(number)))

    def unheard(self) -> None:
        """Counts a message that was delivered for a client that died before the answer."""
        self.account.unheard += 1


class _Connection(asyncio.Protocol):
    """A connection that answers its requests one after the other."""

    def __init__(self, api: CountingApi, open_ones: set[asyncio.Transport]) -> None:
        self._answer, self._unheard = api.answer, api.unheard
        self._open_ones = open_ones
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._owes: _Reply | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open_ones.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._open_ones.discard(self._transport)
        self._transport = None
        if self._owes is not None and self._owes.delivers:
            self._unheard()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._go_on()

    def _go_on(self) -> None:
        while self._transport is not None and self._owes is None:
            try:
                request = self._reader.take()
            except Malformed:
                self._transport.abort()
                return
            if request is None:
                return
            self._owes = self._answer(request)
            asyncio.get_running_loop().call_later(self._owes.delay, self._give, self._owes)

    def _give(self, reply: _Reply) -> None:
        if self._transport is None:
            return
        self._owes = None
        if reply.answer is None:
            self._transport.abort()
            return
        self._transport.write(reply.answer)
        self._go_on()


@asynccontextmanager
async def a_counting_api() -> AsyncIterator[CountingApi]:
    """Runs a server on loopback for the duration of the block."""
    api, open_ones = CountingApi(), set[asyncio.Transport]()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(api, open_ones), "127.0.0.1", 0, backlog=1024
    )
    host, port = server.sockets[0].getsockname()
    api.url = f"http://{host}:{port}"
    try:
        yield api
    finally:
        server.close()
        for transport in open_ones:
            transport.abort()
        await asyncio.sleep(0)


def _message(chat: int, number: int) -> dict[str, object]:
    where = {"id": chat, "type": "private", "first_name": "Ana"}
    return {"message_id": number, "date": 1, "chat": where, "text": "Gracias"}


def _flood(seconds: int) -> bytes:
    return refused(429, f"Too Many Requests: retry after {seconds}", seconds)


def _error() -> bytes:
    return _failed(500, "Internal Server Error", "Internal Server Error")


def _blocked() -> bytes:
    return _failed(403, "Forbidden", "Forbidden: bot was blocked by the user")


def _failed(status: int, reason: str, description: str) -> bytes:
    body = b'{"ok":false,"error_code":%d,"description":"%s"}' % (status, description.encode())
    head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, reason.encode(), len(body)) + body
