"""The pauses after a 429: of single chats, and of all.

When several chats are refused at once, each may have exceeded a limit of its own, or the bot its
overall limit. A single call, the probe, tells which: it leaves while all others wait, and when it
is accepted they follow. A suspicion lasts a second at most, with a probe every quarter of it; when
one of a broadcast's calls is refused as the probe, the pause lasts as long as Telegram says, with
fewer and fewer probes. What becomes of a reply proves nothing, since anybody can send a crowd:
`docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds. Only the chats of the last seconds, and paused ones, are kept in
memory.
"""

import math
from collections import Counter

Chat = int | str
"""A chat's number, or the @name of a channel."""

# This many different chats refused within this many seconds, with no message accepted in between:
# the bot, and not the chats, may have exceeded a limit.
_SEVERAL = 3
_WITHIN = 1.0
# A pause on suspicion alone ends after this time, whatever becomes of its probes.
_DOUBT = 1.0
# After a suspicion that was wrong there is none for this many times as long as it lasted, so that
# they take up a tenth of the time at most, however often somebody provokes them.
_RARELY = 9
# From one probe to the next: on a suspicion, and at first in a proved pause, where it doubles.
_SOON = 0.25
_FIRST_WAIT = 2.0
# Calls that wait for the answer to a probe ask again after this time, for as long as one takes.
_ASK_AGAIN, _ANSWER_SECONDS = 0.1, 1.0


class RecentCalls:
    """Counts calls by chat; each is remembered for that many seconds, or up to twice as long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._current = Counter[Chat | None]()
        self._former = Counter[Chat | None]()
        self._since = -math.inf

    def add(self, chat: Chat | None, now: float) -> None:
        """Counts a call."""
        self._forget(now)
        self._current[chat] += 1

    def number(self, chat: Chat | None, now: float) -> int:
        """Returns how many calls the chat has had of late."""
        self._forget(now)
        return self._current[chat] + self._former[chat]

    def _forget(self, now: float) -> None:
        age = now - self._since
        if age < self._seconds:
            return
        self._former = self._current if age < 2 * self._seconds else Counter()
        self._current = Counter()
        self._since = now


class ChatPauses:
    """The pauses of single chats; a new one forgets those that are over."""

    def __init__(self) -> None:
        self._until: dict[Chat | None, float] = {}

    def refused(self, chat: Chat, seconds: float, now: float) -> None:
        """Pauses a chat for so many seconds."""
        self._until = {each: until for each, until in self._until.items() if until > now}
        self._until[chat] = max(self._until.get(chat, now), now + seconds)

    def seconds_left(self, chat: Chat | None, now: float) -> float:
        """Returns the seconds until a call to this chat may leave; without one, 0."""
        return max(0.0, self._until.get(chat, now) - now)


class OverallPause:
    """The overall pause of new messages, on or off; only its probes leave while it is on."""

    def __init__(self) -> None:
        self._began = self._ends = self._none_before = -math.inf
        self._probed_at = self._next_probe = -math.inf
        self._is_proved = False
        self._wait = _SOON
        self._probes = set[Chat | None]()  # those not answered yet, by chat
        self._in_a_row: dict[Chat, float] = {}  # refused since the last accepted one, and when

    def announced(self, now: float) -> float:
        """Returns the seconds left of the pause that Telegram announced; 0 on a suspicion."""
        return max(0.0, self._ends - now) if self._is_proved else 0.0

    def seconds_left(self, now: float, *, trusted: bool) -> float:
        """Returns the seconds until a call may leave, or may ask again; 0 for the next probe.

        A call is `trusted` when it is a broadcast's, or goes to a chat that has just been
        answered; others leave the probe to those for a moment.
        """
        behind = 0.0 if trusted else _SOON
        left = max(0.0, min(self._next_probe + behind, self._ends) - now)
        is_awaited = bool(self._probes) and now < self._probed_at + _ANSWER_SECONDS
        return min(left, _ASK_AGAIN) if is_awaited else left

    def leaves(self, chat: Chat | None, now: float) -> None:
        """Notes a call that leaves: while the pause is on, it is a probe."""
        self._probes.discard(chat)  # the answer to an earlier call says nothing about a pause
        if now < self._ends:
            self._probes.add(chat)
            self._probed_at, self._next_probe = now, now + self._wait

    def accepted(self, chat: Chat | None, now: float) -> None:
        """Notes an accepted call, which ends the pause when it was a probe."""
        self._in_a_row.clear()
        if chat not in self._probes:
            return
        self._probes.clear()
        self._ends = min(self._ends, now)
        if not self._is_proved:
            self._none_before = self._ends + _RARELY * (self._ends - self._began)

    def refused(self, chat: Chat, seconds: float, now: float, replies: int) -> bool:
        """Notes a refused call; tells whether it proves a pause for so many seconds, just now.

        A person who taps without a rest exceeds their chat's limit, and a group's owner sets how
        seldom a bot may write there, which concerns no other chat. `replies` is how many this one
        had of late: one proves nothing either, since anybody can send a crowd that is refused.
        """
        is_probe = chat in self._probes
        self._probes.discard(chat)
        if not isinstance(chat, int) or chat < 0 or replies > 1:
            return False
        if not is_probe:
            self._suspect(chat, now)
        if not is_probe or replies > 0:
            return False
        is_new, self._is_proved = not self._is_proved, True
        self._wait = _FIRST_WAIT if is_new else 2 * self._wait
        self._ends, self._next_probe = now + seconds, now + self._wait
        return is_new

    def _suspect(self, chat: Chat, now: float) -> None:
        """Begins a pause when several are refused, unless it was wrong not long ago."""
        recent = {each: at for each, at in self._in_a_row.items() if at >= now - _WITHIN}
        self._in_a_row = recent | {chat: now}
        if len(self._in_a_row) >= _SEVERAL and now >= max(self._ends, self._none_before):
            self._in_a_row.clear()
            self._probes.clear()
            self._is_proved, self._wait = False, _SOON
            self._began = self._next_probe = now
            self._ends = now + _DOUBT
