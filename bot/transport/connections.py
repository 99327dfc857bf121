"""Makes connections to the Bot API server, directly or by a proxy, and says why there is none.

Whatever fails here fails before anything was sent.
"""

import asyncio
import socket
import ssl

from aiohttp import ClientRequest, ClientTimeout, TCPConnector, ThreadedResolver
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyType

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.text.translations import mark
from bot.transport.errors import NotSent

_HEAD_START_SECONDS = 0.25  # of an IPv6 address before an IPv4 one (RFC 8305)
# An address is looked up once in this time, or after a failure.
_KNOWN_SECONDS = 300
# Servers keep idle connections for longer, so one that is used again is hardly ever being closed.
_IDLE_SECONDS = 15.0

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
_BY_ERROR: tuple[tuple[type[BaseException], Sentence], ...] = (
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
_WITHOUT = mark("No hay conexión con el servidor de Telegram ({kind}).")

_PROXY_LATE = Sentence(
    "El proxy no contesta a tiempo: va muy lento, es del otro tipo (http:// o socks5://), o el "
    "servidor de Telegram está bloqueado allí."
)
_NO_PROXY = mark("No se llega al proxy ({kind}): su dirección está mal, o no está en marcha.")
_BREAKS = mark("El proxy corta la conexión ({kind}).")
_ANSWERS = mark("El proxy no hace la conexión ({answer}).")
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
_MAY_NOT = Sentence(
    "El proxy no quiere conectar con el servidor de Telegram; quien lo lleva tiene que permitirlo."
)
_CANNOT = Sentence("El proxy no llega al servidor de Telegram.")
# Statuses of HTTP, and replies of SOCKS5 (RFC 1928, section 6).
_BY_CODE = {
    401: _KNOWS_NOBODY,
    403: _MAY_NOT,
    405: _MAY_NOT,
    502: _CANNOT,
    503: _CANNOT,
    504: _CANNOT,
    1: _CANNOT,
    2: _MAY_NOT,
} | dict.fromkeys(range(3, 7), _CANNOT)


class _Connector(TCPConnector):
    """Connects to the server, by IPv6 or IPv4; whatever fails here is `NotSent`."""

    proxy: Proxy | None = None

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        """Returns a connection, an idle or a new one."""
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                if connection.protocol is not None and not connection.protocol.should_close:
                    return connection
                # Something came while it was idle, which would be taken for this call's answer.
                connection.close()
        except asyncio.CancelledError:
            # The closing cancels calls that wait, which their callers did not ask for.
            task = asyncio.current_task()
            if not self.closed or task is None or task.cancelling():
                raise
            failure = NotSent("The session was closed")
        except Exception as error:
            self.clear_dns_cache()  # the server may have moved
            failure = _not_connected(error, self.proxy)
        # Raised outside of the handlers, since the original errors may contain the address.
        raise failure


class _ProxyConnector(_Connector, ProxyConnector):
    """Connects through a proxy, which looks up the server's name."""


def connector(proxy: Proxy | None, tls: ssl.SSLContext, limit: int) -> TCPConnector:
    """Returns what makes the connections; above the limit, calls wait for one."""
    if proxy is None:
        return _Connector(
            ssl=tls,
            limit=limit,
            keepalive_timeout=_IDLE_SECONDS,
            ttl_dns_cache=_KNOWN_SECONDS,
            happy_eyeballs_delay=_HEAD_START_SECONDS,
            resolver=ThreadedResolver(),
        )
    through = _ProxyConnector(
        proxy.host,
        proxy.port,
        ProxyType.SOCKS5 if proxy.is_socks else ProxyType.HTTP,
        # The library encodes them as Latin-1; proxies expect UTF-8.
        proxy.user.encode().decode("latin-1") or None,
        proxy.password.encode().decode("latin-1") if proxy.user else None,
        rdns=True,
        ssl=tls,
        limit=limit,
        keepalive_timeout=_IDLE_SECONDS,
    )
    through.proxy = proxy
    return through


def _not_connected(error: Exception, proxy: Proxy | None) -> NotSent:
    first: BaseException = error
    while isinstance(first.__cause__, Exception):  # a time-out's is a cancellation
        first = first.__cause__
    kind = type(first).__name__
    if isinstance(first, ssl.SSLCertVerificationError):  # always the server's, not the proxy's
        reason = _BY_VERIFY_CODE.get(first.verify_code, _NOT_VOUCHED_FOR)
    elif isinstance(error, ProxyConnectionError):
        reason = Sentence(_NO_PROXY, kind=kind)
    elif isinstance(error if proxy else first, TimeoutError):
        reason = _PROXY_LATE if proxy else _LATE
    elif proxy is not None:
        reason = _reason_of_proxy(first, proxy)
    else:
        known = (reason for each, reason in _BY_ERROR if isinstance(first, each))
        reason = next(known, Sentence(_WITHOUT, kind=kind))
    return NotSent(f"No connection ({kind})", reason)


def _reason_of_proxy(error: BaseException, proxy: Proxy) -> Sentence:
    said, code = str(error), getattr(error, "error_code", None)
    if code == 407 or "No acceptable" in said:
        return _KNOWS_NOBODY if proxy.user else _ASKS_WHO
    if code is not None:
        answer = f"{'SOCKS' if proxy.is_socks else 'HTTP'} {code}"
        return _BY_CODE.get(code) or Sentence(_ANSWERS, answer=answer)
    if "authentication failure" in said:
        return _KNOWS_NOBODY
    if isinstance(error, EOFError) or "closed" in said or said == "Invalid proxy response":
        return _HUNG_UP
    if isinstance(error, OSError):
        return Sentence(_BREAKS, kind=type(error).__name__)
    return _IS_IT_SOCKS if proxy.is_socks else _IS_IT_HTTP
