"""The one gate for everything that goes out: who may send now, and who waits how long."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from bot.transport.chat_pauses import Pauses
from bot.transport.rate_estimator import RateEstimator
from bot.transport.rate_limiter import ReplyRate, SlotLimiter
from bot.transport.recent_calls import RecentCalls
from bot.transport.reply_line import Line
from bot.transport.reply_queue import Chat

# Telegram documents about thirty new messages a second in all
# (https://core.telegram.org/bots/faq): no second, wherever it begins, holds more answers.
_REPLY_RATE = 25.0
_REPLY_BURST = 5
# Whoever has had more answers than these of late, within half a minute to a minute, shares a part
# of the rate with all who have: a few who write without a rest would take most of it from those
# who come for the first time. Signing takes five of them.
_MANY = 8
_OF_LATE_SECONDS = 30.0
_SHARED = 0.2


class Lane(Enum):
    """Whose call it is."""

    REPLY = auto()
    """A person waits for it: it goes ahead of every broadcast."""
    BROADCAST = auto()
    """One of many: it waits for its slot."""


class Gate:
    """Decides at a given time; only `acquire` waits.

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
        self._search = RateEstimator(rate)
        self._pace = SlotLimiter(rate, burst or _burst(rate))
        self._reply_rate = ReplyRate(_REPLY_RATE)
        self._line = Line(self._reply_rate.rate, _REPLY_BURST, clock, sleep)
        self._line_of_many = Line(
            lambda now: _SHARED * self._reply_rate.rate(now), _REPLY_BURST, clock, sleep
        )
        self._answers = RecentCalls(_OF_LATE_SECONDS)
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

    def set_ceiling(self, rate: float) -> None:
        """Sets the ceiling of the broadcast that begins; what was found below it stays known.

        It begins evenly: a burst into a limit that is lower would only bring more refusals.
        """
        self._search.set_ceiling(rate)
        self._pace.set_rate(rate, _burst(rate), self._clock())

    def reserve(self, lane: Lane, chat: Chat | None = None) -> float:
        """Takes a slot and tells how many seconds to wait for it; a reply never waits."""
        now = self._clock()
        if lane is Lane.REPLY:
            if chat is not None:
                self._pace.yield_to_reply(now, self.rate)
            return 0.0
        return max(0.0, self._pace.take(now, self.rate) - now)

    def leaves(self, lane: Lane, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that a call leaves now; while everybody is paused, it is the probe."""
        by_person = lane is Lane.REPLY
        if by_person and new and chat is not None:
            self._answers.add(chat, self._clock())
        self._pauses.leaves(chat, self._clock(), new=new, asked_for=by_person)

    def accepted(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that Telegram took a call; `new` is one that makes a message."""
        now = self._clock()
        self._pauses.accepted(chat, now, new=new)
        if new:
            self._search.accepted(now)

    def judged(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that Telegram turned a call down for what it is, so no limit kept it away."""
        self._pauses.judged(chat, self._clock(), new=new)

    def failed(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that a call got no answer of Telegram's: nothing is known from it."""
        self._pauses.failed(chat, self._clock(), new=new)

    def refused(self, chat: Chat | None, retry_after: float, *, new: bool = True) -> None:
        """Notes a 429: this chat pauses, and all do when the limit is the bot's own."""
        now = self._clock()
        if new and not self._pauses.is_overall(now):
            self._search.refused(now)
        if self._pauses.refused(chat, retry_after, now, new=new):
            self._reply_rate.slow_down(now)
            if not self._pauses.is_by_people:
                self._search.flooded(now, retry_after)

    def announced_pause(self) -> float:
        """Returns for how long Telegram asks to send nothing, though it may be over earlier."""
        return self._pauses.announced(self._clock())

    def pause_for(self, lane: Lane, chat: Chat | None = None, *, new: bool = True) -> float:
        """Returns the seconds until a call to this chat may leave, or may ask again."""
        by_person = lane is Lane.REPLY
        return self._pauses.left(chat, self._clock(), new=new, asked_for=by_person)

    async def acquire(
        self,
        lane: Lane,
        chat: Chat | None = None,
        longest_pause: float = math.inf,
        *,
        new: bool = False,
    ) -> float:
        """Waits until the call may leave; `new` is one that makes a message.

        A reply waits for no broadcast, but a crowd that comes at once is answered at the pace
        that Telegram documents: faster, and it would answer nobody for seconds. Whoever was
        answered many times of late waits behind the others.

        Returns:
            0.0 when it may leave now, else the seconds of a pause longer than
            `longest_pause`, or until its turn when many wait: then it must not leave. With
            no longest pause everything is waited for.
        """
        if lane is Lane.BROADCAST:
            new = True
        elif new and chat is not None and longest_pause < math.inf:
            turn = (self._line_of_many if self._had_many(chat) else self._line).come_back_in(chat)
            if turn > 0:
                return turn
        while True:
            pause = self.pause_for(lane, chat, new=new)
            if pause > longest_pause:
                return pause
            if pause > 0:
                await self._sleep(pause)
                continue
            if await self._came_to_turn(lane, chat, new=new):
                self.leaves(lane, chat, new=new)
                return 0.0

    async def _came_to_turn(self, lane: Lane, chat: Chat | None, *, new: bool) -> bool:
        if lane is Lane.BROADCAST:
            return self._may_go_at_once() or await self._slot_came(chat)
        if new and not await self._turn_came(chat):
            return False
        if new:
            self.reserve(lane, chat)
        return True

    def _had_many(self, chat: Chat | None) -> bool:
        return chat is not None and self._answers.number(chat, self._clock()) >= _MANY

    async def _turn_came(self, chat: Chat | None) -> bool:
        def is_paused() -> bool:
            return self.pause_for(Lane.REPLY, chat) > 0

        if self._had_many(chat) and not await self._line_of_many.turn_came(is_paused):
            return False
        return await self._line.turn_came(is_paused)

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
