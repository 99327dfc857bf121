"""Resolves a server's address, and connects to the first of its IP addresses that answers."""

import asyncio
import re
import socket
from typing import NamedTuple

from aiohappyeyeballs import AddrInfoType, start_connection
from yarl import URL

# An address is looked up once in this time, not for every connection.
_KNOWN_SECONDS = 300.0
_HEAD_START_SECONDS = 0.25  # of an IPv6 address before an IPv4 one (RFC 8305)
_PLAIN = re.compile(r"[!-~]+")

FORM = b"application/x-www-form-urlencoded"


class Address(NamedTuple):
    """A server's host and port."""

    host: str
    port: int
    is_tls: bool


class Body(NamedTuple):
    """The body of a request, and its Content-Type."""

    content: bytes
    kind: bytes = FORM


class Target(NamedTuple):
    """A server, and the parts of a request before and after the method's name."""

    address: Address
    before: bytes
    after: bytes

    def request(self, name: str, body: Body) -> bytes:
        """Returns the whole request in its wire format."""
        head = b"%b%b%b%b" % (self.before, name.encode(), self.after, body.kind)
        return b"%b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body.content), body.content)


def target(base: str) -> Target:
    """Returns the target for calls below a URL such as `https://api.telegram.org/bot1:a`.

    Raises:
        ValueError: it is not an http(s) URL, or contains what does not fit in a request line.
    """
    url = URL(base, encoded=True)
    host, port, path = url.raw_host, url.port, url.raw_path.rstrip("/")
    where = f"{url.host_port_subcomponent}{path}"
    if url.scheme not in ("http", "https") or not host or not port or not _PLAIN.fullmatch(where):
        raise ValueError("not an address")
    after = (
        f" HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\nUser-Agent: petition-bot\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\n"
        "Content-Type: "
    )
    return Target(
        Address(host, port, url.scheme == "https"), f"POST {path}/".encode(), after.encode()
    )


class Resolver:
    """Looks up a server's IP addresses, and connects to it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._found: list[AddrInfoType] = []
        self._known_until = 0.0
        self._asked: asyncio.Task[list[AddrInfoType]] | None = None

    async def connect(self) -> socket.socket:
        """Returns a connected socket.

        Raises:
            OSError: no IP address answers, or none is found.
        """
        found = await self._look_up()
        try:
            return await start_connection(
                found, happy_eyeballs_delay=_HEAD_START_SECONDS, interleave=1
            )
        except BaseException:  # also a cancellation, as a time-out is
            self._known_until = 0.0  # the server may have moved
            raise

    async def _look_up(self) -> list[AddrInfoType]:
        if asyncio.get_running_loop().time() < self._known_until:
            return self._found
        if self._asked is None:
            self._asked = asyncio.create_task(self._ask())
            self._asked.add_done_callback(self._remember)
        # It goes on when a caller's time is over: where the first of two name servers is silent,
        # an answer takes longer than that, so a look-up begun anew for each would never end.
        asked = self._asked
        await asyncio.wait((asked,))
        return asked.result()

    async def _ask(self) -> list[AddrInfoType]:
        loop, (host, port, _) = asyncio.get_running_loop(), self._address
        return [*await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)]

    def _remember(self, asked: asyncio.Task[list[AddrInfoType]]) -> None:
        self._asked = None
        if not asked.cancelled() and asked.exception() is None:
            self._found = asked.result()
            self._known_until = asked.get_loop().time() + _KNOWN_SECONDS
