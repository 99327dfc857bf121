"""The send gate that every call passes: it decides which call leaves now, and which waits."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from enum import Enum, auto
from functools import partial

from bot.transport.adaptive_rate import AdaptiveRate
from bot.transport.pauses import Chat, ChatPauses, OverallPause, RecentCalls
from bot.transport.reply_rate import (
    REPLY_BURST,
    REPLY_RATE,
    Appointments,
    Line,
    Slots,
)
from storage.leases import Peers

# However many replies there are, of this replica or of others, a broadcast keeps a tenth.
_MOST_FOR_REPLIES = 0.9

# A chat that had another reply within these seconds is not refused on the bot's account.
_LATELY = 10.0
# When a new arrival would wait for longer than this there is a crowd, and every chat that was
# answered within the last minutes comes back after it: accounts that flood come again, and people
# who were not answered yet go before them.
_CROWD_SECONDS = 3.0
_ANSWERED_SECONDS = 300.0
# The share of the burst that a reply leaves to those before it: of people in the middle of signing
# and admins, and of others by how many new messages they had of late, up to those who flood. So
# the others hardly wait after a restart, when nobody is known to flood yet.
_SIGNING, _FLOODING = 0.0, 1.0
_BY_MESSAGES = (0.25, 0.25, 0.5, 0.5, 0.75, 0.75)
# Who had so many new messages in the last minute or two shares a part of the rate with all like
# them: a few people who write without a rest would otherwise take most of it from newcomers.
# Signing takes four messages at most.
_FLOOD = len(_BY_MESSAGES)
_OF_LATE_SECONDS = 60.0
_SHARED = 0.2
# Who signs goes first with this many messages within this many seconds. Most of their screens are
# edits, which do not wait at all.
_SIGNING_MESSAGES = 4
_SIGNING_SECONDS = 600.0


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
        self._chat_pauses = ChatPauses()
        self._overall_pause = OverallPause()
        ahead = _ahead(REPLY_RATE, REPLY_BURST)
        self._rate = AdaptiveRate(rate)
        self._slots = Slots(self._broadcast_a_second, _ahead(rate, burst))
        self._broadcast = Line(self._slots, clock, sleep)
        self._reply_slots = Slots(lambda: self.reply_rate, ahead)
        self._lines = {
            unused: Line(self._reply_slots, clock, sleep, unused)
            for unused in {_SIGNING, *_BY_MESSAGES, _FLOODING}
        }
        self._flooding = Line(Slots(lambda: _SHARED * self.reply_rate, 0.0), clock, sleep)
        self._appointments = Appointments(Slots(lambda: self.reply_rate, ahead))
        self._flood_appointments = Appointments(Slots(lambda: _SHARED * self.reply_rate, 1.0))
        self._replies, self._just_answered = (RecentCalls(_LATELY) for _ in range(2))
        self._new_replies = RecentCalls(_OF_LATE_SECONDS)
        self._answered = RecentCalls(_ANSWERED_SECONDS)
        self._signers, self._went_first = (RecentCalls(_SIGNING_SECONDS) for _ in range(2))
        self.waiting = dict.fromkeys(Lane, 0)

    @property
    def rate(self) -> float:
        """The present rate of broadcast messages a second, as estimated for Telegram's limit."""
        return self._rate.rate

    @property
    def reply_rate(self) -> float:
        """The present rate of new messages a second that answer people."""
        number = 1 + self._peers.others
        # Each may begin with a burst, so that many of them would have too many in one second.
        return min(REPLY_RATE, max(1.0, REPLY_RATE + REPLY_BURST - 1.2 * number)) / number

    def set_ceiling(self, rate: float) -> None:
        """Sets the highest rate of a beginning broadcast; forgets what a lower ceiling taught."""
        self._rate.set_ceiling(rate)
        self._slots.ahead = _ahead(rate)

    def leaves(self, lane: Lane, chat: Chat | None, *, new: bool = True) -> None:
        """Notes that a call leaves now; during an overall pause, it is a probe."""
        now = self._clock()
        if lane is Lane.REPLY:
            self._replies.add(chat, now)
            if new:
                self._new_replies.add(chat, now)
                self._peers.replies += 1
                self._slots.take(now, _MOST_FOR_REPLIES / REPLY_RATE)
        if new:
            self._overall_pause.leaves(chat, now)

    def accepted(self, chat: Chat | None, *, new: bool = True) -> None:
        """Notes a call that exceeded no limit; `new` means that it sends a new message."""
        now = self._clock()
        if self._replies.number(chat, now):
            self._just_answered.add(chat, now)
        if new:
            self._rate.accepted()
            self._overall_pause.accepted(chat, now)
            if self._new_replies.number(chat, now):
                self._answered.add(chat, now)

    def refused(self, chat: Chat | None, retry_after: float, *, new: bool = True) -> None:
        """Notes a 429: this chat is paused, and all are if the bot exceeded its overall limit.

        Edits and deletions count towards their chat's limit only.
        """
        if chat is None:
            return
        now = self._clock()
        self._chat_pauses.refused(chat, retry_after, now)
        replies = self._replies.number(chat, now)
        if new and self._overall_pause.refused(chat, retry_after, now, replies):
            self._rate.refused(retry_after)

    def announced_pause(self) -> float:
        """Returns for how many seconds Telegram asks to send nothing; it may be over earlier."""
        return self._overall_pause.announced(self._clock())

    def pause_for(self, lane: Lane, chat: Chat | None = None, *, new: bool = True) -> float:
        """Returns the seconds until a call to this chat may leave, or may ask again."""
        now = self._clock()
        alone = self._chat_pauses.seconds_left(chat, now)
        if not new:
            return alone
        trusted = lane is Lane.BROADCAST or self._just_answered.number(chat, now) > 0
        return max(alone, self._overall_pause.seconds_left(now, trusted=trusted))

    def has_room(self, chat: Chat) -> bool:
        """Returns whether a reply of two messages may go to the chat, and keeps their place.

        Only in a quiet moment: in a crowd each person's message is somebody else's wait.
        """
        now = self._clock()
        is_busy = self._appointments.slots.due_in(now, unused=0.5) > 0
        if is_busy or self._left_unused(chat) == _FLOODING or self.pause_for(Lane.REPLY, chat) > 0:
            return False
        self._appointments.come_back_in(chat, now)
        self._appointments.slots.take(now)
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
        elif new and longest_pause < math.inf and (turn := self._come_back_in(chat)) > 0:
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

    def _broadcast_a_second(self) -> float:
        rate = self.rate
        left = max(rate, REPLY_RATE + REPLY_BURST) - self._peers.their_rate
        return min(rate, max((1 - _MOST_FOR_REPLIES) * rate, left))

    def _left_unused(self, chat: Chat | None) -> float:
        """Returns the share of the burst that a reply to this chat leaves to those before it."""
        now = self._clock()
        has_turns = self._went_first.number(chat, now) < _SIGNING_MESSAGES
        if chat in self._admins or (has_turns and self._signers.number(chat, now) > 0):
            return _SIGNING
        number = self._new_replies.number(chat, now)
        return _BY_MESSAGES[number] if number < _FLOOD else _FLOODING

    def _come_back_in(self, chat: Chat | None) -> float:
        now, unused = self._clock(), self._left_unused(chat)
        if unused == _SIGNING:
            return 0.0
        if unused == _FLOODING:
            return self._flood_appointments.come_back_in(chat, now)
        wait = self._appointments.slots.due_in(now)
        is_known = self._answered.number(chat, now) > 0
        if wait > _CROWD_SECONDS and is_known and not self._appointments.has(chat, now):
            return wait
        return self._appointments.come_back_in(chat, now)

    async def _take_turn(self, lane: Lane, chat: Chat | None) -> bool:
        pause = partial(self.pause_for, lane, chat)
        if lane is Lane.BROADCAST:
            return await self._broadcast.take_turn(pause)
        unused = self._left_unused(chat)
        if unused == _FLOODING and not await self._flooding.take_turn(pause):
            return False
        if not await self._lines[unused].take_turn(pause):
            return False
        now = self._clock()
        if unused == _SIGNING:
            self._went_first.add(chat, now)
        if unused in (_SIGNING, _FLOODING):
            self._appointments.slots.take(now)
        else:
            self._appointments.use(chat, now)
        return True


def _ahead(rate: float, burst: int | None = None) -> float:
    """Returns how many seconds ahead of its time a message may leave, so that a burst may."""
    return ((burst or max(2, round(rate / 15))) - 1) / rate
