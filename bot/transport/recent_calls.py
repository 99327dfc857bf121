"""How many calls went to each chat of late: tells whose refusal may be the chat's own doing.

Pure: every function is told the time. Memory holds the chats of the last seconds only.
"""

import math
from collections import Counter

_REMEMBERED = 10.0


class RecentCalls:
    """Counts calls by chat, in two spans of time that follow each other.

    Args:
        seconds: for which a call is remembered, and for twice as many at most.
    """

    def __init__(self, seconds: float = _REMEMBERED) -> None:
        self._seconds = seconds
        self._current = Counter[int | str]()
        self._former = Counter[int | str]()
        self._since = -math.inf

    def __len__(self) -> int:
        return len(self._current) + len(self._former)

    def add(self, chat: int | str, now: float) -> None:
        """Counts a call that leaves now."""
        self._forget(now)
        self._current[chat] += 1

    def number(self, chat: int | str, now: float) -> int:
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
