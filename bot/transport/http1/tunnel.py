"""Connects to a server through a proxy: HTTP CONNECT (RFC 9110) or SOCKS5 (RFC 1928, 1929)."""

import asyncio
import base64
import socket

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.transport.errors import ConnectTimedOut, NotSent
from bot.transport.http1.address import Address, Resolver

_LARGEST_HEAD = 64 * 1024

_IS_IT_HTTP = Sentence(
    "El proxy no habla HTTP; si es un proxy SOCKS, su dirección empieza por socks5://"
)
_IS_IT_SOCKS = Sentence(
    "El proxy no habla SOCKS5; si es un proxy HTTP, su dirección empieza por http://"
)
_ASKS_WHO = Sentence(
    "El proxy pide un usuario y una contraseña; escríbelos delante de su nombre, como en "
    "usuario:contraseña@servidor"
)
_KNOWS_NOBODY = Sentence("El proxy no acepta el usuario y la contraseña de su dirección.")
_HUNG_UP = Sentence(
    "El proxy corta la conexión sin contestar: no llega al servidor de Telegram, no deja pasar a "
    "esta máquina, o es del otro tipo (http:// o socks5://)."
)
_LATE = Sentence("El proxy no contesta a tiempo.")
_LATE_SOCKS = Sentence(
    "El proxy no contesta a tiempo; si es un proxy HTTP, su dirección empieza por http://"
)
_MAY_NOT = Sentence(
    "El proxy no quiere conectar con el servidor de Telegram; quien lo lleva tiene que permitirlo."
)
_CANNOT = Sentence("El proxy no llega al servidor de Telegram.")
_BY_STATUS = {
    401: _KNOWS_NOBODY,
    403: _MAY_NOT,
    405: _MAY_NOT,
    502: _CANNOT,
    503: _CANNOT,
    504: _CANNOT,
}
# RFC 1928, section 6.
_BY_REPLY = {1: _CANNOT, 2: _MAY_NOT, 3: _CANNOT, 4: _CANNOT, 5: _CANNOT, 6: _CANNOT}


class ProxyFailed(NotSent):
    """The proxy made no connection to the server; no address is in the reason."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(f"No connection: {reason}", reason)


class ProxyTimedOut(ProxyFailed, ConnectTimedOut):
    """The proxy, or the server behind it, did not answer in time."""


class Tunnel:
    """Connects to one server through a proxy, which looks up the server's name.

    Attributes:
        late: what is said of the proxy when it does not answer in time.
    """

    def __init__(self, proxy: Proxy, address: Address) -> None:
        self.late = _LATE_SOCKS if proxy.is_socks else _LATE
        self._proxy = proxy
        self._address = address
        self._resolver = Resolver(Address(proxy.host, proxy.port, is_tls=False))

    async def connect(self) -> socket.socket:
        """Returns a socket whose other end is the server.

        Raises:
            ProxyFailed: the proxy made no connection.
            OSError, ValueError: the connection to the proxy broke.
        """
        sock = await self._reach_proxy()
        try:
            await (self._over_socks if self._proxy.is_socks else self._over_http)(sock)
        except BaseException:  # also a cancellation, as a time-out is
            sock.close()
            raise
        return sock

    async def _reach_proxy(self) -> socket.socket:
        try:
            return await self._resolver.connect()
        except TimeoutError:
            raise
        except OSError as error:
            kind = type(error).__name__
        raise ProxyFailed(
            Sentence(
                "No se llega al proxy ({kind}): su dirección está mal, o no está en marcha.",
                kind=kind,
            )
        )

    async def _over_http(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, self._connect_request())
        reply = _ConnectReply()
        while reply.status is None:
            data = await loop.sock_recv(sock, 4096)
            if not data:
                raise ProxyFailed(_HUNG_UP)
            reply.feed(data)
        if 200 <= reply.status < 300:
            if reply.has_more:  # before anything was asked of the server
                raise ProxyFailed(_IS_IT_HTTP)
            return
        raise ProxyFailed(self._reason_of(reply.status))

    def _connect_request(self) -> bytes:
        host, port = self._address.host, self._address.port
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}", "User-Agent: petition-bot"]
        if self._proxy.user:
            known = f"{self._proxy.user}:{self._proxy.password}".encode()
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(known).decode()}")
        return "\r\n".join([*lines, "\r\n"]).encode()

    def _reason_of(self, status: int) -> Sentence:
        if status == 407:
            return _KNOWS_NOBODY if self._proxy.user else _ASKS_WHO
        return _BY_STATUS.get(status) or _connects_not(f"HTTP {status}")

    async def _over_socks(self, sock: socket.socket) -> None:
        known = self._proxy
        socks = SocksProxy(
            ProxyType.SOCKS5,
            known.host,
            known.port,
            known.user or None,
            known.password or None,
            rdns=True,
            forward=_Connected(sock),  # type: ignore[arg-type]
        )
        try:
            await socks.connect(self._address.host, self._address.port)
            return
        except ProxyError as error:
            reason = self._reason_in_socks(error)
        raise ProxyFailed(reason)

    def _reason_in_socks(self, error: ProxyError) -> Sentence:
        if (code := error.error_code) is not None:
            return _BY_REPLY.get(code) or _connects_not(f"SOCKS {code}")
        said = str(error)
        if "authentication failure" in said:
            return _KNOWS_NOBODY
        if "No acceptable" in said:
            return _KNOWS_NOBODY if self._proxy.user else _ASKS_WHO
        return _HUNG_UP if "closed" in said else _IS_IT_SOCKS


def _connects_not(answer: str) -> Sentence:
    return Sentence("El proxy no hace la conexión ({answer}).", answer=answer)


class _Connected:
    """Gives python-socks the connection to the proxy, in place of one that it would make."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def connect(self, **_: object) -> socket.socket:
        return self._sock


class _ConnectReply:
    """Reads the head of the answer to CONNECT; the parser calls the `on_…` methods.

    Attributes:
        status: the status of the final answer, once its head is whole.
        has_more: whether anything came behind the head of a success.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.has_more = False
        self._size = 0
        self._parser = HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Takes in what came; raises ProxyFailed when it is no head of an answer."""
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            is_wrong = True
        else:
            is_wrong = self._size > _LARGEST_HEAD
        if is_wrong and self.status is None:
            raise ProxyFailed(_IS_IT_HTTP)
        self.has_more = self.has_more or is_wrong

    def on_headers_complete(self) -> None:
        """See httptools."""
        status = self._parser.get_status_code()
        if status >= 200:  # else it is an interim answer; the final one follows
            self.status = status

    def on_body(self, _: bytes) -> None:
        """See httptools."""
        self.has_more = True
