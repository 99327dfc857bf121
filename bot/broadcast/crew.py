"""The sends that are under way."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Crew:
    """Tasks that run beside each other, with ways to wait for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()

    def __len__(self) -> int:
        return len(self._tasks)

    def launch(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin one more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def below(self, number: int) -> None:
        """Wait until fewer than so many are under way."""
        while len(self._tasks) >= max(number, 1):
            self._moved.clear()
            await self._moved.wait()

    def cancel(self) -> None:
        """End all at once; each says for itself what that means."""
        for task in self._tasks:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._moved.set()
