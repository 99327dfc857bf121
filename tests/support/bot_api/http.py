"""HTTP/1.1 as far as a Bot API needs it: requests of a connection are answered in order."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

_TARGET = re.compile(rb"(?:GET|POST) /bot([^/ ]+)/([A-Za-z]+)(?:\?[^ ]*)? HTTP/1\.1")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked")
_KIND = re.compile(rb"\r\ncontent-type: *([^\r\n]+)")
_LARGEST_HEAD = 16_384
# Parsed heads in the cache; those of one client differ only in the length.
_HEADS_KEPT = 256


class Malformed(Exception):
    """The data is not a valid request to a Bot API."""


@dataclass(frozen=True, slots=True)
class Head:
    """The parsed head of a request; a length of None means a chunked body."""

    token: str
    method: str
    kind: str
    length: int | None


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request."""

    head: Head
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and its delay.

    Attributes:
        answer: the bytes of the response; None cuts the connection.
        delay: seconds until it is sent.
        delivers: whether the call has delivered a message.
    """

    answer: bytes | None
    delay: float = 0.0
    delivers: bool = False


class Reader:
    """Splits received data into requests."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._heads: dict[bytes, Head] = {}

    def feed(self, data: bytes) -> None:
        """Adds received data."""
        self._waiting += data

    def take(self) -> Request | None:
        """Returns the next complete request, if there is one.

        Raises:
            Malformed: the data is invalid; the connection must be closed.
        """
        waiting = self._waiting
        end = waiting.find(b"\r\n\r\n")
        if end < 0:
            if len(waiting) > _LARGEST_HEAD:
                raise Malformed("a head without an end")
            return None
        head, start = self._head(bytes(waiting[:end])), end + 4
        if head.length is None:
            return self._take_chunks(head, start)
        if len(waiting) < start + head.length:
            return None
        body = bytes(waiting[start : start + head.length])
        del waiting[: start + head.length]
        return Request(head, body)

    def _head(self, raw: bytes) -> Head:
        known = self._heads.get(raw)
        if known is None:
            if len(self._heads) >= _HEADS_KEPT:
                self._heads.clear()
            known = self._heads[raw] = _parsed(raw)
        return known

    def _take_chunks(self, head: Head, start: int) -> Request | None:
        body = bytearray()
        while (line := self._waiting.find(b"\r\n", start)) >= 0:
            try:
                size = int(bytes(self._waiting[start:line]).partition(b";")[0], 16)
            except ValueError as error:
                raise Malformed("a chunk without a size") from error
            start = line + 2 + size + 2
            if len(self._waiting) < start:
                return None
            if size == 0:
                del self._waiting[:start]
                return Request(head, bytes(body))
            body += self._waiting[line + 2 : line + 2 + size]
        return None


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        answer: returns the reply to a request.
        unheard: called when a client disconnects before the answer about a delivered message.
        open_ones: holds the transport while the connection is open.
    """

    def __init__(
        self,
        answer: Callable[[Request], Reply],
        unheard: Callable[[], None],
        open_ones: set[asyncio.Transport],
    ) -> None:
        self._answer = answer
        self._unheard = unheard
        self._open_ones = open_ones
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._call_later = asyncio.get_running_loop().call_later
        self._owes: Reply | None = None

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
        """Answers received requests; while a delayed answer is due, later ones wait."""
        while self._transport is not None and self._owes is None:
            try:
                request = self._reader.take()
                if request is None:
                    return
                reply = self._answer(request)
            except Malformed:
                self._transport.abort()
                return
            if reply.delay > 0:
                self._owes = reply
                self._call_later(reply.delay, self._give, reply.answer)
            else:
                self._write(self._transport, reply.answer)

    def _give(self, answer: bytes | None) -> None:
        self._owes = None
        if self._transport is not None:
            self._write(self._transport, answer)
            self._go_on()

    def _write(self, transport: asyncio.Transport, answer: bytes | None) -> None:
        if answer is None:
            transport.abort()
        else:
            transport.write(answer)


def _parsed(raw: bytes) -> Head:
    target = _TARGET.match(raw)
    if target is None:
        raise Malformed("not a call of a method")
    lower = raw.lower()
    length, kind = _LENGTH.search(lower), _KIND.search(lower)
    # A multipart boundary is case-sensitive.
    kind_is = raw[kind.start(1) : kind.end(1)].decode("latin-1") if kind else ""
    return Head(
        token=target[1].decode(),
        method=target[2].decode().lower(),
        kind=kind_is,
        length=None if _CHUNKED.search(lower) else int(length[1]) if length else 0,
    )
