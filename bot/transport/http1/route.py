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
from bot.transport.http1.tunnel import ProxyFailed, Tunnel

_log = structlog.stdlib.get_logger()

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

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Route:
    """The way to one server.

    Args:
        address: the server's address.
        tls: the TLS settings, used for https.
        proxy: through which the server is reached; None for directly.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._resolver = Resolver(address)
        self._tunnel = None if proxy is None else Tunnel(proxy, address)
        self._tls = tls if address.is_tls else None
        self._tls_host = address.host if address.is_tls else None
        self._told = ""
        self._told_again_at = -math.inf

    async def open(self, protocol: Callable[[], P], seconds: float | None) -> P:
        """Returns a connected protocol; TLS is with the server itself, whatever is between.

        Args:
            protocol: makes the protocol.
            seconds: what the caller limits this to.

        Raises:
            NotSent: there is no connection; where the operator can do something, the log says it.
        """
        try:
            _, connected = await asyncio.get_running_loop().create_connection(
                protocol,
                sock=await self._connect(seconds),
                ssl=self._tls,
                server_hostname=self._tls_host,
            )
        except ProxyFailed as error:
            self._tell("proxy_failed", f"The proxy {error.reason}.")
            raise
        except ssl.SSLCertVerificationError as error:
            failure = NotSent(f"No connection ({type(error).__name__})")
            why = _BY_VERIFY_CODE.get(error.verify_code, _NOT_VOUCHED_FOR)
            self._tell("certificate_refused", f"The Bot API server's certificate: {why}.")
        except TimeoutError as error:
            failure = ConnectTimedOut(f"No connection in time ({type(error).__name__})")
        except (OSError, ValueError) as error:
            failure = NotSent(f"No connection ({type(error).__name__})")
        else:
            return connected
        # Raised outside of the handlers, since the original errors may contain the address.
        raise failure

    async def _connect(self, seconds: float | None) -> socket.socket:
        if self._tunnel is None:
            return await self._resolver.connect()
        return await self._tunnel.connect(seconds)

    def _tell(self, event: str, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        if reason == self._told and now < self._told_again_at:
            return
        self._told, self._told_again_at = reason, now + _TOLD_AGAIN_SECONDS
        _log.warning(event, reason=reason)
