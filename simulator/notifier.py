"""Waiting for a condition without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Notifier:
    """Wakes waiting tasks to check a condition again; costs little while nobody waits."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] | None = None

    def notify(self) -> None:
        """Wakes all tasks that wait now."""
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for(self, found: Callable[[], T], seconds: float) -> T:
        """Calls `found` now and at each `notify` until it returns a true value or time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (result := found()) and loop.time() < deadline:
            await self._wait(loop, deadline)
        return result

    async def _wait(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters = self._waiters or set()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                await waiter
        except TimeoutError:
            pass
        finally:
            if self._waiters:
                self._waiters.discard(waiter)
