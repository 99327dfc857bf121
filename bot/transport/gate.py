"""The one gate for everything that goes out: who may send now, and who waits how long."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from bot.transport.pace import Pace, Yielding
from bot.transport.pauses import Pauses
from bot.transport.search import Search
from bot.transport.waiting import WaitingRoom

Chat = int | str


# Telegram documents about thirty new messages a second in all
# (https://core.telegram.org/bots/faq): no second, wherever it begins, holds more answers.
_REPLY_RATE = 25.0
_REPLY_BURST = 5


class Lane(Enum):
    """Whose call it is."""

    REPLY = auto()
    """A person waits for it: it goes ahead of every broadcast."""
    BROADCAST = auto()
    """One of many: it waits for its slot."""


class Gate:
    """Decides at a given time; only `pass_` waits.

    Args:
        rate: broadcast messages a second.
        burst: how many of them may go at once after a quiet time; without it a fifteenth
            of a second's worth, so that a timer that fires late can be made up for.
        clock: seconds, monotonic.
        sleep: waits for that many seconds.
    """

    def __init__(
        self,
        rate: float = 28.0,
        burst: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._search = Search(rate)
        self._pace = Pace(rate, burst or _burst(rate))
        self._replies = Pace(_REPLY_RATE, _REPLY_BURST)
        self._reply_rate = Yielding(_REPLY_RATE)
        self._waiting = WaitingRoom(_REPLY_RATE, _REPLY_BURST)
        self._pauses = Pauses()
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()

    @property
    def rate(self) -> float:
        """Broadcast messages a second, as far as Telegram lets us at this moment."""
        return self._search.rate

    @property
    def paused_chats(self) -> int:
        """How many chats the gate remembers."""
        return len(self._pauses)

    def aim(self, rate: float) -> None:
        """Sets the ceiling of the broadcast that begins; what was found below it stays known.

        It begins evenly: a burst into a limit that is lower would only bring more refusals.
        """
        self._search.aim(rate)
        self._pace.aim(rate, _burst(rate), self._clock())

    def reserve(self, lane: Lane, chat: Chat | None = None) -> float:
        """Takes a slot and tells how many seconds to wait for it; a reply never waits."""
        now = self._clock()
        if lane is Lane.REPLY:
            if chat is not None:
                self._pace.yield_to_reply(now, self.rate)
            return 0.0
        return max(0.0, self._pace.take(now, self.rate) - now)

    def accepted(self) -> None:
        """Telegram took a new message."""
        self._pauses.accepted()
        self._search.accepted(self._clock())

    def refused(self, chat: Chat | None, retry_after: float) -> None:
        """Telegram answered 429: this chat pauses; when several chats report it, all do."""
        now = self._clock()
        if self.pause_for(Lane.BROADCAST) == 0:
            self._search.refused(now)
        if self._pauses.add(chat, retry_after, now):
            self._search.flooded(now, retry_after)
            self._reply_rate.slow_down(now)

    def pause_for(self, lane: Lane, chat: Chat | None = None) -> float:
        """Seconds until a call to this chat may leave; 0 when there is no pause."""
        return self._pauses.left(chat, self._clock())

    async def pass_(
        self,
        lane: Lane,
        chat: Chat | None = None,
        longest_pause: float = math.inf,
        *,
        new: bool = False,
    ) -> float:
        """Waits until the call may leave; `new` is one that makes a new message.

        A reply waits for no broadcast, but a crowd that comes at once is answered at the pace
        that Telegram documents: faster, and it would answer nobody for seconds.

        Returns:
            0.0 when it may leave now, else the seconds of a pause longer than
            `longest_pause`, or until its turn when many wait: then it must not leave. With
            no longest pause everything is waited for.
        """
        if new and chat is not None and longest_pause < math.inf:
            turn = self._seconds_to_turn(chat)
            if turn > 0:
                return turn
        while True:
            pause = self.pause_for(lane, chat)
            if pause > longest_pause:
                return pause
            if pause > 0:
                await self._sleep(pause)
                continue
            if lane is Lane.REPLY:
                if new and await self._was_paused_in_line(chat):
                    continue
                self.reserve(lane, chat)
                return 0.0
            if self._may_go_at_once() or await self._slot_came(chat):
                return 0.0

    def _seconds_to_turn(self, chat: Chat) -> float:
        now = self._clock()
        return self._waiting.come_back_in(chat, now, self._reply_rate.rate(now))

    async def _was_paused_in_line(self, chat: Chat | None) -> bool:
        now = self._clock()
        wait = self._replies.take(now, self._reply_rate.rate(now)) - now
        if wait > 0:
            await self._sleep(wait)
        return self.pause_for(Lane.REPLY, chat) > 0

    def _may_go_at_once(self) -> bool:
        if self._turn.locked() or not self._pace.is_due(self._clock()):
            return False
        self.reserve(Lane.BROADCAST)
        return True

    async def _slot_came(self, chat: Chat | None) -> bool:
        # One at a time: a slot is reserved only when it is next, so a rate that has
        # fallen and replies that went ahead count for all who wait.
        async with self._turn:
            if self.pause_for(Lane.BROADCAST, chat) > 0:
                return False
            wait = self.reserve(Lane.BROADCAST, chat)
            if wait > 0:
                await self._sleep(wait)
            return self.pause_for(Lane.BROADCAST, chat) == 0


def _burst(rate: float) -> int:
    return max(2, round(rate / 15))
