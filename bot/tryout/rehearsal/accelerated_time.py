"""An event loop in which waiting is shorter than it says, and clocks that agree with it.

Time passes as fast as ever while something is done, somewhat faster while another thread works,
and many times faster while nothing is done: so a slow machine makes no answer late, and what waits
for its slot waits. What sleeps, times out or counts messages a second in such a loop lives in the
same time.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from bot.clocks import Clocks

FACTOR = 500.0
"""How many times faster time passes while nothing is done."""

WHILE_WORKING = 20.0
"""The same while another thread works: a database that takes a twentieth of a second, as on a busy
machine, makes an answer a second late, and others go on meanwhile."""

# Waits shorter than this are added up, in real seconds.
_SHORTEST_WAIT = 0.001

T = TypeVar("T")
_Given = TypeVarTuple("_Given")


@dataclass(slots=True)
class AcceleratedTime:
    """Counts accelerated time, in seconds; see `FACTOR` and `WHILE_WORKING` for how fast it is.

    Attributes:
        is_working: tells whether another thread does something, whose answer must not be late.
        jobs: how many functions are being run in other threads.
    """

    factor: float
    real: Callable[[], float] = time.monotonic
    while_working: float = WHILE_WORKING
    is_working: Callable[[], bool] = lambda: False
    jobs: int = 0
    _ahead: float = 0.0
    # Real seconds that are still to be waited, for waits too short for the system.
    _owed: float = 0.0

    def __call__(self) -> float:
        """Returns the accelerated time, which never goes back."""
        return self.real() + self._ahead

    def idle(self, wait: Callable[[float | None], bool], timeout: float | None) -> None:
        """Lets time pass faster while `wait` waits.

        Args:
            wait: waits for real seconds at most, None for no end; tells whether something came
                before they were over.
            timeout: how long to wait, in accelerated seconds; None for no end.
        """
        begun = self.real()
        is_working = self.jobs > 0 or self.is_working()
        factor = min(self.factor, self.while_working) if is_working else self.factor
        if timeout is None:
            wait(None)
            self._ahead += (self.real() - begun) * (factor - 1)
            return
        until = self() + timeout
        owed = self._owed + timeout / factor
        if wait(owed if owed >= _SHORTEST_WAIT else 0.0):
            return
        waited = self.real() - begun
        # Exactly so late: systems wait in whole milliseconds, each of which would be many here.
        self._ahead = max(self._ahead, until - self.real())
        self._owed = max(-_SHORTEST_WAIT, owed - waited)


class _Selector(selectors.DefaultSelector):
    """Waits for sockets in accelerated time."""

    def __init__(self, accelerated: AcceleratedTime) -> None:
        super().__init__()
        self._accelerated = accelerated

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        ready: list[tuple[selectors.SelectorKey, int]] = []

        def wait(seconds: float | None) -> bool:
            ready.extend(super(_Selector, self).select(seconds))
            if not ready and seconds == 0:
                # On a busy machine, what is on its way arrives once others had a turn.
                time.sleep(0)
                ready.extend(super(_Selector, self).select(0))
            return bool(ready)

        self._accelerated.idle(wait, timeout)
        return ready


class AcceleratedLoop(asyncio.SelectorEventLoop):
    """An event loop of accelerated time, which `accelerated` counts."""

    def __init__(self, time: AcceleratedTime) -> None:
        super().__init__(_Selector(time))
        self.accelerated = time

    def time(self) -> float:
        """Returns the accelerated time, as every timer of the loop counts it."""
        return self.accelerated()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Given], T], *given: *_Given
    ) -> asyncio.Future[T]:
        """Runs a function in another thread, in real time."""
        job = super().run_in_executor(executor, func, *given)
        self.accelerated.jobs += 1
        job.add_done_callback(self._done)
        return job

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        """Ends the threads, in real time."""
        self.accelerated.factor = 1.0
        await super().shutdown_default_executor(*timeout)

    def _done(self, _: object) -> None:
        self.accelerated.jobs -= 1


def accelerated_clocks(time: AcceleratedTime, begins: datetime) -> Clocks:
    """Returns clocks of accelerated time; the time of day is `begins` now."""
    zero = begins.astimezone(UTC) - timedelta(seconds=time())
    return Clocks(monotonic=time, now=lambda: zero + timedelta(seconds=time()))


def run_accelerated(main: Coroutine[Any, Any, T], time: AcceleratedTime) -> T:
    """Runs a coroutine to its end in an event loop of accelerated time."""
    with asyncio.Runner(loop_factory=lambda: AcceleratedLoop(time)) as runner:
        return runner.run(main)
