"""The rate of replies that are new messages, and the times at which chats come back in a crowd.

A wait in a handler would keep the update from being acknowledged, and Telegram hands out no more
than a hundred of those: a waiting crowd would keep everybody else from being answered at all. So
those who would wait long are given a time to come back, in the order in which they came.

Times are passed in, in seconds; rates are in new messages a second.
"""

from bot.transport.rate_limiter import SlotLimiter
from bot.transport.recent_calls import Chat

# After a 429: the share of the rate that is kept, and the share of the ceiling that is regained
# each second.
_KEPT = 0.7
_REGAINED = 0.005
_LOWEST_SHARE = 0.02

# A chat waits in the line when its time is no further away than this.
_SHORT = 1.0
# For this long after its time a chat may come, and then send the messages of one reply.
_VALID = 10.0
_REPLY_SECONDS = 1.0


class ReplyRate:
    """The rate of replies, which falls with each overall refusal and slowly recovers."""

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._kept = ceiling
        self._slowed_at = 0.0

    def rate(self, now: float) -> float:
        """Returns the present rate in messages a second."""
        if self._kept >= self._ceiling:
            return self._ceiling
        regained = self._ceiling * _REGAINED * max(0.0, now - self._slowed_at)
        return min(self._ceiling, self._kept + regained)

    def slow_down(self, now: float) -> None:
        """Lowers the rate after a refusal."""
        self._kept = max(self._ceiling * _LOWEST_SHARE, self.rate(now) * _KEPT)
        self._slowed_at = now


class Appointments:
    """Gives chats times to come back, so that no more come at a time than the rate allows."""

    def __init__(self, rate: float, burst: int) -> None:
        self._times = SlotLimiter(rate, burst)
        self._given: dict[Chat, float] = {}

    def __len__(self) -> int:
        return len(self._given)

    def come_back_in(self, chat: Chat, now: float, rate: float) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        if not self.has(chat, now):
            self._given.pop(chat, None)
            self._given[chat] = self._times.take(now, rate)
        wait = self._given[chat] - now
        return wait if wait > _SHORT else 0.0

    def has(self, chat: Chat, now: float) -> bool:
        """Tells whether a chat was given a time that is not long past."""
        # The times rise, so the oldest comes first.
        while self._given and (first := next(iter(self._given.items())))[1] <= now - _VALID:
            del self._given[first[0]]
        return self._given.get(chat, now - _VALID) > now - _VALID

    def use(self, chat: Chat, now: float) -> None:
        """Notes that a chat which came at its time sends now; others of its reply may follow."""
        if chat in self._given:
            self._given[chat] = min(self._given[chat], now - _VALID + _REPLY_SECONDS)

    def pass_by(self, now: float, rate: float) -> None:
        """Notes a message of a chat that was given no time here."""
        self._times.take(now, rate)

    def wait(self, now: float, rate: float) -> float:
        """Returns how many seconds a new arrival would wait."""
        return self._times.due_in(now, rate)
