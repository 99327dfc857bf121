"""The pauses after a 429: of single chats, and of all.

When several chats are refused at once, each may have exceeded a limit of its own, or the bot its
overall limit. A single call, the probe, tells which: it leaves while all others wait, and when it
is accepted they follow. A suspicion lasts a second at most, with a probe every quarter of it; a
proved pause for as long as Telegram says, with fewer and fewer probes. So that a crowd cannot take
up every probe, calls whose refusal says little do not delay the others:
`docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds. Only chats of the last seconds are kept in memory.
"""

import math
from collections import Counter, deque
from typing import NamedTuple

Chat = int | str
"""A chat's number, or the @name of a channel."""

# This many different chats refused within this many seconds, and this share of all answers: the
# bot, and not the chats, may have exceeded a limit. With so many of a broadcast's calls it has.
_SEVERAL = 3
_MANY = 10
_WITHIN = 1.0
_SHARE = 0.2
# A chat that had another reply within these seconds is not refused on the bot's account.
_LATELY = 10.0
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


class RecentCalls:
    """Counts calls by chat; each is remembered for that many seconds, or up to twice as long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._current = Counter[Chat]()
        self._former = Counter[Chat]()
        self._since = -math.inf

    def __len__(self) -> int:
        return len(self._current) + len(self._former)

    def add(self, chat: Chat, now: float) -> None:
        """Counts a call that leaves now."""
        self._forget(now)
        self._current[chat] += 1

    def number(self, chat: Chat | None, now: float) -> int:
        """Returns how many calls the chat has had of late."""
        if chat is None:
            return 0
        self._forget(now)
        return self._current[chat] + self._former[chat]

    def _forget(self, now: float) -> None:
        age = now - self._since
        if age < self._seconds:
            return
        self._former = self._current if age < 2 * self._seconds else Counter()
        self._current = Counter()
        self._since = now


class OverallPause:
    """The pause of all new messages, on or off.

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
        if now < trusted_until and not self._is_proved:
            return
        self._begin(now)
        self._ends = now + _DOUBT
        self._next_probe = {True: now, False: now + _SOON}

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
        """Notes a call that met no limit, which ends the pause when it was a probe."""
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

    Edits and deletions (not `new`) count towards their chat's limit only, so they say nothing
    about the overall one, and do not wait for it: refused ones are paused chat by chat.
    """

    def __init__(self) -> None:
        self._until: dict[Chat, float] = {}
        self.overall = OverallPause()
        self._replies = RecentCalls(_LATELY)
        self._answered = RecentCalls(_LATELY)
        self._recent: deque[_Refusal] = deque()
        self._accepted = 0
        self._swept_at = -math.inf

    def __len__(self) -> int:
        return len(self._until)

    def leaves(
        self, chat: Chat | None, now: float, *, new: bool = True, is_reply: bool = False
    ) -> None:
        """Notes a call that leaves now; `is_reply` means that it is a reply to the chat."""
        if chat is not None and is_reply:
            self._replies.add(chat, now)
        if new:
            trusted = self._is_trusted(chat, now, is_reply=is_reply)
            self.overall.leaves(chat, now, trusted=trusted)

    def accepted(self, chat: Chat | None, now: float, *, new: bool = True) -> None:
        """Notes a call that met no limit."""
        if chat is not None and self._replies.number(chat, now):
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
        # A person who taps without a rest exceeds their chat's limit, and the owner of a group
        # sets how seldom a bot may write there. Neither concerns other chats.
        is_private = isinstance(chat, int) and chat > 0
        replies = self._replies.number(chat, now)
        for_all = chat is None or (is_private and replies <= 1)
        is_many = False
        if not self.overall.is_probe(chat):
            if chat is None or not for_all or self.overall.is_on(now):
                return False
            is_many = self._is_one_of_many(_Refusal(now, chat, self._accepted, replies > 0))
            if not is_many:
                return False
        by_people = replies > 0 and not is_many
        return self.overall.refused(chat, seconds, now, by_people=by_people, for_all=for_all)

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
        return not is_reply or self._answered.number(chat, now) > 0

    def _is_one_of_many(self, refusal: _Refusal) -> bool:
        """Tells whether a broadcast has certainly exceeded a limit; begins a suspicion before."""
        while self._recent and self._recent[0].at < refusal.at - _WITHIN:
            self._recent.popleft()
        if all(refusal.chat != other.chat for other in self._recent):
            self._recent.append(refusal)
        refused = len(self._recent)
        answers = refused + self._accepted - self._recent[0].accepted
        if refused < _SEVERAL or refused < _SHARE * answers:
            return False
        is_many = sum(not each.is_reply for each in self._recent) >= _MANY
        if not is_many:
            self.overall.suspect(refusal.at)
        if is_many or self.overall.is_on(refusal.at):
            self._recent.clear()
        return is_many

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._until = {chat: until for chat, until in self._until.items() if until > now}
