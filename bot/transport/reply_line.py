"""Where answers that are new messages wait for their turn."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.transport.rate_limiter import SlotLimiter
from bot.transport.reply_queue import Chat, ReplyQueue


class Line:
    """Lets one answer after the other go, at a rate.

    Args:
        rate: new messages a second, at the time that it is told.
        burst: how many may go at once after a quiet time.
        clock: seconds, monotonic.
        sleep: waits for that many seconds.
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
        """Seconds after which to come again; 0 when the line is short, or it is one's turn."""
        now = self._clock()
        return self._waiting.come_back_in(chat, now, self._rate(now))

    async def turn_came(self, is_paused: Callable[[], bool]) -> bool:
        """Waits for the turn; False when a pause has begun meanwhile, and it is not taken."""
        # One at a time, and a slot is taken only when it has come: whoever taps again leaves the
        # line, and many who do so would otherwise take every slot away from the others.
        async with self._turn:
            while (wait := self._pace.due_in(self._clock())) > 0:
                await self._sleep(wait)
            if is_paused():
                return False
            now = self._clock()
            self._pace.take(now, self._rate(now))
            return True
