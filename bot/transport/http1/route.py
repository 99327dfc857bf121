"""Opens connections to one server: directly or through a proxy, and with TLS where it is https."""

import asyncio
import math
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

import structlog

from bot.proxy_choice import Proxy
from bot.transport.errors import ConnectTimedOut, NotSent
from bot.transport.http1.address import Address, Resolver
from bot.transport.http1.tunnel import ProxyFailed, ProxyTimedOut, Tunnel

_log = structlog.stdlib.get_logger()

_NO_CONNECTION = (OSError, ValueError, RuntimeError)  # the last one is what uvloop may raise
# Of the time for a connection that goes through a proxy: the rest is left to say who was late.
_SHARE_OF_TIME = 0.9
_TOLD_AGAIN_SECONDS = 60.0  # the same failure is logged, as hundreds of connections may fail

# Numbers of OpenSSL's; every other one says that nobody vouches for the certificate.
_BY_VERIFY_CODE = {
    9: "it is not valid yet, or the clock of this machine is wrong",
    10: "it has expired, or the clock of this machine is wrong",
    62: "it is for another name: somebody else may answer in that server's place",
    64: "it is for another address: somebody else may answer in that server's place",
}
_NOT_VOUCHED_FOR = (
    "its issuer is unknown here, as when the system's certificates (ca-certificates) are not "
    "installed, or when the network reads what passes through it"
)

_SILENT = (
    "says that it has connected, and the Bot API server does not answer; it may be blocked there"
)

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Route:
    """The way to one server: through the proxy, or directly without one."""

    def __init__(self, address: Address, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._resolver = Resolver(address)
        self._tunnel = None if proxy is None else Tunnel(proxy, address)
        self._tls = tls if address.is_tls else None
        self._tls_host = address.host if address.is_tls else None
        self._told = ""
        self._told_again_at = -math.inf

    async def open(self, protocol: Callable[[], P], seconds: float) -> P:
        """Returns a connected protocol; TLS is with the server itself, whatever is between.

        The caller gives up after so many seconds.

        Raises:
            NotSent: there is no connection; where the operator can do something, the log says it.
        """
        if self._tunnel is not None:
            return await self._open_through(self._tunnel, protocol, seconds)
        try:
            return await self._start(protocol, await self._resolver.connect())
        except TimeoutError as error:
            failure: NotSent = ConnectTimedOut(f"No connection in time ({type(error).__name__})")
        except _NO_CONNECTION as error:
            failure = self._failure(error)
        # Raised outside of the handlers, since the original errors may contain the address.
        raise failure

    async def _open_through(self, tunnel: Tunnel, protocol: Callable[[], P], seconds: float) -> P:
        is_through = False
        try:
            async with asyncio.timeout(seconds * _SHARE_OF_TIME):
                sock = await tunnel.connect()
                is_through = True
                return await self._start(protocol, sock)
        except ProxyFailed as error:
            failure: NotSent = error
        except TimeoutError:
            failure = ProxyTimedOut(_SILENT if is_through else tunnel.late)
        except ssl.SSLCertVerificationError as error:
            failure = self._failure(error)
        except _NO_CONNECTION as error:
            what = _SILENT if is_through else "breaks the connection"
            failure = ProxyFailed(f"{what} ({type(error).__name__})")
        if isinstance(failure, ProxyFailed):
            self._tell("proxy_failed", f"The proxy {failure.reason}.")
        raise failure

    async def _start(self, protocol: Callable[[], P], sock: socket.socket) -> P:
        try:
            _, connected = await asyncio.get_running_loop().create_connection(
                protocol, sock=sock, ssl=self._tls, server_hostname=self._tls_host
            )
        except BaseException:
            # uvloop does not when the other side has hung up already: MagicStack/uvloop#653.
            sock.close()
            raise
        return connected

    def _failure(self, error: Exception) -> NotSent:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = _BY_VERIFY_CODE.get(error.verify_code, _NOT_VOUCHED_FOR)
            self._tell("certificate_refused", f"The Bot API server's certificate: {why}.")
        return NotSent(f"No connection ({type(error).__name__})")

    def _tell(self, event: str, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        if reason == self._told and now < self._told_again_at:
            return
        self._told, self._told_again_at = reason, now + _TOLD_AGAIN_SECONDS
        _log.warning(event, reason=reason)
