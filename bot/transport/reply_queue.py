"""Who comes when too many want new messages at once: a short line, and a time for the others.

Pure: every function is told the time. Waiting in a handler would keep the person's update from
being acknowledged, and Telegram hands out no more than a hundred of those: a crowd that waits so
keeps everybody else from being answered at all. So whoever would wait long is told when to come
back, in the order in which they came.
"""

from bot.transport.rate_limiter import SlotLimiter

Chat = int | str

# A line of so many seconds is worth standing in.
_SHORT = 1.0
# Coming back a little early is coming back.
_EARLY = 0.1
# Who was let in stays in for so long: an answer is a picture and a screen, and the second is not
# to be waited for again.
_INSIDE = 5.0
_MESSAGES = 2
# Who has not come back after so long does not come any more.
_FORGOTTEN = 60.0


class ReplyQueue:
    """Gives out times, so that no more want new messages at a time than may have them.

    Args:
        rate: new messages a second.
        burst: how many at once after a quiet time.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._times = SlotLimiter(rate, burst)
        self._given: dict[Chat, float] = {}
        self._inside: dict[Chat, float] = {}

    def __len__(self) -> int:
        return len(self._given) + len(self._inside)

    def come_back_in(self, chat: Chat, now: float, rate: float) -> float:
        """Seconds after which to come again; 0 when the line is short, or it is one's turn."""
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
        # Both are filled in rising order, so the oldest stands first.
        _drop_until(self._given, now - _FORGOTTEN)
        _drop_until(self._inside, now - _INSIDE)


def _drop_until(times: dict[Chat, float], moment: float) -> None:
    while times:
        chat, time = next(iter(times.items()))
        if time > moment:
            return
        del times[chat]
