"""Counts how many calls went to each chat of late, as a chat with many may exceed its own limit.

Times are passed in, in seconds. Only the chats of the last seconds are kept in memory.
"""

import math
from collections import Counter

Chat = int | str
"""A chat's number, or the @name of a channel."""

# A chat that had another answer within these seconds is not refused on the bot's account.
_REMEMBERED = 10.0


class RecentCalls:
    """Counts calls by chat; each is remembered for that many seconds, or up to twice as long."""

    def __init__(self, seconds: float = _REMEMBERED) -> None:
        self._seconds = seconds
        self._current = Counter[Chat]()
        self._former = Counter[Chat]()
        self._since = -math.inf

    def add(self, chat: Chat, now: float) -> None:
        """Counts a call that leaves now."""
        self._forget(now)
        self._current[chat] += 1

    def number(self, chat: Chat, now: float) -> int:
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
