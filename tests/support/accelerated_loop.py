"""The event loop of the tests: what waits in it, waits in accelerated time.

A test that starts another process runs in an ordinary loop, as that process waits in real time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import aiosqlite
import pytest

from bot.clocks import Clocks
from bot.tryout.rehearsal.accelerated_time import (
    FACTOR,
    AcceleratedLoop,
    AcceleratedTime,
    accelerated_clocks,
)
from storage.sqlite_connection import SqliteConnection


class LoopOfTests(AcceleratedLoop):
    """An accelerated loop whose `clocks` begin with the present time of day."""

    def __init__(self) -> None:
        super().__init__(AcceleratedTime(FACTOR, while_working=1.0))
        self.clocks = accelerated_clocks(self.accelerated, datetime.now(UTC))


def running_clocks() -> Clocks:
    """Returns the clocks of the loop that runs."""
    loop = asyncio.get_running_loop()
    return loop.clocks if isinstance(loop, LoopOfTests) else Clocks()


def time_of_day() -> datetime:
    """Returns the time of day, in UTC, by the clock of the loop that runs."""
    return running_clocks().now()


_WAIT_FOR_A_THREAD: dict[type, tuple[str, ...]] = {
    aiosqlite.Connection: ("_execute",),
    SqliteConnection: ("run", "result_of"),
}


def _counted(waits: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def counted(*given: Any, **named: Any) -> Any:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, AcceleratedLoop):
            return await waits(*given, **named)
        loop.accelerated.jobs += 1
        try:
            return await waits(*given, **named)
        finally:
            loop.accelerated.jobs -= 1

    return counted


@contextmanager
def counted_sqlite_threads() -> Iterator[None]:
    """Lets a loop know that a thread of SQLite's works for it, whose answer must not be late."""
    with pytest.MonkeyPatch.context() as patch:
        for of, names in _WAIT_FOR_A_THREAD.items():
            for name in names:
                patch.setattr(of, name, _counted(getattr(of, name)))
        yield
