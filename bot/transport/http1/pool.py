"""The pool of keep-alive connections to one server."""

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

from bot.transport.errors import ConnectTimedOut, NotSent, ResponseLost
from bot.transport.http1.connection import Connection, HttpResponse, TimeLimits
from bot.transport.http1.route import Route

# Servers keep idle connections for longer, so one that is used again is hardly ever being closed.
_IDLE_SECONDS = 15.0
# No text is longer, in any script; of a larger request, a file, something may still be leaving.
_SENT_AT_ONCE = 64 * 1024

T = TypeVar("T")


class Pool:
    """Lends each call a connection, an idle one or a new one; above the limit, calls wait."""

    def __init__(self, route: Route, limit: int) -> None:
        self._route = route
        self._loop = asyncio.get_running_loop()
        # Each call has one; so there are never more connections, as one is only made when none
        # is idle.
        self._slots = asyncio.Semaphore(limit)
        self._open = set[Connection]()
        self._idle = dict[Connection, None]()  # the last one is used first, so that others expire
        self._timer: asyncio.Handle | None = None
        self._timer_at = math.inf
        self._is_closed = False

    async def exchange(self, message: bytes, limits: TimeLimits) -> HttpResponse:
        """Sends a whole request once and reads the whole answer.

        Raises:
            NotSent: nothing was sent.
            ResponseLost: it was sent, and it is not known whether it succeeded.
        """
        until = self._loop.time() + limits.connect
        # Where nothing is waited for there is no timer, which would cost more than the rest.
        waits = self._slots.acquire()
        await (_in_time(waits, until) if self._slots.locked() else waits)
        try:
            connection = self._idle_one()
            if connection is None:
                connection = await _in_time(self._connect(limits.connect), until)
            deadline = self._loop.time() + limits.read
            self._set_timer(deadline)
            try:
                answer = await connection.ask(message, deadline)
                if answer.status >= 300 and len(message) > _SENT_AT_ONCE:
                    connection.cut(ResponseLost("It may have been refused before it was sent"))
                return answer
            finally:
                self._take_back(connection)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Cuts off every connection; calls that wait for one raise `NotSent`."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._open):
            connection.cut(ResponseLost("The session was closed"))

    def _idle_one(self) -> Connection | None:
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_free:
                return connection
        return None

    async def _connect(self, seconds: float) -> Connection:
        if self._is_closed:
            raise NotSent("The session is closed")
        connection = await self._route.open(lambda: Connection(self._forget), seconds)
        if self._is_closed:
            connection.cut(ResponseLost("The session was closed meanwhile"))
        if not connection.is_free:
            raise NotSent("The connection was closed at once")
        self._open.add(connection)
        return connection

    def _take_back(self, connection: Connection) -> None:
        if connection.is_free and not self._is_closed:
            connection.deadline = self._loop.time() + _IDLE_SECONDS
            self._set_timer(connection.deadline)
            self._idle[connection] = None
        else:
            connection.cut(ResponseLost("Nobody waits for the answer any more"))

    def _forget(self, connection: Connection) -> None:
        self._idle.pop(connection, None)
        self._open.discard(connection)

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


async def _in_time(waits: Awaitable[T], until: float) -> T:
    try:
        async with asyncio.timeout_at(until):
            return await waits
    except TimeoutError:
        raise ConnectTimedOut("No connection in time") from None
