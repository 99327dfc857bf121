"""A keep-alive HTTP/1.1 connection: one call at a time, and cut off at any irregularity."""

import asyncio
import math
from collections.abc import Callable
from typing import NamedTuple, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade
from httptools import HttpResponseParser as Parser

from bot.transport.errors import AnswerLate, AnswerUnreadable, ResponseLost

_LARGEST_HEAD = 64 * 1024
_LARGEST_ANSWER = 32 * 1024 * 1024
# With one of these headers, the end of the connection is not the end of the body.
_DELIMITING = (b"content-length", b"transfer-encoding")
_DATE = b"date"
_DELIMITING_LENGTHS = tuple(map(len, _DELIMITING))


class HttpResponse(NamedTuple):
    """The status and the raw body of an answer, and its Date header, empty without one."""

    status: int
    body: bytes
    date: bytes = b""


class TimeLimits(NamedTuple):
    """The time limits of one try, in seconds.

    Attributes:
        connect: for getting a connection, a free or a new one.
        read: from sending the call to the last byte of the answer.
    """

    connect: float = 5.0
    read: float = 10.0


class Connection(asyncio.Protocol):
    """Sends requests and collects the answers; the parser calls the `on_…` methods.

    Attributes:
        deadline: when it is to be cut off, by the event loop's clock; also set while it is idle.
    """

    def __init__(self, lost: Callable[["Connection"], None]) -> None:
        self.deadline = math.inf
        self._lost = lost  # called once, when the connection is closed
        self._parser = Parser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._begin_head()

    @property
    def is_free(self) -> bool:
        """Whether it is open and has no call in progress."""
        return (
            self._answer is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def ask(self, message: bytes, deadline: float) -> asyncio.Future[HttpResponse]:
        """Sends a whole request; the future gets the answer, or raises `ResponseLost`."""
        if self._transport is None or not self.is_free:
            raise RuntimeError("This connection cannot be asked")
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._begin_head()
        self.deadline = deadline
        self._transport.write(message)
        return answer

    def expire(self) -> None:
        """Cuts the connection off after its deadline."""
        self.cut(AnswerLate("No answer in time"))

    def cut(self, reason: ResponseLost) -> None:
        """Closes the connection at once; a pending answer raises the reason."""
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(reason)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._answer is None:
            self.cut(ResponseLost("An answer that nobody asked for"))
            return
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade, HttpParserCallbackError):
            self.cut(ResponseLost("The answer is not HTTP"))
            return
        if self._size > (_LARGEST_ANSWER if self._has_head else _LARGEST_HEAD):
            self.cut(AnswerUnreadable("The answer is too large", b"".join(self._body)))

    def eof_received(self) -> None:
        """See asyncio.Protocol; without a length, the end of the connection ends the answer."""
        if self._has_head and not self._is_delimited:
            self._complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._transport = None
        kind = "closed" if exc is None else type(exc).__name__
        self.cut(ResponseLost(f"The connection broke ({kind})"))
        self._lost(self)

    def on_message_begin(self) -> None:
        """See httptools."""
        if self._answer is None:
            raise HttpParserError("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if len(name) == len(_DATE) and name.lower() == _DATE:
            self._date = value
        elif len(name) in _DELIMITING_LENGTHS and name.lower() in _DELIMITING:
            self._is_delimited = True

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._parser.get_status_code() < 200:
            self._begin_head()  # an interim answer; the final one follows
            return
        keep = self._parser.should_keep_alive()
        self._complete()
        if not keep:
            self.cut(ResponseLost("The server closes"))

    def _begin_head(self) -> None:
        self._body: list[bytes] = []
        self._date = b""
        self._size = 0
        self._has_head = False
        self._is_delimited = False

    def _complete(self) -> None:
        answer, self._answer = self._answer, None
        body, self._body = b"".join(self._body), []
        if answer is not None and not answer.done():
            answer.set_result(HttpResponse(self._parser.get_status_code(), body, self._date))
