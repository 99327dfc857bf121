"""How fast a bot may send, and what happens when it sends faster.

Documented by Telegram (https://core.telegram.org/bots/faq): about 30 messages a second in
all, no more than one a second in one chat though short bursts are let through, 20 a minute in
one group; who goes on gets 429. Not documented, and chosen here as the modest side of what
operators report: a burst of a second's worth in all and of 20 in one chat, a pause of three
seconds for a chat and of two for the whole bot. Edits count in their chat, and not towards
the 30, which are about new messages. A call during a pause is refused with what is left of
it and does not make it longer.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.simulator.errors import too_many

_KEPT = 10_000
"""Chats remembered before those that are full again are forgotten."""


@dataclass(slots=True)
class _Bucket:
    """Tokens that come back with time, and a pause once they have run out."""

    tokens: float
    at: float
    paused_until: float = 0.0


@dataclass(slots=True)
class Limits:
    """Telegram's flood limits; every number can be changed while running.

    `overall` and `per_chat` are messages a second, `per_group` messages a minute.
    """

    clock: Callable[[], float]
    on: bool = True
    overall: float = 30.0
    overall_burst: float = 30.0
    overall_pause: float = 2.0
    per_chat: float = 1.0
    per_chat_burst: float = 20.0
    per_chat_pause: float = 3.0
    per_group: int = 20
    _all: _Bucket | None = field(default=None, init=False)
    _chats: dict[int, _Bucket] = field(default_factory=dict, init=False)
    _groups: dict[int, deque[float]] = field(default_factory=dict, init=False)

    def count(self, chat_id: int, *, new: int = 1) -> None:
        """Count one call to a chat; `new` is how many messages it adds, 0 for an edit.

        A call goes through as a whole while there is room for one message, and what it takes
        beyond that is paid back by waiting longer: an album of ten counts as ten.

        Raises:
            Refused: 429, with the seconds to wait.
        """
        if not self.on:
            return
        now = self.clock()
        whole = self._all = self._all or _Bucket(self.overall_burst, now)
        chat = self._chat(chat_id, now)
        if new:
            self._check(whole, now, self.overall, self.overall_burst, self.overall_pause)
        self._check(chat, now, self.per_chat, self.per_chat_burst, self.per_chat_pause)
        if chat_id < 0 and new:
            self._check_group(chat_id, chat, now, new)
        whole.tokens -= new
        chat.tokens -= new or 1

    def _chat(self, chat_id: int, now: float) -> _Bucket:
        if len(self._chats) > _KEPT:
            refilled = now - self.per_chat_burst / self.per_chat
            self._chats = {
                chat: bucket
                for chat, bucket in self._chats.items()
                if bucket.at > refilled or bucket.paused_until > now
            }
        if chat_id not in self._chats:
            self._chats[chat_id] = _Bucket(self.per_chat_burst, now)
        return self._chats[chat_id]

    @staticmethod
    def _check(bucket: _Bucket, now: float, rate: float, burst: float, pause: float) -> None:
        if now < bucket.paused_until:
            raise too_many(math.ceil(bucket.paused_until - now))
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            bucket.paused_until = now + pause
            raise too_many(math.ceil(pause))

    def _check_group(self, chat_id: int, chat: _Bucket, now: float, new: int) -> None:
        sent = self._groups.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= self.per_group:
            chat.paused_until = sent[0] + 60
            raise too_many(math.ceil(chat.paused_until - now))
        sent.extend([now] * new)
