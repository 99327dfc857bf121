"""Who must be left alone until when, after a 429.

Pure: every function is told the time. Memory holds paused chats only.
"""

import math
from collections import deque
from typing import NamedTuple

# So many different chats refused within so many seconds, and nobody accepted in between: it is
# the bot, not the chat.
_SEVERAL = 3
_WITHIN = 1.0
# Or so many, and so large a share of the answers, though others are accepted.
_MANY = 10
_SHARE = 0.2
_SWEEP_EVERY = 1.0


class _Refusal(NamedTuple):
    """A 429, and how many calls had been accepted before it."""

    at: float
    chat: int | str
    accepted: int


class Pauses:
    """The pauses of single chats, and the one of all."""

    def __init__(self) -> None:
        self._until: dict[int | str, float] = {}
        self._all_until = -math.inf
        self._recent: deque[_Refusal] = deque()
        self._accepted = 0
        self._swept_at = -math.inf

    def __len__(self) -> int:
        return len(self._until)

    def accepted(self) -> None:
        """A call was accepted, whoever it went to."""
        self._accepted += 1

    def add(self, chat: int | str | None, seconds: float, now: float) -> bool:
        """Notes a 429; tells whether a pause of all began with it."""
        self._sweep(now)
        if chat is None:
            return False
        self._until[chat] = max(self._until.get(chat, now), now + seconds)
        was_paused = now < self._all_until
        if not was_paused and not self._is_one_of_several(chat, now):
            return False
        self._recent.clear()
        self._all_until = max(self._all_until, now + seconds)
        return not was_paused

    def left(self, chat: int | str | None, now: float) -> float:
        """Seconds until a call to this chat may leave; without a chat, to anybody."""
        until = self._all_until
        if self._until:
            self._sweep(now)
            if chat is not None:
                until = max(until, self._until.get(chat, -math.inf))
        return max(0.0, until - now)

    def _is_one_of_several(self, chat: int | str, now: float) -> bool:
        while self._recent and self._recent[0].at < now - _WITHIN:
            self._recent.popleft()
        if all(chat != refusal.chat for refusal in self._recent):
            self._recent.append(_Refusal(now, chat, self._accepted))
        refused = len(self._recent)
        if refused < _SEVERAL:
            return False
        if self._recent[-_SEVERAL].accepted == self._accepted:
            return True
        answers = refused + self._accepted - self._recent[0].accepted
        return refused >= _MANY and refused >= _SHARE * answers

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._until = {chat: until for chat, until in self._until.items() if until > now}
