"""The pauses after a 429: of single chats, and of all.

Times are passed in, in seconds. Only paused chats are kept in memory.
"""

import math
from collections import deque
from typing import NamedTuple

from bot.transport.overall_pause import OverallPause
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

    def __len__(self) -> int:
        return len(self._until)

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
