"""When a failed delivery is tried again and when it is given up; the breaker for outages.

Times are passed in, in seconds. When no delivery gets through, Telegram is to blame: the broadcast
waits and tries nobody in vain. When others get through, the failure is the recipient's own, and
after some rounds the delivery is given up, so that a broadcast always ends.
"""

from dataclasses import dataclass
from typing import Final

from bot.back_off import BackOff

_ROUNDS: Final = 6
_LONGEST_SECONDS: Final = 3600.0

_PATIENT_FAILURES: Final = 3
_PAUSES: Final = BackOff(0.5, longest=30.0)  # in seconds
# A proxy's hiccup does not last as long.
_DENIED_SECONDS: Final = 60.0

# Far more deliveries than can be failing while others get through.
_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Trouble:
    since: float
    rounds: int
    successes: int


class OutageBreaker:
    """Counts the failures in one run over a broadcast; open while nothing gets through."""

    def __init__(self) -> None:
        self._troubles: dict[int, _Trouble] = {}
        self._in_a_row = 0
        self._successes = 0
        self._denied_since: float | None = None
        self._denied_at = 0.0

    def answered(self, position: int) -> None:
        """Notes a definite answer about a delivery, which shows that Telegram is reachable."""
        self._in_a_row, self._denied_since = 0, None
        self._successes += 1
        self._troubles.pop(position, None)

    def failed(self, position: int, now: float) -> bool:
        """Notes a failure; tells whether this delivery is to be given up."""
        self.doubted()
        trouble = self._trouble(position, now)
        return trouble.rounds >= _ROUNDS or now - trouble.since >= _LONGEST_SECONDS

    def denied(self, position: int, now: float) -> bool:
        """Notes a 401 or a 404, which may come from a proxy; tells whether to give this one up.

        A single one opens the breaker, and those that were in flight together count as one.
        """
        if self._denied_since is None:
            self._denied_since = self._denied_at = now
            self._in_a_row = max(self._in_a_row, _PATIENT_FAILURES)
        elif now - self._denied_at >= self.pause():
            self._denied_at = now
            self._in_a_row += 1
        return self._trouble(position, now).rounds >= _ROUNDS

    def is_denied(self, now: float) -> bool:
        """Tells whether nothing but denials came for a minute, so that they are to be believed."""
        return self._denied_since is not None and now - self._denied_since >= _DENIED_SECONDS

    def doubted(self) -> None:
        """Notes a lost answer: it says nothing about the delivery, but may mean an outage."""
        self._in_a_row += 1
        self._denied_since = None

    @property
    def is_open(self) -> bool:
        """Whether nothing gets through, so that getMe is to be called before the next delivery."""
        return self._in_a_row >= _PATIENT_FAILURES

    def pause(self) -> float:
        """Returns the seconds to wait before the next call."""
        if not self.is_open:
            return 0.0
        return _PAUSES.pause(self._in_a_row - _PATIENT_FAILURES + 1)

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
