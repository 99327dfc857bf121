"""The pool of keep-alive connections to one server."""

import asyncio
import math
from collections import deque

from bot.transport.errors import ConnectTimedOut, NotSent, ResponseLost
from bot.transport.http1.connection import Connection
from bot.transport.http1.response import HttpResponse, TimeLimits
from bot.transport.http1.route import Route

# Servers keep idle connections for longer, so one that is used again is hardly ever being closed.
_IDLE_SECONDS = 15.0


class Pool:
    """Lends each call a connection, an idle one or a new one; above the limit, calls wait."""

    def __init__(self, route: Route, limit: int) -> None:
        self._route = route
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._open = set[Connection]()
        self._opening = 0
        self._idle = dict[Connection, None]()  # the last one is used first, so that others expire
        self._queue = deque[asyncio.Future[Connection | None]]()
        self._timer: asyncio.Handle | None = None
        self._timer_at = math.inf
        self._is_closed = False

    async def exchange(self, message: bytes, limits: TimeLimits) -> HttpResponse:
        """Sends a whole request once and reads the whole answer.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        connection = self._idle_one() or await self._get_in_time(limits.connect)
        deadline = self._loop.time() + limits.read
        self._set_timer(deadline)
        try:
            return await connection.ask(message, deadline)
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Cuts off every connection; calls that wait for one raise `NotSent`."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        while self._give_to_waiter(None):
            pass
        for connection in list(self._open):
            connection.cut(ResponseLost("The session was closed"))

    def _idle_one(self) -> Connection | None:
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_free:
                return connection
        return None

    async def _get_in_time(self, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                return await self._get_one(seconds)
        except TimeoutError:
            raise ConnectTimedOut("No connection in time") from None

    async def _get_one(self, seconds: float) -> Connection:
        while True:
            if len(self._open) + self._opening < self._limit:
                return await self._connect(seconds)
            connection = await self._wait_in_queue()
            if connection is not None and connection.is_free:
                return connection

    async def _wait_in_queue(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._queue.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._give_or_keep(waiter.result())
            raise

    async def _connect(self, seconds: float) -> Connection:
        self._opening += 1
        try:
            if self._is_closed:
                raise NotSent("The session is closed")
            connection = await self._route.open(lambda: Connection(self._forget), seconds)
            if not connection.is_free:
                raise NotSent("The connection was closed at once")
            self._open.add(connection)
        except BaseException:  # also a cancellation: the next one in line may open one instead
            self._give_to_waiter(None)
            raise
        finally:
            self._opening -= 1
        return connection

    def _take_back(self, connection: Connection) -> None:
        if connection.is_free and not self._is_closed:
            self._give_or_keep(connection)
        else:
            connection.cut(ResponseLost("Nobody waits for the answer any more"))

    def _give_or_keep(self, connection: Connection | None) -> None:
        if self._give_to_waiter(connection) or connection is None:
            return
        connection.deadline = self._loop.time() + _IDLE_SECONDS
        self._set_timer(connection.deadline)
        self._idle[connection] = None

    def _give_to_waiter(self, connection: Connection | None) -> bool:
        """Gives the first waiter a connection, or None: it may open one; False without waiters."""
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _forget(self, connection: Connection) -> None:
        self._idle.pop(connection, None)
        if connection in self._open:
            self._open.remove(connection)
            self._give_to_waiter(None)

    def _set_timer(self, deadline: float) -> None:
        """Sets the one timer for all deadlines: one for each call would double a call's cost."""
        if self._timer is not None:
            # Kept here, since uvloop's timers have no `when` if it is less than a millisecond off.
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        if not self._is_closed and deadline < math.inf:
            self._timer = self._loop.call_at(deadline, self._expire)
            self._timer_at = deadline

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        for connection in list(self._open):
            if connection.deadline <= now:
                connection.expire()
        self._set_timer(
            min((one.deadline for one in self._open if one.deadline > now), default=math.inf)
        )
