"""The send gate that every call passes: it decides which call leaves now, and which waits."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from enum import Enum, auto

from bot.transport.pauses import Pauses
from bot.transport.rate_estimator import RateEstimator
from bot.transport.rate_limiter import (
    REPLY_BURST,
    REPLY_RATE,
    Appointments,
    Line,
    ReplyRate,
    SlotLimiter,
)
from bot.transport.recent_calls import Chat, RecentCalls
from storage.leases import Peers

# Who had so many new messages in the last minute or two comes after people who had fewer, and from
# the second number on shares a part of the rate with all like them: a few people who write without
# a rest would otherwise take most of it from newcomers. Signing takes four messages at most.
_SEVERAL = 4
_FLOOD = 6
_OF_LATE_SECONDS = 60.0
_SHARED = 0.2
# When a new arrival would wait for longer than this there is a crowd, and every chat that was
# answered within the last minutes comes back after it: accounts that flood come again, and people
# who were not answered yet go before them.
_CROWD_SECONDS = 3.0
_ANSWERED_SECONDS = 300.0
# The share of the burst that a reply leaves to those before it: of people in the middle of signing
# and admins, then of people who had few new messages of late, several, and very many.
_SIGNING, _AFTER_SIGNING, _AFTER_FEW, _AFTER_ALL = 0.0, 0.25, 0.5, 1.0
# Who signs goes first with this many messages within this many seconds. Most of their screens are
# edits, which do not wait at all.
_SIGNING_MESSAGES = 4
_SIGNING_SECONDS = 600.0
# The share of its rate that a broadcast keeps however much other replicas reply.
_LEFT = 0.1


class Lane(Enum):
    """Whether a call is a reply or part of a broadcast."""

    REPLY = auto()
    """A person waits for it, so it leaves before any broadcast's call."""
    BROADCAST = auto()
    """It is one of many, and waits for its slot."""


class Gate:
    """Lets calls leave at the permitted rate, and outside of pauses; only `acquire` waits.

    The rate is of broadcast messages a second, of which a burst may leave at once after a quiet
    time: by default a fifteenth of a second's, to make up for timers that fire late.
    The chats of the admins are in no crowd, however much they write. Live replicas share the rate
    of replies, and what the others reply with is left out of the rate of a broadcast.


    Attributes:
        waiting: how many calls wait at the moment, by lane.
    """

    def __init__(
        self,
        rate: float = 28.0,
        burst: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        *,
        admins: Collection[Chat] = (),
        peers: Peers | None = None,
    ) -> None:
        self._peers = peers or Peers()
        self._clock = clock
        self._sleep = sleep
        self._admins = frozenset(admins)
        self._pauses = Pauses()
        self._estimator = RateEstimator(rate)
        self._slots = SlotLimiter(rate, burst or _burst(rate))
        self._broadcast = Line(self._slots, self._broadcast_a_second, clock, sleep)
        self._reply_rate = ReplyRate(REPLY_RATE)
        self._reply_slots = SlotLimiter(REPLY_RATE, REPLY_BURST)
        self._replies = {
            share: Line(self._reply_slots, self._replies_a_second, clock, sleep, unused=share)
            for share in (_SIGNING, _AFTER_SIGNING, _AFTER_FEW, _AFTER_ALL)
        }
        self._flooding = Line(SlotLimiter(REPLY_RATE, 1), self._floods_a_second, clock, sleep)
        self._appointments = Appointments(REPLY_RATE, REPLY_BURST)
        self._flood_appointments = Appointments(_SHARED * REPLY_RATE, REPLY_BURST)
        self._recent_replies = RecentCalls(_OF_LATE_SECONDS)
        self._answered = RecentCalls(_ANSWERED_SECONDS)
        self._signers = RecentCalls(_SIGNING_SECONDS)
        self._went_first = RecentCalls(_SIGNING_SECONDS)
        self.waiting = dict.fromkeys(Lane, 0)

    @property
    def rate(self) -> float:
        """The present rate of broadcast messages a second, as estimated for Telegram's limit."""
        return self._estimator.rate

    @property
    def reply_rate(self) -> float:
        """The present rate of new messages a second that answer people."""
        return self._replies_a_second()

    def set_ceiling(self, rate: float) -> None:
        """Sets the highest rate of a beginning broadcast; forgets what a lower ceiling taught.

        It begins without a burst, which would bring more refusals if Telegram's limit is lower.
        """
        self._estimator.set_ceiling(rate)
        self._slots.set_rate(rate, _burst(rate), self._clock())

    def leaves(self, lane: Lane, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that a call leaves now; during an overall pause, it is a probe."""
        now, is_reply = self._clock(), lane is Lane.REPLY
        if is_reply and new and chat is not None:
            self._recent_replies.add(chat, now)
            self._peers.replies += 1
            self._slots.yield_to_reply(now, self.rate)
        self._pauses.leaves(chat, now, new=new, is_reply=is_reply)

    def accepted(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes an accepted call; `new` means that it sends a new message."""
        now = self._clock()
        self._pauses.accepted(chat, now, new=new)
        if new:
            self._estimator.accepted(now)
            if chat is not None and self._recent_replies.number(chat, now):
                self._answered.add(chat, now)

    def content_rejected(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes a call that Telegram rejected for its content, so that no limit was exceeded."""
        if new:
            self._pauses.overall.accepted(chat, self._clock())

    def failed(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes a call that Telegram did not answer, which says nothing about limits."""
        if new:
            self._pauses.overall.failed(chat, self._clock())

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

    def has_room(self, chat: Chat) -> bool:
        """Returns whether a reply of two messages may go to the chat, and keeps their place.

        Only in a quiet moment: in a crowd each person's message is somebody else's wait.
        """
        now, rate = self._clock(), self._replies_a_second()
        if self._reply_slots.due_in(now, rate, unused=0.5) > 0 or self._floods(chat):
            return False
        if self._appointments.wait(now, rate) > 0 or self.pause_for(Lane.REPLY, chat) > 0:
            return False
        self._appointments.come_back_in(chat, now, rate)
        self._appointments.pass_by(now, rate)
        return True

    def signs(self, chat: Chat) -> None:
        """Notes that somebody is in the middle of signing, so that their answers go first."""
        self._signers.add(chat, self._clock())

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
        the middle of signing and admins go first; in a crowd, then those who were not answered
        at all.

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
        self.waiting[lane] += 1
        try:
            while True:
                pause = self.pause_for(lane, chat, new=new)
                if pause > longest_pause:
                    return pause
                if pause > 0:
                    await self._sleep(pause)
                elif not new or await self._take_turn(lane, chat):
                    self.leaves(lane, chat, new=new)
                    return 0.0
        finally:
            self.waiting[lane] -= 1

    def _replies_a_second(self) -> float:
        return self._reply_rate.rate(self._clock()) / (1 + self._peers.others)

    def _broadcast_a_second(self) -> float:
        return max(_LEFT * self.rate, self.rate - self._peers.their_replies)

    def _floods_a_second(self) -> float:
        return _SHARED * self._replies_a_second()

    def _goes_first(self, chat: Chat) -> bool:
        if chat in self._admins:
            return True
        now = self._clock()
        has_turns = self._went_first.number(chat, now) < _SIGNING_MESSAGES
        return has_turns and self._signers.number(chat, now) > 0

    def _share_left(self, chat: Chat) -> float:
        """Returns the share of the burst that a reply to this chat leaves to those before it."""
        if self._goes_first(chat):
            return _SIGNING
        recent = self._recent_replies.number(chat, self._clock())
        if recent >= _FLOOD:
            return _AFTER_ALL
        return _AFTER_FEW if recent >= _SEVERAL else _AFTER_SIGNING

    def _floods(self, chat: Chat) -> bool:
        return self._share_left(chat) == _AFTER_ALL

    def _come_back_in(self, chat: Chat) -> float:
        now, rate = self._clock(), self._replies_a_second()
        if self._goes_first(chat):
            return 0.0
        if self._floods(chat):
            return self._flood_appointments.come_back_in(chat, now, self._floods_a_second())
        wait = self._appointments.wait(now, rate)
        is_known = self._answered.number(chat, now) > 0
        if wait > _CROWD_SECONDS and is_known and not self._appointments.has(chat, now):
            return wait
        return self._appointments.come_back_in(chat, now, rate)

    async def _take_turn(self, lane: Lane, chat: Chat | None) -> bool:
        def is_paused() -> bool:
            return self.pause_for(lane, chat) > 0

        if lane is Lane.BROADCAST:
            return await self._broadcast.take_turn(is_paused)
        if chat is None:
            return await self._replies[_AFTER_SIGNING].take_turn(is_paused)
        share = self._share_left(chat)
        if share == _AFTER_ALL and not await self._flooding.take_turn(is_paused):
            return False
        if not await self._replies[share].take_turn(is_paused):
            return False
        now = self._clock()
        if share == _SIGNING:
            self._went_first.add(chat, now)
        if share in (_SIGNING, _AFTER_ALL):
            self._appointments.pass_by(now, self._replies_a_second())
        else:
            self._appointments.use(chat, now)
        return True


def _burst(rate: float) -> int:
    return max(2, round(rate / 15))
