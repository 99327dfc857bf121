"""Tells chats when to come back, when too many want new messages at once.

A wait in a handler would keep the update from being acknowledged, and Telegram hands out no more
than a hundred of those: a waiting crowd would keep everybody else from being answered at all. So
whoever would wait long is given a time to come back, in the order in which they came.

Times are passed in, in seconds.
"""

from bot.transport.rate_limiter import SlotLimiter

Chat = int | str

# A chat waits in the line when it is no longer than this.
_SHORT = 1.0
# How much too early a chat may come back.
_EARLY = 0.1
# A chat that was let in may send for this long without coming back, since a reply may be two
# messages, a picture and a screen.
_INSIDE = 5.0
_MESSAGES = 2
# A chat that has not come back after this time is forgotten.
_FORGOTTEN = 60.0


class ReplyQueue:
    """Gives chats times to come back, so that no more come at a time than the rate allows.

    Args:
        rate: new messages a second.
        burst: how many may leave at once after a quiet time.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._times = SlotLimiter(rate, burst)
        self._given: dict[Chat, float] = {}
        self._inside: dict[Chat, float] = {}

    def __len__(self) -> int:
        return len(self._given) + len(self._inside)

    def come_back_in(self, chat: Chat, now: float, rate: float) -> float:
        """Returns after how many seconds to come back; 0 if the chat may wait in the line now."""
        let_in = self._inside.get(chat)
        if let_in is not None and now < let_in + _INSIDE:
            return 0.0
        time = self._given.get(chat)
        if time is None:
            time = self._time(now, rate)
            if time - now <= _SHORT:
                time = now
        if now < time - _EARLY:
            self._forget(now)
            self._given[chat] = time
            return time - now
        self._given.pop(chat, None)
        self._inside.pop(chat, None)
        self._inside[chat] = now
        self._forget(now)
        return 0.0

    def _time(self, now: float, rate: float) -> float:
        first = self._times.take(now, rate)
        for _ in range(_MESSAGES - 1):
            self._times.take(now, rate)
        return first

    def _forget(self, now: float) -> None:
        # Both are filled in rising order, so the oldest comes first.
        _drop_until(self._given, now - _FORGOTTEN)
        _drop_until(self._inside, now - _INSIDE)


def _drop_until(times: dict[Chat, float], moment: float) -> None:
    while times:
        chat, time = next(iter(times.items()))
        if time > moment:
            return
        del times[chat]
