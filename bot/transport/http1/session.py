"""The session that all calls to Telegram share."""

import math
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Self

import structlog

from bot.proxy_choice import Proxy
from bot.text.problems import Sentence
from bot.transport.errors import NotSent
from bot.transport.http1.address import Address, Body, Target, target
from bot.transport.http1.connection import HttpResponse, TimeLimits
from bot.transport.http1.pool import Pool
from bot.transport.http1.route import Route

_log = structlog.stdlib.get_logger()

_TOLD_AGAIN_SECONDS = 60.0


class SharedSession:
    """Owns the keep-alive connections, which are made and closed within an `async with`.

    `connections` is the most to one server; further calls wait for a free one. Why
    none can be made is given to `tell`, when that changes and again after a minute.
    `clock` is a monotonic one, in seconds.
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
        self._given_tls = tls
        self._tls: ssl.SSLContext | None = None  # None when it is closed
        self._pools = dict[Address, Pool]()
        self._targets = dict[str, Target]()
        self._clock = clock
        self._date: datetime | None = None
        self._dated_at = clock()

    async def __aenter__(self) -> Self:
        self._tls = self._given_tls or ssl.create_default_context()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tls = None
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    async def post(self, url: str, body: Body, limits: TimeLimits) -> HttpResponse:
        """Sends a request once and reads the whole answer.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        base, _, name = url.rpartition("/")
        to = self._targets.get(base) or self._target(base)
        if self._tls is None:
            raise NotSent("The session is closed")
        if to is None or not name.isalnum() or not name.isascii():
            raise NotSent("The address cannot be used")
        pool = self._pools.get(to.address)
        if pool is None:
            route = Route(to.address, self._tls, self.proxy)
            pool = self._pools[to.address] = Pool(route, self._connections)
        try:
            answer = await pool.exchange(to.request(name, body), limits)
        except NotSent as failure:
            self.report(failure)
            raise
        date = _moment(answer.date)
        if date is not None:
            self._date, self._dated_at = date, self._clock()
        return answer

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

    def _target(self, base: str) -> Target | None:
        try:
            return self._targets.setdefault(base, target(base))
        except ValueError:  # not raised on, since its text may contain the URL with the token
            return None


@lru_cache(maxsize=1)  # it is the same one in all answers of a second
def _moment(date: bytes) -> datetime | None:
    """Returns what a Date header says; None where it is none."""
    try:
        said = parsedate_to_datetime(date.decode("ascii"))
    except (ValueError, OverflowError):
        return None
    return None if said.year == datetime.max.year else said.replace(tzinfo=UTC)
