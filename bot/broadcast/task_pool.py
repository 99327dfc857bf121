"""A pool of tasks that works off items concurrently."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Fewer than there are connections, so that replies find a free one, and a call that has passed
# the gate leaves at once. At 30 ms each it is enough for 13,000 a second.
MOST_TASKS = 400
# Tasks at first; each item done allows one more, so that an early limit costs few refusals.
_FIRST_TASKS = 32


class TaskPool(Generic[Item]):
    """Works off items in concurrent tasks, which end when nothing is left to do.

    Args:
        do: works on one item; what it raises is raised by `wait_until_below`.
        drop: called by `cancel` for each item that was not begun.
        most: the highest number of tasks.
    """

    def __init__(
        self,
        do: Callable[[Item], Awaitable[None]],
        drop: Callable[[Item], None] = lambda _: None,
        most: int = MOST_TASKS,
    ) -> None:
        self._do = do
        self._drop = drop
        self._most = most
        self._allowed = min(most, _FIRST_TASKS)
        self._next = deque[Item]()
        self._tasks = set[asyncio.Task[None]]()
        self._left = 0
        self._enough = 0
        self._changed = asyncio.Event()
        self._error: BaseException | None = None
        self._is_cancelled = False

    def __len__(self) -> int:
        return self._left

    def add(self, items: Iterable[Item]) -> None:
        """Adds items to be worked on."""
        before = len(self._next)
        self._next.extend(items)
        self._left += len(self._next) - before
        for _ in range(min(len(self._next), self._allowed - len(self._tasks))):
            self._start_task()

    async def wait_until_below(self, number: int) -> None:
        """Waits until fewer than `number` items are left; raises what an item raised."""
        while self._left >= max(number, 1) and self._error is None:
            self._enough = max(number, 1)
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """Drops the items that were not begun, and cancels the others."""
        self._is_cancelled = True
        while self._next:
            self._drop(self._next.popleft())
            self._count_down()
        for task in self._tasks:
            task.cancel()

    def _start_task(self) -> None:
        task = asyncio.create_task(self._work())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _work(self) -> None:
        while self._next:
            item = self._next.popleft()
            try:
                await self._do(item)
            finally:
                self._count_down()
            if self._allowed < self._most:
                self._allowed += 1
                if self._next:
                    self._start_task()

    def _count_down(self) -> None:
        self._left -= 1
        if self._left < self._enough:
            self._changed.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = error
            self._changed.set()
        elif self._next and not self._is_cancelled:
            # Cancelled by a stray time-out inside `do`; the other items still wait for a task.
            self._start_task()
