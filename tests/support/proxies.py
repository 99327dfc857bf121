"""Real proxies on loopback, strict to their RFCs, which record what they were asked for.

Names are looked up in the proxy's own table, so a client that leaves them to the proxy reaches
servers that no resolver of this machine knows.
"""

import asyncio
import base64
import contextlib
import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

Known = dict[str, tuple[str, int]]
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Serving = Callable[["Proxied", Reader, Writer], Awaitable[None]]

_CONNECT = re.compile(rb"CONNECT (\S+):(\d{1,5}) HTTP/1\.1")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class _Refused(Exception):
    """The client is told so in the proxy's protocol, or broke its rules."""


@dataclass
class Proxied:
    """A proxy that runs.

    Attributes:
        login: the user and the password that it wants; None lets everybody through.
        known: where servers are, by name.
        asked: the servers that it was asked for.
        broken_rules: what a client did against the RFC.
    """

    login: tuple[str, str] | None = None
    known: Known = field(default_factory=dict)
    port: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)

    async def reach(self, host: str, port: int) -> tuple[Reader, Writer]:
        self.asked.append((host, port))
        return await asyncio.open_connection(*self.known.get(host, (host, port)))

    def require(self, kept: bool, rule: str) -> None:
        if not kept:
            self.broken_rules.append(rule)
            raise _Refused(rule)


@asynccontextmanager
async def running(
    serve: Serving, login: tuple[str, str] | None = None, known: Known | None = None
) -> AsyncIterator[Proxied]:
    """Runs a proxy until the end of the block."""
    proxy = Proxied(login, known or {})
    tasks = set[asyncio.Task[None]]()

    async def take(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(proxy, reader, writer)
        except (_Refused, asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass  # asyncio logs a client's task that ends by a cancellation as a mistake
        finally:
            tasks.discard(task)
            writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def http_proxy(proxy: Proxied, reader: Reader, writer: Writer) -> None:
    """Serves one client with CONNECT, as RFC 9110 (9.3.6) and 7617 say."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].split(b"\r\n")
    request = _CONNECT.fullmatch(first)
    proxy.require(request is not None, "the target of CONNECT is host:port")
    assert request is not None
    fields = [_FIELD.fullmatch(line) for line in lines]
    proxy.require(all(fields), "a header is a name, a colon and a value")
    given = {each[1].lower(): each[2] for each in fields if each}
    host, port = request[1].decode("ascii"), int(request[2])
    proxy.require(given.get(b"host") == b"%b:%b" % (request[1], request[2]), "Host is the target")
    proxy.require(b"content-length" not in given, "CONNECT has no content")
    if proxy.login is not None:
        wanted = b"Basic " + base64.b64encode(":".join(proxy.login).encode())
        if given.get(b"proxy-authorization") != wanted:
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="x"\r\nContent-Length: 3\r\n\r\nno\n'
            )
            raise _Refused
    try:
        inside = await proxy.reach(host.removeprefix("[").removesuffix("]"), port)
    except OSError:
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        return
    writer.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\n")
    await _relay((reader, writer), inside)


async def socks_proxy(proxy: Proxied, reader: Reader, writer: Writer) -> None:
    """Serves one client with SOCKS5, as RFC 1928 and 1929 say."""
    version, count = await reader.readexactly(2)
    proxy.require(version == 5 and count > 0, "a greeting has version 5 and a method")
    wanted = 0 if proxy.login is None else 2
    offered = wanted in await reader.readexactly(count)
    writer.write(bytes([5, wanted if offered else 0xFF]))
    if not offered:
        raise _Refused
    if proxy.login is not None:
        proxy.require(await reader.readexactly(1) == b"\1", "RFC 1929 has version 1")
        given = [(await _counted(proxy, reader)).decode() for _ in range(2)]
        writer.write(bytes([1, 0 if tuple(given) == proxy.login else 1]))
        if tuple(given) != proxy.login:
            raise _Refused
    version, command, reserved, kind = await reader.readexactly(4)
    proxy.require((version, command, reserved) == (5, 1, 0), "a request is for CONNECT")
    if kind == 3:
        host = (await _counted(proxy, reader)).decode("ascii")
    else:
        proxy.require(kind in (1, 4), "an address is IPv4, a name or IPv6")
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    try:
        inside = await proxy.reach(host, int.from_bytes(await reader.readexactly(2), "big"))
    except OSError:
        writer.write(bytes([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))
        return
    writer.write(bytes([5, 0, 0, 1, 127, 0, 0, 1, 0, 9]))
    await _relay((reader, writer), inside)


async def _counted(proxy: Proxied, reader: Reader) -> bytes:
    (length,) = await reader.readexactly(1)
    proxy.require(length > 0, "nothing that is counted is empty")
    return await reader.readexactly(length)


async def _relay(left: tuple[Reader, Writer], right: tuple[Reader, Writer]) -> None:
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_copy(left[0], right[1]))
            both.create_task(_copy(right[0], left[1]))
    finally:
        right[1].close()


async def _copy(source: Reader, target: Writer) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
