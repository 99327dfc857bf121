"""After which failures a recipient is tried again, when, and when one is given up.

Times are passed in, in seconds.
"""

from dataclasses import dataclass

from bot.back_off import BackOff

CALL_PAUSES = (0.3, 1.0)  # seconds before a call that surely did not arrive is repeated

_MOST_FAILURES_IN_A_ROW = 3
_PAUSES = BackOff(0.5, longest=30.0)  # in seconds, while nothing gets through
# A proxy's hiccup does not last as long.
_DENIED_SECONDS = 60.0

# When one recipient is given up while others get through.
_MOST_ROUNDS = 6
_LONGEST_SECONDS = 3600.0
# Far more deliveries than can be failing while others get through.
_REMEMBERED = 10_000


@dataclass(slots=True)
class _Trouble:
    since: float
    rounds: int
    successes: int


class OutageBreaker:
    """Opens while nothing gets through: then Telegram is to blame, and nobody is tried in vain.

    When others get through, a failure is the recipient's own, and after some rounds the delivery
    is given up, so that a broadcast always ends.
    """

    def __init__(self) -> None:
        self._troubles: dict[int, _Trouble] = {}
        self._in_a_row = 0
        self._successes = 0
        self._denied_since: float | None = None
        self._denied_at = 0.0

    def record_answer(self, position: int) -> None:
        """Notes a definite answer about a delivery, which shows that Telegram is reachable."""
        self._in_a_row, self._denied_since = 0, None
        self._successes += 1
        self._troubles.pop(position, None)

    def record_failure(self, position: int, now: float) -> bool:
        """Notes a failure; tells whether this delivery is to be given up."""
        self.record_lost_answer()
        trouble = self._trouble(position, now)
        return trouble.rounds >= _MOST_ROUNDS or now - trouble.since >= _LONGEST_SECONDS

    def record_denial(self, position: int, now: float) -> bool:
        """Notes a 401 or a 404, which may come from a proxy; tells whether to give this one up.

        A single one opens the breaker, and those that were in flight together count as one.
        """
        if self._denied_since is None:
            self._denied_since = self._denied_at = now
            self._in_a_row = max(self._in_a_row, _MOST_FAILURES_IN_A_ROW)
        elif now - self._denied_at >= self.pause():
            self._denied_at = now
            self._in_a_row += 1
        return self._trouble(position, now).rounds >= _MOST_ROUNDS

    def record_lost_answer(self) -> None:
        """Notes a lost answer: it says nothing about the delivery, but may mean an outage."""
        self._in_a_row += 1
        self._denied_since = None

    def is_denied(self, now: float) -> bool:
        """Tells whether nothing but denials came for a minute, so that they are to be believed."""
        return self._denied_since is not None and now - self._denied_since >= _DENIED_SECONDS

    @property
    def is_open(self) -> bool:
        """Whether nothing gets through, so that getMe is to be called before the next delivery."""
        return self._in_a_row >= _MOST_FAILURES_IN_A_ROW

    def pause(self) -> float:
        """Returns the seconds to wait before the next call."""
        return _PAUSES.pause(self._in_a_row - _MOST_FAILURES_IN_A_ROW + 1) if self.is_open else 0.0

    def _trouble(self, position: int, now: float) -> _Trouble:
        trouble = self._troubles.get(position)
        if trouble is None:
            if len(self._troubles) >= _REMEMBERED:
                del self._troubles[next(iter(self._troubles))]
            trouble = self._troubles[position] = _Trouble(now, 1, self._successes)
        elif trouble.successes != self._successes:
            trouble.rounds += 1
            trouble.successes = self._successes
        return trouble
