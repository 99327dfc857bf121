"""Opens connections to one server: directly or through a proxy, and with TLS where it is https."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.text.translations import mark
from bot.transport.errors import ConnectTimedOut, NotSent
from bot.transport.http1.address import Address, Resolver
from bot.transport.http1.tunnel import ProxyFailed, ProxyTimedOut, Tunnel

_NO_CONNECTION = (OSError, ValueError, RuntimeError)  # the last one is what uvloop may raise
# Of the time for a connection: the rest is left to say who was late.
_SHARE_OF_TIME = 0.9

_OF_ANOTHER = Sentence(
    "Quien contesta en el lugar de Telegram tiene un certificado de otro servidor: alguien podría "
    "hacerse pasar por Telegram."
)
_NOT_VOUCHED_FOR = Sentence(
    "Nadie en quien confíe esta máquina responde del certificado de quien contesta en el lugar "
    "de Telegram: faltan los certificados del sistema (ca-certificates), SSL_CERT_FILE nombra un "
    "archivo que no los tiene, o la red lee lo que pasa por ella."
)
# Numbers of OpenSSL's; every other one says that nobody vouches for the certificate.
_BY_VERIFY_CODE = {
    9: Sentence(
        "El certificado de Telegram todavía no es válido, o el reloj de esta máquina va mal."
    ),
    10: Sentence("El certificado de Telegram ha caducado, o el reloj de esta máquina va mal."),
    62: _OF_ANOTHER,
    64: _OF_ANOTHER,
} | dict.fromkeys(
    range(79, 95),
    Sentence(
        "El certificado de quien contesta en el lugar de Telegram no cumple las reglas, en las "
        "que Python es más estricto desde la versión 3.13. Suele ser de una red que lee lo que "
        "pasa por ella; quien la lleva tiene que corregirlo."
    ),
)
_BY_ERROR: tuple[tuple[type[Exception], Sentence], ...] = (
    (
        socket.gaierror,
        Sentence(
            "No se encuentra el servidor de Telegram por su nombre: no hay conexión a Internet, "
            "falla el servidor de nombres (DNS), o está mal escrito en PETITION_API_URL."
        ),
    ),
    (
        ConnectionRefusedError,
        Sentence(
            "El servidor de Telegram rechaza la conexión: la impide un cortafuegos o, si el "
            "servidor es tuyo (PETITION_API_URL), no está en marcha o no es esa su dirección."
        ),
    ),
    (
        ssl.SSLError,
        Sentence(
            "Quien contesta en el lugar de Telegram no sabe cifrar la conexión (TLS): la red la "
            "intercepta o, si el servidor es tuyo, PETITION_API_URL empieza por http://"
        ),
    ),
)
_LATE = Sentence(
    "El servidor de Telegram no contesta a tiempo: la red va muy lenta, o no lo deja pasar."
)
_SILENT = Sentence(
    "El proxy dice que ha conectado, y el servidor de Telegram no contesta; puede que allí esté "
    "bloqueado."
)
_BREAKS = mark("El proxy corta la conexión ({kind}).")
_WITHOUT = mark("No hay conexión con el servidor de Telegram ({kind}).")

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Route:
    """The way to one server: through the proxy, or directly without one."""

    def __init__(self, address: Address, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._resolver = Resolver(address)
        self._tunnel = None if proxy is None else Tunnel(proxy, address)
        self._tls = tls if address.is_tls else None
        self._tls_host = address.host if address.is_tls else None

    async def open(self, protocol: Callable[[], P], seconds: float) -> P:
        """Returns a connected protocol; TLS is with the server itself, whatever is between.

        The caller gives up after that.

        Raises:
            NotSent: there is no connection; where the operator can do something, the log says it.
        """
        is_through = self._tunnel is None
        try:
            async with asyncio.timeout(seconds * _SHARE_OF_TIME):
                if self._tunnel is None:
                    sock = await self._resolver.connect()
                else:
                    sock = await self._tunnel.connect()
                    is_through = True
                return await self._start(protocol, sock)
        except ProxyFailed as error:
            failure: NotSent = error
        except TimeoutError:
            failure = self._late(is_through=is_through)
        except _NO_CONNECTION as error:
            failure = self._failure(error, is_through=is_through)
        # Raised outside of the handlers, since the original errors may contain the address.
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

    def _late(self, *, is_through: bool) -> NotSent:
        if self._tunnel is None:
            return ConnectTimedOut("No connection in time", _LATE)
        return ProxyTimedOut(_SILENT if is_through else self._tunnel.late)

    def _failure(self, error: Exception, *, is_through: bool) -> NotSent:
        kind = type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = _BY_VERIFY_CODE.get(error.verify_code, _NOT_VOUCHED_FOR)
            return NotSent(f"No connection ({kind})", reason)
        if self._tunnel is not None:
            return ProxyFailed(_SILENT if is_through else Sentence(_BREAKS, kind=kind))
        known = (reason for each, reason in _BY_ERROR if isinstance(error, each))
        return NotSent(f"No connection ({kind})", next(known, Sentence(_WITHOUT, kind=kind)))
