"""Answers that cannot be given now: they are, when Telegram's pause is over or a turn comes.

What was done is stored and acknowledged, so a restart forgets only that a screen was owed; the
person's next tap shows it all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.stdlib.get_logger()

_MOST_CHATS = 3_000
_LONGEST_SECONDS = 120.0
_A_LITTLE_LATER = 0.5


class Afterwards:
    """One owed answer a chat; a newer one takes the place of the older."""

    def __init__(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._owed: dict[int, asyncio.Task[None]] = {}

    def owe(self, chat: int, seconds: float, answer: Callable[[], Awaitable[None]]) -> bool:
        """Gives `answer` to the chat after so many seconds, unless it is owed a newer one.

        Returns:
            False when that is too long, or too many are owed one already.
        """
        self.drop(chat)
        if seconds > _LONGEST_SECONDS or len(self._owed) >= _MOST_CHATS:
            return False
        task = asyncio.create_task(self._give(seconds, answer))
        self._owed[chat] = task
        task.add_done_callback(lambda done: self._given(chat, done))
        return True

    def drop(self, chat: int) -> None:
        """Owes this chat nothing any more: something newer answers it."""
        older = self._owed.pop(chat, None)
        if older is not None and older is not asyncio.current_task():
            older.cancel()

    def forget(self) -> None:
        """Owes nobody anything any more: the process is ending."""
        for task in self._owed.values():
            task.cancel()

    async def _give(self, seconds: float, answer: Callable[[], Awaitable[None]]) -> None:
        await self._sleep(seconds + _A_LITTLE_LATER)
        await answer()

    def _given(self, chat: int, done: asyncio.Task[None]) -> None:
        if self._owed.get(chat) is done:
            del self._owed[chat]
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.warning("owed_answer_not_given", kind=type(error).__name__)
