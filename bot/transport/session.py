"""The HTTP session that all calls to Telegram share, and why it has no connection.

What fails while a connection is made, directly or by a proxy, fails before anything was sent.
"""

import asyncio
import math
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal, Self

import aiohttp
import orjson
import structlog
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.text.translations import mark
from bot.transport.errors import AnswerUnreadable, NotSent, ResponseLost

_log = structlog.stdlib.get_logger()

_CONNECT_SECONDS = 5.0  # for getting a connection, a free or a new one
_READ_SECONDS = 10.0
_LAST_SECONDS = 0.5  # of the time for an answer, which count only while this process runs
_UPLOAD_SECONDS = 20.0  # how much longer a call with files may take
_TOLD_AGAIN_SECONDS = 60.0
_LARGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_HEADER = 64 * 1024
_HEADERS = {"User-Agent": "petition-bot", "Accept-Encoding": "identity"}
_HEAD_START_SECONDS = 0.25  # of an IPv6 address before an IPv4 one (RFC 8305)
# An address is looked up once in this time, or after a failure.
_KNOWN_SECONDS = 300
# Servers keep idle connections for longer, so one that is used again is hardly ever being closed.
_IDLE_SECONDS = 15.0

_NO_SERVER = mark(
    "No hay conexión con el servidor de Telegram ({kind}): no hay Internet, no se encuentra su "
    "nombre (DNS), lo impide un cortafuegos, la red va muy lenta o, si el servidor es tuyo "
    "(PETITION_API_URL), no está en marcha o no es esa su dirección."
)
# With OpenSSL's words for what is wrong.
_NOT_TRUSTED = mark(
    "Quien contesta en el lugar de Telegram no cifra la conexión (TLS) con un certificado que "
    "valga ({said}): la red lee lo que pasa por ella, el reloj de esta máquina va mal, o faltan "
    "los certificados del sistema (ca-certificates) o, si el servidor es tuyo, el suyo en "
    "SSL_CERT_FILE, o no cifra y PETITION_API_URL ha de empezar por http://"
)
_NOT_CONNECTED = mark(
    "El proxy no hace la conexión ({said}): su dirección está mal, no está en marcha, no deja "
    "pasar a esta máquina, no llega al servidor de Telegram, o es del otro tipo (http:// o "
    "socks5://)."
)
_WHO_ASKS = Sentence(
    "El proxy pide un usuario y una contraseña, o no acepta los que tiene: se escriben delante de "
    "su nombre, como en usuario:contraseña@servidor"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is sent with a call."""

    name: str
    content: bytes
    kind: str = "application/octet-stream"


class SharedSession:
    """Owns the keep-alive connections, which are made and closed within an `async with`.

    `connections` is the most that are open; further calls wait for a free one. Why none can be
    made is given to `tell`, when that changes and again after a minute. `clock` is a monotonic
    one, in seconds.
    """

    def __init__(
        self,
        connections: int = 512,
        tls: ssl.SSLContext | Literal[True] = True,
        proxy: Proxy | None = None,
        tell: Callable[[Sentence], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.proxy = proxy
        self._tell = tell
        self._told: Sentence | None = None
        self._told_again_at = -math.inf
        self._connections = connections
        self._tls = tls
        self._http: aiohttp.ClientSession | None = None  # None when it is closed
        self._clock = clock
        self._date: datetime | None = None
        self._dated_at = clock()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=_connector(self.proxy, self._tls, self._connections),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def post(
        self, url: str, fields: Mapping[str, object], seconds: float = _READ_SECONDS
    ) -> tuple[int, bytes]:
        """Sends a call once; returns the status and the whole, raw body of the answer.

        Args:
            url: with the token and the method's name.
            fields: sent as JSON; in parts where an `Upload` is among them.
            seconds: how long to wait for the whole answer, from when there is a connection. It is
                longer with an `Upload`.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        if self._http is None:
            raise NotSent("The session is closed")
        body = bytearray()
        has_files = any(isinstance(value, Upload) for value in fields.values())
        try:
            async with (
                _answered_within(seconds + (_UPLOAD_SECONDS if has_files else 0.0)),
                self._http.post(
                    url,
                    data=_in_parts(fields) if has_files else _as_json(fields),
                    timeout=aiohttp.ClientTimeout(connect=_CONNECT_SECONDS),
                    allow_redirects=False,
                ) as response,
            ):
                while part := await response.content.readany():
                    body += part
                    if len(body) > _LARGEST_ANSWER:
                        raise AnswerUnreadable("The answer is too large", bytes(body))
                date = _moment(response.headers.get("Date", ""))
            if date is not None:
                self._date, self._dated_at = date, self._clock()
            return response.status, bytes(body)
        except NotSent as error:
            self.report(error)
            raise
        except aiohttp.InvalidURL:
            failure: NotSent | ResponseLost = NotSent("The address cannot be used")
        except TimeoutError:
            failure = ResponseLost("No answer in time")
        except (aiohttp.ClientError, OSError) as error:
            failure = ResponseLost(f"The connection broke ({type(error).__name__})")
        # Raised outside of the handlers, since the original errors may contain the address.
        raise failure

    def server_time(self) -> tuple[datetime | None, timedelta]:
        """Returns the present time as the last answer with a date gives it, and how old that is.

        Without such an answer, None and how old the session is.
        """
        since = timedelta(seconds=self._clock() - self._dated_at)
        return None if self._date is None else self._date + since, since

    def report(self, failure: NotSent) -> None:
        """Logs why a call was not sent, and tells it: once for the hundreds that may fail so."""
        reason, now = failure.reason, self._clock()
        if reason is None or (reason == self._told and now < self._told_again_at):
            return
        self._told, self._told_again_at = reason, now + _TOLD_AGAIN_SECONDS
        _log.warning("no_connection", reason=str(reason))
        self._tell(reason)


# Begins the time for the answer to the call that is being made.
_CONNECTED: ContextVar[Callable[[], None]] = ContextVar("connected", default=lambda: None)


@asynccontextmanager
async def _answered_within(seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError if the block takes longer, from when the call has a connection.

    After a process was frozen, all its timers are over at once, and aiohttp's would be ahead of an
    answer that came meanwhile. So the last of the time begins only then.
    """
    loop, last = asyncio.get_running_loop(), min(_LAST_SECONDS, seconds / 2)
    timers: list[asyncio.TimerHandle] = []
    async with asyncio.timeout(None) as limit:

        def go_on() -> None:
            limit.reschedule(loop.time() + last)

        before = _CONNECTED.set(lambda: timers.append(loop.call_later(seconds - last, go_on)))
        try:
            yield
        finally:
            _CONNECTED.reset(before)
            for timer in timers:
                timer.cancel()


class _Connector(aiohttp.TCPConnector):
    """Connects to the server, by IPv6 or IPv4; whatever fails here is `NotSent`."""

    proxy: Proxy | None = None

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Returns a connection, an idle or a new one."""
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                if connection.protocol is not None and not connection.protocol.should_close:
                    _CONNECTED.get()()
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


def _connector(
    proxy: Proxy | None, tls: ssl.SSLContext | Literal[True], limit: int
) -> aiohttp.TCPConnector:
    """Returns what makes the connections; above the limit, calls wait for one."""
    kept: dict[str, Any] = {"ssl": tls, "limit": limit, "keepalive_timeout": _IDLE_SECONDS}
    if proxy is None:
        return _Connector(
            **kept,
            ttl_dns_cache=_KNOWN_SECONDS,
            happy_eyeballs_delay=_HEAD_START_SECONDS,
            resolver=aiohttp.ThreadedResolver(),
        )
    # Imported here: it takes memory, which a bot without a proxy need not spend.
    from aiohttp_socks import ProxyConnector, ProxyType

    class Through(_Connector, ProxyConnector):
        """Connects through the proxy, which looks up the server's name."""

    through = Through(
        proxy.host,
        proxy.port,
        ProxyType.SOCKS5 if proxy.is_socks else ProxyType.HTTP,
        # The library encodes them as Latin-1; proxies expect UTF-8.
        proxy.user.encode().decode("latin-1") or None,
        proxy.password.encode().decode("latin-1") if proxy.user else None,
        rdns=True,
        **kept,
    )
    through.proxy = proxy
    return through


def _not_connected(error: Exception, proxy: Proxy | None) -> NotSent:
    first: BaseException = error
    while isinstance(first.__cause__, Exception):  # a time-out's is a cancellation
        first = first.__cause__
    kind, said = type(first).__name__, str(first)
    if isinstance(first, ssl.SSLError):  # always the server's, not the proxy's
        # What comes behind a comma is the server's name.
        said = getattr(first, "verify_message", kind).partition(",")[0]
        reason = Sentence(_NOT_TRUSTED, said=said)
    elif proxy is not None:
        code = getattr(first, "error_code", None)
        asks = code in (401, 407) or "No acceptable" in said or "authentication failure" in said
        said = kind if code is None else f"{'SOCKS5' if proxy.is_socks else 'HTTP'}: {code}"
        reason = _WHO_ASKS if asks else Sentence(_NOT_CONNECTED, said=said)
    else:
        reason = Sentence(_NO_SERVER, kind=kind)
    return NotSent(f"No connection ({kind})", reason)


def _as_json(fields: Mapping[str, object]) -> aiohttp.BytesPayload:
    return aiohttp.BytesPayload(orjson.dumps(fields), content_type="application/json")


def _in_parts(fields: Mapping[str, object]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, Upload):
            content = BytesIO(value.content)
            form.add_field(name, content, filename=value.name, content_type=value.kind)
        else:
            form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form


@lru_cache(maxsize=1)  # it is the same one in all answers of a second
def _moment(date: str) -> datetime | None:
    """Returns what a Date header says; None where it is none."""
    try:
        said = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return None if said.year == datetime.max.year else said.replace(tzinfo=UTC)
