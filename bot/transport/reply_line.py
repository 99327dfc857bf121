"""The line in which replies that are new messages wait for their turn."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.transport.rate_limiter import SlotLimiter
from bot.transport.reply_queue import Chat, ReplyQueue


class ReplyLine:
    """Lets replies leave one after the other, at a given rate.

    Args:
        rate: returns the new messages a second at a given time.
        burst: how many may leave at once after a quiet time.
        clock: seconds, monotonic.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        rate: Callable[[float], float],
        burst: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._pace = SlotLimiter(rate(clock()), burst)
        self._waiting = ReplyQueue(rate(clock()), burst)
        self._turn = asyncio.Lock()

    def come_back_in(self, chat: Chat) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        now = self._clock()
        return self._waiting.come_back_in(chat, now, self._rate(now))

    async def turn_came(self, is_paused: Callable[[], bool]) -> bool:
        """Waits for a slot and takes it; False, without taking it, when a pause has begun."""
        # One at a time, and a slot is taken only when it is due: whoever taps again leaves the
        # line, and many of them would otherwise use up the slots of the others.
        async with self._turn:
            while (wait := self._pace.due_in(self._clock())) > 0:
                await self._sleep(wait)
            if is_paused():
                return False
            now = self._clock()
            self._pace.take(now, self._rate(now))
            return True
