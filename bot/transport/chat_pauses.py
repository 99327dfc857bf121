"""Who must be left alone until when, after a 429.

Pure: every function is told the time. Memory holds paused chats only.
"""

import math
from collections import deque
from typing import NamedTuple

from bot.transport.overall_pause import OverallPause, Weight
from bot.transport.recent_calls import RecentCalls

# So many different chats refused within so many seconds, and nobody accepted in between: it may
# be the bot, and not the chats.
_SEVERAL = 3
_WITHIN = 1.0
# Or so many of a broadcast's, and so large a share of the answers, though others are accepted:
# then it is.
_MANY = 10
_SHARE = 0.2
_SWEEP_EVERY = 1.0


class _Refusal(NamedTuple):
    """A 429, and how many calls had been accepted before it."""

    at: float
    chat: int | str
    accepted: int
    asked_for: bool


class Pauses:
    """The pauses of single chats, and the one of all.

    Calls that make a message (`new`) have a pause of all to themselves, since they have a limit
    to themselves: that an edit is accepted says nothing about them.
    """

    def __init__(self) -> None:
        self._until: dict[int | str, float] = {}
        self._overall = {True: OverallPause(), False: OverallPause()}
        self._calls = RecentCalls()
        self._answered = RecentCalls()
        self._recent: deque[_Refusal] = deque()
        self._accepted = 0
        self._swept_at = -math.inf

    def __len__(self) -> int:
        return len(self._until)

    def is_overall(self, now: float) -> bool:
        """Whether new messages leave one by one, if at all."""
        return self._overall[True].is_on(now)

    @property
    def is_by_people(self) -> bool:
        """Whether the pause of new messages was proved by answers to people alone."""
        return self._overall[True].is_by_people

    def announced(self, now: float) -> float:
        """Returns how long Telegram asks to make no new message at all."""
        return self._overall[True].announced(now)

    def leaves(
        self, chat: int | str | None, now: float, *, new: bool = True, asked_for: bool = False
    ) -> None:
        """Notes a call that leaves now; `asked_for` is one that answers what the chat did."""
        if chat is not None and asked_for:
            self._calls.add(chat, now)
        self._overall[new].leaves(chat, now, self._weight(chat, now, asked_for=asked_for))

    def accepted(self, chat: int | str | None, now: float, *, new: bool = True) -> None:
        """Notes a call that was accepted."""
        self._overall[new].accepted(chat, now)
        if chat is not None and self._calls.number(chat, now):
            self._answered.add(chat, now)
        if new:
            self._accepted += 1

    def failed(self, chat: int | str | None, now: float, *, new: bool = True) -> None:
        """Notes a call that failed on the way, which says nothing about any limit."""
        self._overall[new].failed(chat, now)

    def judged(self, chat: int | str | None, now: float, *, new: bool = True) -> None:
        """Notes a call that Telegram turned down for what it is: no limit kept it away."""
        self._overall[new].accepted(chat, now)

    def refused(
        self, chat: int | str | None, seconds: float, now: float, *, new: bool = True
    ) -> bool:
        """Notes a 429; tells whether it shows that new messages exceed the bot's own limit."""
        self._sweep(now)
        for_all = self._is_for_all(chat, now)
        if chat is not None:
            self._until[chat] = max(self._until.get(chat, now), now + seconds)
        if self._overall[new].refused(chat, seconds, now, for_all=for_all):
            return new
        if chat is None or not for_all or self._overall[new].is_on(now):
            return False
        return self._is_one_of_many(chat, seconds, now)

    def left(
        self,
        chat: int | str | None,
        now: float,
        *,
        new: bool = True,
        asked_for: bool = False,
    ) -> float:
        """Returns the seconds until a call to this chat may leave; without a chat, to anybody."""
        left = self._overall[new].left(now, self._weight(chat, now, asked_for=asked_for))
        if self._until:
            self._sweep(now)
            if chat is not None:
                left = max(left, self._until.get(chat, -math.inf) - now)
        return left

    def _weight(self, chat: int | str | None, now: float, *, asked_for: bool) -> Weight:
        if not asked_for:
            return Weight.CHOSEN
        is_known = chat is not None and self._answered.number(chat, now) > 0
        return Weight.KNOWN if is_known else Weight.STRANGER

    def _is_for_all(self, chat: int | str | None, now: float) -> bool:
        """Whether a refusal can hardly be the chat's own doing.

        A person who taps without a rest exceeds their chat's limit, and whoever owns a group sets
        how seldom a bot may write there. Neither is anything to everybody else.
        """
        is_private = isinstance(chat, int) and chat > 0
        return chat is None or (is_private and self._calls.number(chat, now) <= 1)

    def _is_one_of_many(self, chat: int | str, seconds: float, now: float) -> bool:
        """Begins a pause of all when it looks like one; tells whether it is one beyond doubt."""
        while self._recent and self._recent[0].at < now - _WITHIN:
            self._recent.popleft()
        if all(chat != refusal.chat for refusal in self._recent):
            asked_for = self._calls.number(chat, now) > 0
            self._recent.append(_Refusal(now, chat, self._accepted, asked_for))
        refused = len(self._recent)
        if refused < _SEVERAL:
            return False
        answers = refused + self._accepted - self._recent[0].accepted
        many = sum(not refusal.asked_for for refusal in self._recent)
        if many >= _MANY and many >= _SHARE * answers:
            self._recent.clear()
            for pause in self._overall.values():
                pause.prove(seconds, now)
            return True
        if self._recent[-_SEVERAL].accepted == self._accepted:
            begun = [pause.suspect(now) for pause in self._overall.values()]
            if any(begun):
                self._recent.clear()
        return False

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._until = {chat: until for chat, until in self._until.items() if until > now}
