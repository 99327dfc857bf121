"""Who is handled when: in order within a chat, at the same time across chats."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.intake.errors import TryAgain
from bot.logs import place_of

log = structlog.stdlib.get_logger()

Raw = Mapping[str, Any]
Handle = Callable[[dict[str, Any]], Awaitable[None]]

# More than this many updates waiting in one chat is a flood: the rest of it is not handled, so
# that one person cannot fill the window of a hundred in which everybody's updates come.
_WAITING_IN_A_CHAT = 20

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(slots=True)
class Counts:
    """What became of the updates since the start."""

    handled: int = 0
    retried: int = 0
    passed_over: int = 0
    dropped: int = 0


class Dispatch:
    """Handles updates and knows up to which one all are done.

    Args:
        handle: handles one update; `TryAgain` means the same update again after a pause, any
            other exception means that it is passed over.
        sleep: waits for that many seconds.
    """

    def __init__(
        self, handle: Handle, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._handle = handle
        self._sleep = sleep
        self._waiting: dict[object, deque[dict[str, Any]]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._unfinished: set[int] = set()
        self._finished_ahead: set[int] = set()
        self._newest: int | None = None
        self._progress = asyncio.Event()
        self.counts = Counts()

    @property
    def in_progress(self) -> int:
        """How many updates have been taken and are not finished."""
        return len(self._unfinished)

    @property
    def offset(self) -> int | None:
        """The lowest update that is not finished, which acknowledges all below it."""
        if self._unfinished:
            return min(self._unfinished)
        return None if self._newest is None else self._newest + 1

    def offer(self, update: dict[str, Any]) -> bool:
        """Takes an update, unless it is known already; tells whether it was new."""
        number = int(update["update_id"])
        if number in self._unfinished or number in self._finished_ahead:
            return False
        self._newest = number if self._newest is None else max(self._newest, number)
        self._unfinished.add(number)
        self._queue(chat_of(update), update)
        return True

    async def until_at_most(self, count: int, seconds: float) -> None:
        """Waits until so many updates are left in progress, or until the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while self.in_progress > count:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return

    async def drain(self, seconds: float) -> None:
        """Lets what is being handled finish; what is not done in time stays unacknowledged."""
        await self.until_at_most(0, seconds)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _queue(self, chat: object, update: dict[str, Any]) -> None:
        waiting = self._waiting.get(chat)
        if waiting is None:
            self._waiting[chat] = deque([update])
            task = asyncio.create_task(self._work(chat))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif len(waiting) > _WAITING_IN_A_CHAT:
            self.counts.dropped += 1
            self._finish(int(update["update_id"]))
        else:
            waiting.append(update)

    async def _work(self, chat: object) -> None:
        waiting = self._waiting[chat]
        while waiting:
            await self._until_done(waiting[0])
            self._finish(int(waiting.popleft()["update_id"]))
        del self._waiting[chat]

    async def _until_done(self, update: dict[str, Any]) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._handle(update)
            except TryAgain as error:
                self.counts.retried += 1
                log.warning("update_retried", update_id=update["update_id"], kind=_kind(error))
            except Exception as error:
                self.counts.passed_over += 1
                _log_passed_over(update, error)
                return
            else:
                self.counts.handled += 1
                return
            await self._sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _finish(self, number: int) -> None:
        self._unfinished.discard(number)
        self._finished_ahead.add(number)
        floor = self.offset or 0
        self._finished_ahead = {known for known in self._finished_ahead if known >= floor}
        self._progress.set()


def chat_of(update: Raw) -> object:
    """What keeps an update in line: its chat, else its person, else only itself."""
    for content in update.values():
        if not isinstance(content, Mapping):
            continue
        message = content.get("message")
        chat = content.get("chat") or (
            message.get("chat") if isinstance(message, Mapping) else None
        )
        person = content.get("from") or content.get("user")
        for known in (chat, person):
            if isinstance(known, Mapping) and "id" in known:
                return known["id"]
    return ("update", update["update_id"])


def _log_passed_over(update: Raw, error: Exception) -> None:
    # Never the message of the exception: it may repeat what a person wrote.
    log.error(
        "update_passed_over",
        update_id=update["update_id"],
        kind=type(error).__name__,
        place=place_of(error),
    )


def _kind(error: TryAgain) -> str:
    return type(error.__cause__ or error).__name__
