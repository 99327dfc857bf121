"""Telegram's rate limits: how fast a bot may send, and the 429 it gets when it is faster.

Documented by Telegram (https://core.telegram.org/bots/faq): about 30 messages a second in
all, no more than one a second in one chat though short bursts are let through, 20 a minute in
one group; a bot that exceeds them gets 429. Not documented, and chosen here at the low end of
what operators report: a burst of one second's worth in all and of 20 in one chat, a pause of
three seconds for a chat and of two for the whole bot. Edits count in their chat, but not
towards the 30, which are about new messages. A call during a pause is refused with the
seconds left and does not prolong it.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.chats import Shape
from simulator.errors import too_many

_PARTS = 1_000_000_000
"""Telegram counts in billionths of a Star."""


@dataclass(slots=True)
class Stars:
    """A balance in Stars, with fractions; can be set at any time."""

    balance: float = 0.0

    def shape(self) -> Shape:
        """Returns the balance as a StarAmount."""
        whole, parts = divmod(round(self.balance * _PARTS), _PARTS)
        return {"amount": whole, "nanostar_amount": parts} if parts else {"amount": whole}


@dataclass(slots=True)
class _Bucket:
    """A token bucket, with a pause once it is empty."""

    tokens: float
    at: float
    paused_until: float = 0.0

    def refill(self, now: float, rate: float, burst: float) -> None:
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now

    def check(self, now: float, pause: float) -> None:
        """Refuses a call without a token, and all calls in the `pause` seconds after that."""
        if now < self.paused_until:
            raise too_many(math.ceil(self.paused_until - now))
        if self.tokens < 1:
            self.paused_until = now + pause
            raise too_many(math.ceil(pause))


@dataclass(slots=True)
class RateLimits:
    """Telegram's rate limits; every number can be changed while running.

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

    def allow(self, rate: float, *, burst: float) -> None:
        """Sets the overall limit to `rate` messages a second, with a full bucket of `burst`."""
        self.overall, self.overall_burst = rate, burst
        self._all = None

    def count(self, chat_id: int, *, new: int = 1) -> None:
        """Counts one call to a chat, or refuses it with a 429.

        `new` is how many messages it adds, 0 for an edit. A call passes as a whole if there is
        room for one message. What it takes beyond that lengthens the wait: an album of ten counts
        as ten.
        """
        if not self.on:
            return
        now = self.clock()
        chat = self._chats.setdefault(chat_id, _Bucket(self.per_chat_burst, now))
        whole = self._all = self._all or _Bucket(self.overall_burst, now)
        if new:
            whole.refill(now, self.overall, self.overall_burst)
            whole.check(now, self.overall_pause)
        chat.refill(now, self.per_chat, self.per_chat_burst)
        chat.check(now, self.per_chat_pause)
        if chat_id < 0 and new:
            self._check_group(chat_id, chat, now, new)
        chat.tokens -= new or 1
        whole.tokens -= new

    def _check_group(self, chat_id: int, chat: _Bucket, now: float, new: int) -> None:
        sent = self._groups.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= self.per_group:
            chat.paused_until = sent[0] + 60
            raise too_many(math.ceil(chat.paused_until - now))
        sent.extend([now] * new)
