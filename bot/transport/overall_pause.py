"""The overall pause: begun on a suspicion, and proved or ended by a probe.

When several chats are refused at once, each may have exceeded a limit of its own, or the bot its
overall limit. A single call, the probe, tells which: it leaves while all others wait, and if it is
accepted they follow. If it is refused too, all go on waiting, and another probe leaves after twice
as long each time, but at the end of Telegram's pause at the latest. So that a crowd cannot take up
every probe, calls whose refusal says less never delay those that say more:
`docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds.
"""

import math
from enum import IntEnum

from bot.transport.recent_calls import Chat

# A pause on suspicion alone ends after this time, whatever becomes of the probe.
_DOUBT = 1.0
# After a suspicion that was not proved there is none for this many times as long as it lasted, so
# that suspicions take up a tenth of the time at most, however often somebody provokes them.
_RARELY = 9
# The wait from a refused probe to the next one, which doubles each time.
_FIRST_WAIT = 2.0
# When a probe is not answered in this time, another one follows: soon on a suspicion, since all
# may be waiting for one chat that hangs, and later once the pause is proved.
_ANSWERED_SOON = 0.25
_ANSWERED_WITHIN = 1.0
# Calls that wait for the answer to a probe ask again after this time.
_ASK_AGAIN = 0.1
# On a suspicion, unknown chats leave the first probe to others for this long.
_PRECEDENCE = 0.25
# In a proved pause, unknown chats only come this much after others that wait for the same moment.
_AFTER_THE_OTHERS = 0.05
# How many refused replies, one after the other, prove a pause.
_CERTAIN = 3
# The longest wait for the next probe after a refused reply.
_LONGEST_FOR_REPLIES = 4.0


class Weight(IntEnum):
    """How much the answer to a probe says about the overall limit."""

    UNKNOWN_CHAT = 0
    """A reply to a chat that had no accepted reply of late: anybody can send a crowd of those."""
    KNOWN_CHAT = 1
    """A reply to a chat that had one accepted of late: its refusal proves nothing."""
    BROADCAST = 2
    """A broadcast's call: the bot chose to whom it writes, and when."""


class OverallPause:
    """The overall pause of one kind of calls, on or off."""

    def __init__(self) -> None:
        self._is_proved = True
        self.is_by_replies = False
        """Whether only replies have proved it, which may be a crowd's doing."""
        self._began = -math.inf
        self._ends = -math.inf
        self._next_probe = dict.fromkeys(Weight, -math.inf)
        self._wait = dict.fromkeys(Weight, _FIRST_WAIT)
        self._probes = dict[Chat | None, Weight]()  # those not answered yet, by chat
        self._refusals = 0

    def is_on(self, now: float) -> bool:
        """Tells whether the pause is on, so that only probes leave."""
        return now < self._ends

    def seconds_left(self, now: float, weight: Weight) -> float:
        """Returns the seconds until a call may leave, or may ask again; 0 for the next probe."""
        next_probe = self._next_probe[weight]
        if weight is Weight.UNKNOWN_CHAT and self._is_proved:
            next_probe += _AFTER_THE_OTHERS
        left = max(0.0, min(next_probe, self._ends) - now)
        return min(left, _ASK_AGAIN) if self._probes else left

    def announced(self, now: float) -> float:
        """Returns the seconds left of the pause that Telegram announced; 0 on a suspicion."""
        return max(0.0, self._ends - now) if self._is_proved else 0.0

    def suspect(self, now: float) -> bool:
        """Begins a pause on suspicion, unless it is too early for one; tells whether it began."""
        if self.is_on(now) or now < self._trusted_until():
            return False
        self._begin(now, _DOUBT, is_proved=False)
        self._next_probe[Weight.UNKNOWN_CHAT] = now + _PRECEDENCE
        return True

    def prove(self, seconds: float, now: float) -> None:
        """Begins the pause that Telegram announced; an accepted probe may end it early."""
        if not self.is_on(now) or not self._is_proved:
            self._begin(now, seconds, is_proved=True)

    def leaves(self, chat: Chat | None, now: float, weight: Weight) -> None:
        """Notes a call that leaves: while the pause is on, it is a probe."""
        if self.is_on(now):
            self._probes[chat] = weight
            within = _ANSWERED_WITHIN if self._is_proved else _ANSWERED_SOON
            self._delay(weight, now + within)
        else:
            self._probes.pop(chat, None)  # the answer to this call says nothing about a pause

    def accepted(self, chat: Chat | None, now: float) -> None:
        """Notes an accepted call, which ends the pause when it was a probe."""
        if chat in self._probes:
            self._probes.clear()
            self._ends = min(self._ends, now)

    def failed(self, chat: Chat | None, now: float) -> None:
        """Notes a call that Telegram did not answer; when it was a probe, another may leave."""
        if chat in self._probes:
            self._delay(self._probes.pop(chat), now)

    def refused(self, chat: Chat | None, seconds: float, now: float, *, for_all: bool) -> bool:
        """Notes a 429; tells whether it answers a probe and proves the pause.

        It is `for_all` if the chat can hardly have exceeded a limit of its own.
        """
        if chat not in self._probes:
            return False
        weight = self._probes.pop(chat)
        if not self._is_proved:
            return self._is_proved_by(weight, seconds, now, for_all=for_all)
        longest = math.inf if weight is Weight.BROADCAST else _LONGEST_FOR_REPLIES
        self._wait[weight] = min(2 * self._wait[weight], longest)
        self._delay(weight, now + self._wait[weight])
        if not for_all:
            return False
        self._ends = now + seconds
        was_by_people = self.is_by_replies
        self.is_by_replies = was_by_people and weight is not Weight.BROADCAST
        return was_by_people and not self.is_by_replies

    def _is_proved_by(self, weight: Weight, seconds: float, now: float, *, for_all: bool) -> bool:
        self._refusals += for_all
        if for_all and (weight is Weight.BROADCAST or self._refusals >= _CERTAIN):
            self.prove(seconds, now)
            self._delay(Weight.BROADCAST, now + _FIRST_WAIT)
            self.is_by_replies = weight is not Weight.BROADCAST
            return True
        self._delay(weight, now)  # it says little about the others: another probe may leave
        return False

    def _begin(self, now: float, seconds: float, *, is_proved: bool) -> None:
        self._is_proved, self.is_by_replies = is_proved, False
        self._began, self._ends = now, now + seconds
        self._next_probe = dict.fromkeys(Weight, now)
        self._wait = dict.fromkeys(Weight, _FIRST_WAIT)
        self._probes.clear()
        self._refusals = 0

    def _delay(self, weight: Weight, until: float) -> None:
        """Delays the next probe: that of all weights, or only that of this weight.

        Refusals of replies alone may be a crowd's doing, so they delay no other weight.
        """
        is_sure = weight is Weight.BROADCAST or (self._is_proved and not self.is_by_replies)
        for each in Weight if is_sure else (weight,):
            self._next_probe[each] = until

    def _trusted_until(self) -> float:
        if self._is_proved:
            return -math.inf
        return self._ends + _RARELY * (self._ends - self._began)
