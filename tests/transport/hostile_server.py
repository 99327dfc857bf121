"""A loopback server that sends raw bytes, for answers that no HTTP library would send."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[["Caller"], Awaitable[None]]


@dataclass
class Caller:
    """A connection to the server, on which a whole request has arrived."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes = b""

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    def cut(self) -> None:
        """Resets the connection, as a host does that no longer knows it."""
        no_time_to_linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger
        )
        self.writer.transport.abort()

    def hang_up(self) -> None:
        self.writer.close()

    async def is_gone(self) -> None:
        """Waits until the other side has closed the connection."""
        while await self.reader.read(1):
            pass


@dataclass
class HostileServer:
    """A server that uses up `answers` from the front, and repeats the last one."""

    answers: list[Answering]
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    open: set[int] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        caller, number = Caller(reader, writer), self.connections
        self.open.add(number)
        try:
            while True:
                caller.request = await _request(reader)
                self.requests.append(caller.request)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await answer(caller)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.discard(number)
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head + await reader.readexactly(length)


def saying(*parts: bytes, then: Callable[[Caller], None] | None = None) -> Answering:
    """Returns an answer that sends these parts one by one, and then calls `then`."""

    async def answer(caller: Caller) -> None:
        for part in parts:
            caller.say(part)
            await asyncio.sleep(0.001)
        if then is not None:
            then(caller)

    return answer


def whole(body: bytes = b"yes", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Returns a correct HTTP answer."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@asynccontextmanager
async def hostile(
    *answers: Answering, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[HostileServer]:
    server = HostileServer(list(answers))
    listening = await asyncio.start_server(server.serve, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
