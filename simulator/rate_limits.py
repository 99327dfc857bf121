"""Telegram's rate limits: how fast a bot may send, and the 429 it gets when it is faster.

Documented by Telegram (https://core.telegram.org/bots/faq): about 30 messages a second in
all, no more than one a second in one chat though short bursts are let through, 20 a minute in
one group; a bot that exceeds them gets 429. Not documented, and chosen here at the low end of
what operators report: a burst of one second's worth in all and of 20 in one chat, a pause of
three seconds for a chat and of two for the whole bot. Edits count in their chat, but not
towards the 30, which are about new messages. A call during a pause is refused with the
seconds left and does not prolong it.

Paid messages (https://core.telegram.org/bots/api#paid-broadcasts): with `allow_paid_broadcast`
up to 1,000 a second, those over the free 30 for 0.1 Star each, for a bot that has at least
10,000 Stars. The rest is not documented; the stricter reading is chosen here: paid messages
use up the free ones first, so an ordinary reply beside a paid broadcast can be refused; the
limits of a chat hold for paid messages too; a bot whose balance is too low has the ordinary
limits from that call on, and gets a 429, not another error.
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

    def pay(self, price: float) -> None:
        """Takes this many Stars from the balance."""
        self.balance = round(self.balance - price, 9)

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

    `overall`, `paid` and `per_chat` are messages a second, `per_group` messages a minute,
    `price` is in Stars for one message, `least_balance` in Stars.
    """

    clock: Callable[[], float]
    stars: Stars = field(default_factory=Stars)
    on: bool = True
    overall: float = 30.0
    overall_burst: float = 30.0
    overall_pause: float = 2.0
    paid: float = 1000.0
    paid_burst: float = 1000.0
    price: float = 0.1
    least_balance: float = 10_000.0
    per_chat: float = 1.0
    per_chat_burst: float = 20.0
    per_chat_pause: float = 3.0
    per_group: int = 20
    _all: _Bucket | None = field(default=None, init=False)
    _all_paid: _Bucket | None = field(default=None, init=False)
    _chats: dict[int, _Bucket] = field(default_factory=dict, init=False)
    _groups: dict[int, deque[float]] = field(default_factory=dict, init=False)

    def allow(self, rate: float, *, burst: float) -> None:
        """Sets the overall limit to `rate` messages a second, with a full bucket of `burst`."""
        self.overall, self.overall_burst = rate, burst
        self._all = None

    def count(self, chat_id: int, *, new: int = 1, paid: bool = False) -> None:
        """Counts one call to a chat, or refuses it with a 429.

        `new` is how many messages it adds, 0 for an edit. A call passes as a whole if there is
        room for one message. What it takes beyond that lengthens the wait: an album of ten counts
        as ten.
        """
        if not self.on:
            return
        now = self.clock()
        chat = self._chats.setdefault(chat_id, _Bucket(self.per_chat_burst, now))
        bought = self._bought(now, new, paid) if new else 0
        chat.refill(now, self.per_chat, self.per_chat_burst)
        chat.check(now, self.per_chat_pause)
        if chat_id < 0 and new:
            self._check_group(chat_id, chat, now, new)
        chat.tokens -= new or 1
        self._take(new, bought, paid=paid)

    def _bought(self, now: float, new: int, paid: bool) -> int:
        """Returns how many of these messages must be paid for; refuses too many."""
        free = self._all = self._all or _Bucket(self.overall_burst, now)
        free.refill(now, self.overall, self.overall_burst)
        if not paid or self.stars.balance < max(self.least_balance, new * self.price):
            free.check(now, self.overall_pause)
            return 0
        whole = self._all_paid = self._all_paid or _Bucket(self.paid_burst, now)
        whole.refill(now, self.paid, self.paid_burst)
        whole.check(now, self.overall_pause)
        return new - min(new, max(0, int(free.tokens)))

    def _take(self, new: int, bought: int, *, paid: bool) -> None:
        if paid and self._all_paid is not None:
            self._all_paid.tokens -= new
        if bought:
            self.stars.pay(bought * self.price)
        if self._all is not None:
            self._all.tokens -= new - bought

    def _check_group(self, chat_id: int, chat: _Bucket, now: float, new: int) -> None:
        sent = self._groups.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= self.per_group:
            chat.paused_until = sent[0] + 60
            raise too_many(math.ceil(chat.paused_until - now))
        sent.extend([now] * new)
