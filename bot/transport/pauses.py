"""The pauses after a 429: of single chats, and of all.

When several chats are refused at once, each may have exceeded a limit of its own, or the bot its
overall limit. A single call, the probe, tells which: it leaves while all others wait, and when it
is accepted they follow. A suspicion lasts a second at most, with a probe every quarter of it; a
proved pause for as long as Telegram says, with fewer and fewer probes. So that a crowd cannot take
up every probe, calls whose refusal says little do not delay the others:
`docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds. Only paused chats are kept in memory.
"""

import math
from collections import deque
from typing import NamedTuple

from bot.transport.recent_calls import Chat, RecentCalls

# This many different chats refused within this many seconds, with no message accepted in between:
# the bot, and not the chats, may have exceeded a limit.
_SEVERAL = 3
_WITHIN = 1.0
# This many of a broadcast's calls refused, and this share of all answers, though others are
# accepted: the bot has exceeded a limit.
_MANY = 10
_SHARE = 0.2
_SWEEP_EVERY = 1.0

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


class _Refusal(NamedTuple):
    """A 429, with the number of messages that were accepted before it."""

    at: float
    chat: Chat
    accepted: int
    is_reply: bool


class Pauses:
    """The pauses of single chats, and the overall pause of new messages.

    Edits and deletions count towards their chat's limit only, so they say nothing about the
    overall one, and do not wait for it: refused ones are paused chat by chat.
    """

    def __init__(self) -> None:
        self._until: dict[Chat, float] = {}
        self.overall = OverallPause()
        self._calls = RecentCalls()
        self._answered = RecentCalls()
        self._recent: deque[_Refusal] = deque()
        self._accepted = 0
        self._swept_at = -math.inf

    def leaves(
        self, chat: Chat | None, now: float, *, new: bool = True, is_reply: bool = False
    ) -> None:
        """Notes a call that leaves now; `is_reply` means that it is a reply to the chat."""
        if chat is not None and is_reply:
            self._calls.add(chat, now)
        if new:
            trusted = self._is_trusted(chat, now, is_reply=is_reply)
            self.overall.leaves(chat, now, trusted=trusted)

    def accepted(self, chat: Chat | None, now: float, *, new: bool = True) -> None:
        """Notes a call that was accepted."""
        if chat is not None and self._calls.number(chat, now):
            self._answered.add(chat, now)
        if new:
            self._accepted += 1
            self.overall.accepted(chat, now)

    def refused(self, chat: Chat | None, seconds: float, now: float, *, new: bool = True) -> bool:
        """Notes a 429; tells whether it shows that new messages exceed the bot's own limit."""
        self._sweep(now)
        if chat is not None:
            self._until[chat] = max(self._until.get(chat, now), now + seconds)
        if not new:
            return False
        for_all = self._is_for_all(chat, now)
        by_people = chat is not None and self._calls.number(chat, now) > 0
        if self.overall.is_probe(chat):
            return self.overall.refused(chat, seconds, now, by_people=by_people, for_all=for_all)
        if chat is None or not for_all or self.overall.is_on(now):
            return False
        return self._is_one_of_many(_Refusal(now, chat, self._accepted, by_people), seconds)

    def seconds_left(
        self, chat: Chat | None, now: float, *, new: bool = True, is_reply: bool = False
    ) -> float:
        """Returns the seconds until a call to this chat, or without one to any, may leave."""
        left = 0.0
        if new:
            trusted = self._is_trusted(chat, now, is_reply=is_reply)
            left = self.overall.seconds_left(now, trusted=trusted)
        if chat is not None and self._until:
            self._sweep(now)
            left = max(left, self._until.get(chat, -math.inf) - now)
        return left

    def _is_trusted(self, chat: Chat | None, now: float, *, is_reply: bool) -> bool:
        return not is_reply or (chat is not None and self._answered.number(chat, now) > 0)

    def _is_for_all(self, chat: Chat | None, now: float) -> bool:
        """Tells whether a refusal can hardly be due to a limit of the chat itself.

        A person who taps without a rest exceeds their chat's limit, and the owner of a group sets
        how seldom a bot may write there. Neither concerns other chats.
        """
        is_private = isinstance(chat, int) and chat > 0
        return chat is None or (is_private and self._calls.number(chat, now) <= 1)

    def _is_one_of_many(self, refusal: _Refusal, seconds: float) -> bool:
        """Begins an overall pause if there are many refusals; tells whether it is proved."""
        while self._recent and self._recent[0].at < refusal.at - _WITHIN:
            self._recent.popleft()
        if all(refusal.chat != other.chat for other in self._recent):
            self._recent.append(refusal)
        refused = len(self._recent)
        answers = refused + self._accepted - self._recent[0].accepted
        many = sum(not each.is_reply for each in self._recent)
        if many >= _MANY and many >= _SHARE * answers:
            self._recent.clear()
            return self.overall.prove(seconds, refusal.at, by_people=False)
        if refused >= _SEVERAL and self._recent[-_SEVERAL].accepted == self._accepted:
            self.overall.suspect(refusal.at)
            if self.overall.is_on(refusal.at):
                self._recent.clear()
        return False

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._until = {chat: until for chat, until in self._until.items() if until > now}
