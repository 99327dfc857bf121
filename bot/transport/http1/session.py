"""The session that all calls to Telegram share."""

import ssl
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from bot.proxy_choice import Proxy
from bot.transport.errors import AnswerLate, ConnectTimedOut, NotSent, ResponseLost
from bot.transport.http1.address import Address, Target, target
from bot.transport.http1.pool import Pool
from bot.transport.http1.response import HttpResponse, TimeLimits
from bot.transport.http1.route import Route

# Errors before the call: not one byte of it was sent. A connection that fails is NotSent already.
_BEFORE_SENDING = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)


class SharedSession:
    """Owns the keep-alive connections; the application opens and closes it.

    Ordinary calls use the connections of this package, files use aiohttp's.

    Args:
        connections: the most connections of each; further calls wait for a free one.
        tls: the TLS settings; by default the system's.
        proxy: through which every server is reached; None for directly.

    Attributes:
        proxy: the same.
    """

    def __init__(
        self,
        connections: int = 512,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._connections = connections
        self._tls = tls
        self.proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._routes = dict[Address, Route]()
        self._pools = dict[Address, Pool]()
        self._targets = dict[str, Target]()

    async def open(self) -> None:
        """Opens the session; without effect when it is open."""
        if self._session is not None:
            return
        self._tls = self._tls or ssl.create_default_context()
        self._session = aiohttp.ClientSession(
            connector=_Connector(self._route, limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "petition-bot"},
        )

    async def close(self) -> None:
        """Closes every connection; without effect when it is closed."""
        session, self._session = self._session, None
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        self._routes.clear()
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def post(self, url: str, body: bytes, limits: TimeLimits) -> HttpResponse:
        """Sends a form once and reads the whole answer.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        base, _, name = url.rpartition("/")
        to = self._targets.get(base) or self._target(base)
        if self._session is None:
            raise NotSent("The session is closed")
        if to is None or not name.isalnum() or not name.isascii():
            raise NotSent("The address cannot be used")
        pool = self._pools.get(to.address) or self._pool(to.address)
        return await pool.exchange(to.request(name, body), limits)

    async def exchange(
        self, verb: str, url: str, body: aiohttp.FormData | None, limits: TimeLimits
    ) -> HttpResponse:
        """Sends or fetches files once; see `post` for what it raises."""
        if self._session is None or self._session.closed:
            raise NotSent("The session is closed")
        try:
            async with self._session.request(
                verb,
                URL(url, encoded=True),
                data=body,
                timeout=aiohttp.ClientTimeout(
                    total=limits.total, connect=limits.connect, sock_read=limits.read
                ),
                allow_redirects=False,
            ) as response:
                return HttpResponse(response.status, await response.read())
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = _without_address(error)
        # Raised outside of the handler, since the original error contains the URL with the token.
        raise failure

    def _target(self, base: str) -> Target | None:
        try:
            return self._targets.setdefault(base, target(base))
        except ValueError:  # not raised on, since its text may contain the URL with the token
            return None

    def _pool(self, address: Address) -> Pool:
        pool = self._pools[address] = Pool(self._route(address), self._connections)
        return pool

    def _route(self, address: Address) -> Route:
        if self._tls is None:
            raise NotSent("The session is closed")
        return self._routes.setdefault(address, Route(address, self._tls, self.proxy))


class _Connector(aiohttp.BaseConnector):
    """Opens aiohttp's connections in the same way as all others, proxies included.

    aiohttp knows no SOCKS, and looks a server's name up even where a proxy is to do that. What is
    overridden here is what its own connectors override.
    """

    def __init__(self, route_to: Callable[[Address], Route], limit: int) -> None:
        super().__init__(limit=limit)
        self._route_to = route_to

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        host, port = req.url.raw_host, req.url.port
        if host is None or port is None:
            raise NotSent("The address cannot be used")
        route = self._route_to(Address(host, port, req.url.scheme == "https"))
        return await route.open(self._factory, timeout.connect)


def _without_address(error: Exception) -> NotSent | ResponseLost:
    kind = type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimedOut(f"No connection in time ({kind})")
    if isinstance(error, _BEFORE_SENDING):
        return NotSent(f"No connection ({kind})")
    if isinstance(error, TimeoutError):
        return AnswerLate(f"No answer in time ({kind})")
    if isinstance(error, aiohttp.ClientError | OSError):
        return ResponseLost(f"The connection broke ({kind})")
    return NotSent(f"The address cannot be used ({kind})")
