"""The pauses after a 429: of single chats, and of all.

Times are passed in, in seconds. Only paused chats are kept in memory.
"""

import math
from collections import deque
from typing import NamedTuple

from bot.transport.overall_pause import OverallPause, Weight
from bot.transport.recent_calls import Chat, RecentCalls

# This many different chats refused within this many seconds, with no call accepted in between:
# the bot, and not the chats, may have exceeded a limit.
_SEVERAL = 3
_WITHIN = 1.0
# This many of a broadcast's calls refused, and this share of all answers, though others are
# accepted: the bot has exceeded a limit.
_MANY = 10
_SHARE = 0.2
_SWEEP_EVERY = 1.0


class _Refusal(NamedTuple):
    """A 429, with the number of calls that were accepted before it."""

    at: float
    chat: Chat
    accepted: int
    is_reply: bool


class Pauses:
    """The pauses of single chats, and the overall pauses.

    Calls that send a new message (`new`) have an overall pause of their own, as they have a limit
    of their own: an accepted edit says nothing about it.
    """

    def __init__(self) -> None:
        self._until: dict[Chat, float] = {}
        self._overall = {True: OverallPause(), False: OverallPause()}
        self._calls = RecentCalls()
        self._answered = RecentCalls()
        self._recent: deque[_Refusal] = deque()
        self._accepted = 0
        self._swept_at = -math.inf

    def __len__(self) -> int:
        return len(self._until)

    def is_overall(self, now: float) -> bool:
        """Tells whether the overall pause of new messages is on: only probes leave."""
        return self._overall[True].is_on(now)

    @property
    def is_by_replies(self) -> bool:
        """Whether only replies have proved the overall pause of new messages."""
        return self._overall[True].is_by_replies

    def announced(self, now: float) -> float:
        """Returns for how many seconds Telegram asks to send no new message at all."""
        return self._overall[True].announced(now)

    def leaves(
        self, chat: Chat | None, now: float, *, new: bool = True, is_reply: bool = False
    ) -> None:
        """Notes a call that leaves now; `is_reply` means that it is a reply to the chat."""
        if chat is not None and is_reply:
            self._calls.add(chat, now)
        self._overall[new].leaves(chat, now, self._weight(chat, now, is_reply=is_reply))

    def accepted(self, chat: Chat | None, now: float, *, new: bool = True) -> None:
        """Notes a call that was accepted."""
        self._overall[new].accepted(chat, now)
        if chat is not None and self._calls.number(chat, now):
            self._answered.add(chat, now)
        if new:
            self._accepted += 1

    def failed(self, chat: Chat | None, now: float, *, new: bool = True) -> None:
        """Notes a call that failed in transit, which says nothing about any limit."""
        self._overall[new].failed(chat, now)

    def content_rejected(self, chat: Chat | None, now: float, *, new: bool = True) -> None:
        """Notes a call that Telegram rejected for its content: no limit was exceeded."""
        self._overall[new].accepted(chat, now)

    def refused(self, chat: Chat | None, seconds: float, now: float, *, new: bool = True) -> bool:
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

    def seconds_left(
        self,
        chat: Chat | None,
        now: float,
        *,
        new: bool = True,
        is_reply: bool = False,
    ) -> float:
        """Returns the seconds until a call to this chat, or without one to any, may leave."""
        left = self._overall[new].seconds_left(now, self._weight(chat, now, is_reply=is_reply))
        if self._until:
            self._sweep(now)
            if chat is not None:
                left = max(left, self._until.get(chat, -math.inf) - now)
        return left

    def _weight(self, chat: Chat | None, now: float, *, is_reply: bool) -> Weight:
        if not is_reply:
            return Weight.BROADCAST
        is_known = chat is not None and self._answered.number(chat, now) > 0
        return Weight.KNOWN_CHAT if is_known else Weight.UNKNOWN_CHAT

    def _is_for_all(self, chat: Chat | None, now: float) -> bool:
        """Tells whether a refusal can hardly be due to a limit of the chat itself.

        A person who taps without a rest exceeds their chat's limit, and the owner of a group sets
        how seldom a bot may write there. Neither concerns other chats.
        """
        is_private = isinstance(chat, int) and chat > 0
        return chat is None or (is_private and self._calls.number(chat, now) <= 1)

    def _is_one_of_many(self, chat: Chat, seconds: float, now: float) -> bool:
        """Begins an overall pause if there are many refusals; tells whether it is proved."""
        while self._recent and self._recent[0].at < now - _WITHIN:
            self._recent.popleft()
        if all(chat != refusal.chat for refusal in self._recent):
            is_reply = self._calls.number(chat, now) > 0
            self._recent.append(_Refusal(now, chat, self._accepted, is_reply))
        refused = len(self._recent)
        if refused < _SEVERAL:
            return False
        answers = refused + self._accepted - self._recent[0].accepted
        many = sum(not refusal.is_reply for refusal in self._recent)
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
