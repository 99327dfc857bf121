"""The send gate that every call passes: it decides which call leaves now, and which waits."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from bot.transport.chat_pauses import Pauses
from bot.transport.rate_estimator import RateEstimator
from bot.transport.rate_limiter import SlotLimiter
from bot.transport.recent_calls import Chat, RecentCalls
from bot.transport.reply_rate import FIRST, LAST, ReplyLimiter, ReplyRate

# Telegram documents about thirty new messages a second in all
# (https://core.telegram.org/bots/faq): with this rate and burst, no second has more replies.
_REPLY_RATE = 25.0
_REPLY_BURST = 5
# Who had more new messages in the last half minute to minute goes behind who had fewer, and those
# with `LAST` or more share a part of the rate: a few people who write without a rest would
# otherwise take most of it from newcomers. Signing takes four messages at most.
_OF_LATE_SECONDS = 30.0
_SHARED = 0.2
# When a new arrival would wait for longer than this there is a crowd, and every chat that was
# answered within the last minutes shares that part too: accounts that flood come again, and people
# who were not answered yet go before them.
_CROWD_SECONDS = 3.0
_ANSWERED_SECONDS = 300.0
# People in the middle of signing go before all others, with this many messages within this many
# seconds; most of their screens are edits, which do not wait at all.
_SIGNING_MESSAGES = 4
_SIGNING_SECONDS = 600.0


class Lane(Enum):
    """Whether a call is a reply or part of a broadcast."""

    REPLY = auto()
    """A person waits for it, so it leaves before any broadcast's call."""
    BROADCAST = auto()
    """It is one of many, and waits for its slot."""


@dataclass(slots=True)
class _Signing:
    """Until when somebody goes before the others, and with how many more messages."""

    until: float
    messages: int = _SIGNING_MESSAGES


class Gate:
    """Lets calls leave at the permitted rate, and outside of pauses; only `acquire` waits.

    The rate is of broadcast messages a second, of which a burst may leave at once after a quiet
    time: by default a fifteenth of a second's, to make up for timers that fire late.
    """

    def __init__(
        self,
        rate: float = 28.0,
        burst: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._estimator = RateEstimator(rate)
        self._slots = SlotLimiter(rate, burst or _burst(rate))
        self._reply_rate = ReplyRate(_REPLY_RATE)
        self._replies = ReplyLimiter(self._reply_rate.rate, _REPLY_BURST, clock, sleep)
        self._frequent_replies = ReplyLimiter(
            lambda now: _SHARED * self._reply_rate.rate(now), _REPLY_BURST, clock, sleep
        )
        self._recent_replies = RecentCalls(_OF_LATE_SECONDS)
        self._answered = RecentCalls(_ANSWERED_SECONDS)
        self._failed = RecentCalls()
        self._signing: dict[Chat, _Signing] = {}
        self._pauses = Pauses()
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()

    @property
    def rate(self) -> float:
        """The present rate of broadcast messages a second, as estimated for Telegram's limit."""
        return self._estimator.rate

    def set_ceiling(self, rate: float) -> None:
        """Sets the highest rate of a beginning broadcast; forgets what a lower ceiling taught.

        It begins without a burst, which would bring more refusals if Telegram's limit is lower.
        """
        self._estimator.set_ceiling(rate)
        self._slots.set_rate(rate, _burst(rate), self._clock())

    def reserve(self, lane: Lane, chat: Chat | None = None) -> float:
        """Takes a slot and returns the seconds until it; 0 for a reply."""
        now = self._clock()
        if lane is Lane.REPLY:
            if chat is not None:
                self._slots.yield_to_reply(now, self.rate)
            return 0.0
        return max(0.0, self._slots.take(now, self.rate) - now)

    def leaves(self, lane: Lane, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that a call leaves now; during an overall pause, it is a probe."""
        is_reply = lane is Lane.REPLY
        if is_reply and new and chat is not None:
            self._recent_replies.add(chat, self._clock())
            self._answered.add(chat, self._clock())
        self._pauses.leaves(chat, self._clock(), new=new, is_reply=is_reply)

    def accepted(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes an accepted call; `new` means that it sends a new message."""
        now = self._clock()
        self._pauses.accepted(chat, now, new=new)
        if new:
            self._estimator.accepted(now)

    def content_rejected(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes a call that Telegram rejected for its content, so that no limit was exceeded."""
        if new:
            self._pauses.overall.accepted(chat, self._clock())

    def failed(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes a call that Telegram did not answer, which says nothing about limits."""
        if new:
            self._pauses.overall.failed(chat, self._clock())
        if new and chat is not None:
            self._failed.add(chat, self._clock())

    def refused(self, chat: Chat | None, retry_after: float, *, new: bool = True) -> None:
        """Notes a 429: this chat is paused, and all are if the bot exceeded its overall limit."""
        now = self._clock()
        if new and not self._pauses.overall.is_on(now):
            self._estimator.refused(now)
        if self._pauses.refused(chat, retry_after, now, new=new):
            self._reply_rate.slow_down(now)
            if not self._pauses.overall.is_by_people:
                self._estimator.refused_overall(now, retry_after)

    def announced_pause(self) -> float:
        """Returns for how many seconds Telegram asks to send nothing; it may be over earlier."""
        return self._pauses.overall.announced(self._clock())

    def pause_for(self, lane: Lane, chat: Chat | None = None, *, new: bool = True) -> float:
        """Returns the seconds until a call to this chat may leave, or may ask again."""
        is_reply = lane is Lane.REPLY
        return self._pauses.seconds_left(chat, self._clock(), new=new, is_reply=is_reply)

    def has_room(self, chat: Chat, messages: int) -> bool:
        """Returns whether these messages may go to the chat as a reply, and keeps their place.

        Only in a quiet moment: in a crowd each person's message is somebody else's wait.
        """
        if self._rank(chat) == LAST or self.pause_for(Lane.REPLY, chat) > 0:
            return False
        return self._replies.let_in_first(chat, messages)

    def signs(self, chat: Chat) -> None:
        """Notes that somebody is in the middle of signing, so that their answers go first."""
        now = self._clock()
        # It is filled in rising order, so the oldest comes first.
        while self._signing and (oldest := next(iter(self._signing.items())))[1].until <= now:
            del self._signing[oldest[0]]
        self._signing.setdefault(chat, _Signing(now + _SIGNING_SECONDS))

    async def acquire(
        self,
        lane: Lane,
        chat: Chat | None = None,
        longest_pause: float = math.inf,
        *,
        new: bool = False,
    ) -> float:
        """Waits until the call may leave; `new` means that it sends a new message.

        A reply never waits for a broadcast, but a crowd is answered at the rate that Telegram
        documents: at a higher one, Telegram would refuse all replies for seconds. People in
        the middle of signing go first; of the others, those who were answered less often of
        late, and in a crowd those who were not answered at all.

        Returns:
            0.0 when the call may leave now. Otherwise it must not leave, and these are the
            seconds of a pause longer than `longest_pause`, or until its turn when many wait.
            Without `longest_pause` it waits for everything.
        """
        if lane is Lane.BROADCAST:
            new = True
        elif new and chat is not None and longest_pause < math.inf:
            turn = self._come_back_in(chat)
            if turn > 0:
                return turn
        while True:
            pause = self.pause_for(lane, chat, new=new)
            if pause > longest_pause:
                return pause
            if pause > 0:
                await self._sleep(pause)
                continue
            if await self._wait_for_turn(lane, chat, new=new):
                self.leaves(lane, chat, new=new)
                return 0.0

    async def _wait_for_turn(self, lane: Lane, chat: Chat | None, *, new: bool) -> bool:
        if lane is Lane.BROADCAST:
            return self._take_due_slot() or await self._wait_for_slot(chat)
        if new and not await self._wait_for_reply_turn(chat):
            return False
        if new:
            self.reserve(lane, chat)
        return True

    def _come_back_in(self, chat: Chat) -> float:
        rank = self._rank(chat)
        if rank == FIRST:
            return 0.0
        now, queue = self._clock(), self._replies.queue
        is_crowd = queue.wait(now) > _CROWD_SECONDS
        is_behind = rank == LAST or (is_crowd and self._answered.number(chat, now) > 0)
        if is_behind and not queue.expects(chat):
            turn = self._frequent_replies.come_back_in(chat)
            if turn > 0:
                return turn
        return self._replies.come_back_in(chat)

    def _rank(self, chat: Chat | None) -> int:
        if chat is None:
            return 0
        number = min(self._recent_replies.number(chat, self._clock()), LAST)
        if self._failed.number(chat, self._clock()):
            return max(number, LAST - 1)  # it may fail again, and take the turn of others
        signing = self._signing.get(chat)
        if signing is not None and signing.messages > 0 and self._clock() < signing.until:
            return FIRST
        return number

    async def _wait_for_reply_turn(self, chat: Chat | None) -> bool:
        def is_paused() -> bool:
            return self.pause_for(Lane.REPLY, chat) > 0

        rank = self._rank(chat)
        if chat is None or rank != FIRST:
            if rank == LAST and not await self._frequent_replies.take_turn(is_paused):
                return False
            return await self._replies.take_turn(is_paused, rank)
        signing = self._signing[chat]
        signing.messages -= 1  # at once, as several may wait
        is_taken = await self._replies.take_turn(is_paused, rank)
        signing.messages += not is_taken
        return is_taken

    def _take_due_slot(self) -> bool:
        if self._turn.locked() or self._slots.due_in(self._clock()) > 0:
            return False
        self.reserve(Lane.BROADCAST)
        return True

    async def _wait_for_slot(self, chat: Chat | None) -> bool:
        # One at a time: a slot is reserved only when it is next, so that a lower rate, and replies
        # that left first, count for all that wait.
        async with self._turn:
            if self.pause_for(Lane.BROADCAST, chat) > 0:
                return False
            wait = self.reserve(Lane.BROADCAST, chat)
            if wait > 0:
                await self._sleep(wait)
            return self.pause_for(Lane.BROADCAST, chat) == 0


def _burst(rate: float) -> int:
    return max(2, round(rate / 15))
