"""The HTTP session that all calls to Telegram share."""

import math
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple, Self

import aiohttp
import orjson
import structlog

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.transport.connections import connector
from bot.transport.errors import AnswerUnreadable, NotSent, ResponseLost

_log = structlog.stdlib.get_logger()

_CONNECT_SECONDS = 5.0  # for getting a connection, a free or a new one
_READ_SECONDS = 10.0
_UPLOAD_SECONDS = 20.0  # how much longer a call with files may take
_TOLD_AGAIN_SECONDS = 60.0
_LARGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_HEADER = 64 * 1024
_HEADERS = {"User-Agent": "petition-bot", "Accept-Encoding": "identity"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is sent with a call."""

    name: str
    content: bytes
    kind: str = "application/octet-stream"


class HttpResponse(NamedTuple):
    """The status and the raw body of an answer."""

    status: int
    body: bytes


class SharedSession:
    """Owns the keep-alive connections, which are made and closed within an `async with`.

    `connections` is the most that are open; further calls wait for a free one. Why none can be
    made is given to `tell`, when that changes and again after a minute. `clock` is a monotonic
    one, in seconds.
    """

    def __init__(
        self,
        connections: int = 512,
        tls: ssl.SSLContext | None = None,
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
        tls = self._tls or ssl.create_default_context()
        self._http = aiohttp.ClientSession(
            connector=connector(self.proxy, tls, self._connections),
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
    ) -> HttpResponse:
        """Sends a call once and reads the whole answer.

        Args:
            url: with the token and the method's name.
            fields: sent as JSON; in parts where an `Upload` is among them.
            seconds: how long to wait, when the call is sent, for the first byte of the answer, and
                between two of them. It is longer with an `Upload`.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        if self._http is None:
            raise NotSent("The session is closed")
        try:
            return await self._exchange(self._http, url, fields, seconds)
        except NotSent as error:
            self.report(error)
            raise
        except ResponseLost:
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

    async def _exchange(
        self,
        http: aiohttp.ClientSession,
        url: str,
        fields: Mapping[str, object],
        seconds: float,
    ) -> HttpResponse:
        has_files = any(isinstance(value, Upload) for value in fields.values())
        read = seconds + (_UPLOAD_SECONDS if has_files else 0.0)
        async with http.post(
            url,
            data=_in_parts(fields) if has_files else orjson.dumps(fields),
            headers=None if has_files else _JSON,
            timeout=aiohttp.ClientTimeout(
                _CONNECT_SECONDS + read, connect=_CONNECT_SECONDS, sock_read=read
            ),
            allow_redirects=False,
        ) as response:
            body = await _body(response)
            date = _moment(response.headers.get("Date", ""))
        if date is not None:
            self._date, self._dated_at = date, self._clock()
        return HttpResponse(response.status, body)


def _in_parts(fields: Mapping[str, object]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, Upload):
            content = BytesIO(value.content)
            form.add_field(name, content, filename=value.name, content_type=value.kind)
        else:
            form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > _LARGEST_ANSWER:
            raise AnswerUnreadable("The answer is too large", bytes(body))
    return bytes(body)


@lru_cache(maxsize=1)  # it is the same one in all answers of a second
def _moment(date: str) -> datetime | None:
    """Returns what a Date header says; None where it is none."""
    try:
        said = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return None if said.year == datetime.max.year else said.replace(tzinfo=UTC)
