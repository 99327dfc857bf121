"""One HTTP session for everything that goes to Telegram and comes from it."""

from dataclasses import dataclass
from typing import Self

import aiohttp
from yarl import URL

from bot.transport.errors import AnswerLate, AnswerLost, ConnectTimedOut, NotSent

# Failures of making the connection: not one byte of the call has left.
_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    aiohttp.ClientHttpProxyError,
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body, both as they came."""

    status: int
    body: bytes


class SharedSession:
    """Owns the connections: opened by the application, used by all, closed once.

    Connections are kept alive and shared; a call over `connections` waits for a free one.
    """

    def __init__(self, connections: int = 256) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Makes the session; without effect when it is open."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            # Telegram's address is looked up once in five minutes, not for every connection.
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "petition-bot"},
        )

    async def close(self) -> None:
        """Closes every connection; without effect when it is closed."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def exchange(
        self,
        verb: str,
        url: str,
        body: bytes | aiohttp.FormData | None,
        timeout: aiohttp.ClientTimeout,
    ) -> Answer:
        """Sends once and reads the whole answer.

        Raises:
            NotSent: nothing has left.
            AnswerLost: it left, and what became of it is not known.
        """
        if self._session is None or self._session.closed:
            raise NotSent("The session is closed")
        try:
            async with self._session.request(
                verb,
                URL(url, encoded=True),
                data=body,
                headers=_FORM if isinstance(body, bytes) else None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, await response.read())
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = _without_address(error)
        # Raised out here, and not from the error, since that one names the URL: the token.
        raise failure


def _without_address(error: Exception) -> NotSent | AnswerLost:
    kind = type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimedOut(f"No connection in time ({kind})")
    if isinstance(error, _BEFORE_SENDING):
        return NotSent(f"No connection ({kind})")
    if isinstance(error, TimeoutError):
        return AnswerLate(f"No answer in time ({kind})")
    if isinstance(error, aiohttp.ClientError | OSError):
        return AnswerLost(f"The connection broke ({kind})")
    return NotSent(f"The address cannot be used ({kind})")
