"""The overall pause of new messages: begun by refusals, and ended by a call that tries.

When several chats are refused at once, each may have exceeded a limit of its own, or the bot its
overall limit. A single call, the probe, tells which: it leaves while all others wait, and when it
is accepted they follow. A suspicion lasts a second at most, with a probe every quarter of it; a
proved pause for as long as Telegram says, with fewer and fewer probes. So that a crowd cannot take
up every probe, calls whose refusal says little do not delay the others:
`docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds.
"""

import math

from bot.transport.recent_calls import Chat

# A pause on suspicion alone ends after this time, whatever becomes of its probes.
_DOUBT = 1.0
# After a suspicion that was not proved there is none for this many times as long as it lasted, so
# that suspicions take up a tenth of the time at most, however often somebody provokes them.
_RARELY = 9
# From one probe to the next: on a suspicion, whose first one unknown chats leave to others for as
# long, and at first in a proved pause, where it doubles.
_SOON = 0.25
_FIRST_WAIT = 2.0
# In a proved pause, unknown chats come this much after others that wait for the same moment.
_AFTER_THE_OTHERS = 0.05
# Calls that wait for the answer to a probe ask again after this time.
_ASK_AGAIN = 0.1
# How many refused replies, one after the other, prove a pause; a broadcast's call proves it alone.
_CERTAIN = 3


class OverallPause:
    """The overall pause, on or off.

    A call is `trusted` when it is a broadcast's, or goes to a chat that has just been answered:
    anybody can send a crowd of others.
    """

    def __init__(self) -> None:
        self._is_proved = False
        self.is_by_people = False
        """Whether only replies have proved it, which may be a crowd's doing."""
        self._began = self._ends = -math.inf
        self._next_probe = {True: -math.inf, False: -math.inf}  # of trusted calls, and of others
        self._wait = _SOON
        self._probes = set[Chat | None]()  # those not answered yet, by chat
        self._refusals = 0

    def is_probe(self, chat: Chat | None) -> bool:
        """Tells whether the last call to this chat was a probe that is not answered yet."""
        return chat in self._probes

    def is_on(self, now: float) -> bool:
        """Tells whether the pause is on, so that only probes leave."""
        return now < self._ends

    def announced(self, now: float) -> float:
        """Returns the seconds left of the pause that Telegram announced; 0 on a suspicion."""
        return max(0.0, self._ends - now) if self._is_proved else 0.0

    def seconds_left(self, now: float, *, trusted: bool) -> float:
        """Returns the seconds until a call may leave, or may ask again; 0 for the next probe."""
        behind = 0.0 if trusted or not self._is_proved else _AFTER_THE_OTHERS
        left = max(0.0, min(self._next_probe[trusted] + behind, self._ends) - now)
        return min(left, _ASK_AGAIN) if self._probes else left

    def suspect(self, now: float) -> None:
        """Begins a pause on suspicion, unless the last one was wrong and not long ago."""
        trusted_until = self._ends + _RARELY * (self._ends - self._began)
        if self.is_on(now) or (now < trusted_until and not self._is_proved):
            return
        self._begin(now)
        self._ends = now + _DOUBT
        self._next_probe = {True: now, False: now + _SOON}

    def prove(self, seconds: float, now: float, *, by_people: bool) -> bool:
        """Makes it the pause that Telegram announced; tells whether that was not known before."""
        if not self.is_on(now):
            self._begin(now)
        is_new = not self._is_proved or (self.is_by_people and not by_people)
        if not self._is_proved:
            self._wait, later = _FIRST_WAIT, now + _FIRST_WAIT
            # A crowd keeps nobody else from asking whether it was only a crowd.
            self._next_probe = {True: now if by_people else later, False: later}
        self.is_by_people = by_people and (self.is_by_people or not self._is_proved)
        self._is_proved = True
        self._ends = now + seconds
        return is_new

    def leaves(self, chat: Chat | None, now: float, *, trusted: bool) -> None:
        """Notes a call that leaves: while the pause is on, it is a probe."""
        self._probes.discard(chat)  # the answer to an earlier call says nothing about a pause
        if not self.is_on(now):
            return
        self._probes.add(chat)
        is_sure = self._is_proved and not self.is_by_people
        self._wait *= 1 + is_sure
        for each in {trusted or is_sure, False}:
            self._next_probe[each] = now + self._wait

    def accepted(self, chat: Chat | None, now: float) -> None:
        """Notes an accepted call, which ends the pause when it was a probe."""
        if chat in self._probes:
            self._probes.clear()
            self._ends = min(self._ends, now)

    def failed(self, chat: Chat | None, now: float) -> None:
        """Notes a call that was not answered; when it was a probe, another may leave."""
        if chat in self._probes:
            self._probes.discard(chat)
            self._next_probe = {True: now, False: now}

    def refused(
        self, chat: Chat | None, seconds: float, now: float, *, by_people: bool, for_all: bool
    ) -> bool:
        """Notes that a probe was refused; tells whether it proves what was not proved before.

        It is `for_all` if the chat can hardly have exceeded a limit of its own.
        """
        self._probes.discard(chat)
        self._refusals += for_all
        if not for_all or (by_people and not self._is_proved and self._refusals < _CERTAIN):
            return False
        return self.prove(seconds, now, by_people=by_people)

    def _begin(self, now: float) -> None:
        self._is_proved = self.is_by_people = False
        self._began, self._wait, self._refusals = now, _SOON, 0
        self._probes.clear()
