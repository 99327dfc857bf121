"""How long to go on with deliveries that surely did not arrive.

Pure: every function is told the time. When Telegram answers nobody, everybody's failures are
Telegram's and the broadcast waits, without trying anybody in vain; when others get through, they
are the recipient's own, and after some rounds that one is given up, so a broadcast always ends.
"""

from dataclasses import dataclass
from typing import Final

_ROUNDS: Final = 6
_LONGEST_SECONDS: Final = 3600.0

_PATIENT_FAILURES: Final = 3
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
# A proxy's hiccup is over sooner.
_DENIED_SECONDS: Final = 60.0

# Far more than can be in trouble while others get through; a bound all the same.
_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Trouble:
    since: float
    rounds: int
    successes: int


class OutageBreaker:
    """The failures of one worker's time with a broadcast."""

    def __init__(self) -> None:
        self._troubles: dict[int, _Trouble] = {}
        self._in_a_row = 0
        self._successes = 0
        self._denied_since: float | None = None
        self._denied_at = 0.0

    def answered(self, position: int) -> None:
        """Telegram said something definite about a delivery, so it is there."""
        self._in_a_row, self._denied_since = 0, None
        self._successes += 1
        self._troubles.pop(position, None)

    def failed(self, position: int, now: float) -> bool:
        """Note a failure; tells whether this delivery is to be given up."""
        self.doubted()
        trouble = self._trouble(position, now)
        return trouble.rounds >= _ROUNDS or now - trouble.since >= _LONGEST_SECONDS

    def denied(self, position: int, now: float) -> bool:
        """Note a 401 or a 404, which may come from something in between, as a failure.

        One is enough to ask before anybody else is tried, and those that were on their way
        together count as one. Tells whether this delivery is to be given up.
        """
        if self._denied_since is None:
            self._denied_since = self._denied_at = now
            self._in_a_row = max(self._in_a_row, _PATIENT_FAILURES)
        elif now - self._denied_at >= self.pause():
            self._denied_at = now
            self._in_a_row += 1
        return self._trouble(position, now).rounds >= _ROUNDS

    def is_denied(self, now: float) -> bool:
        """Whether for a minute nothing but denials came, so that they are to be believed."""
        return self._denied_since is not None and now - self._denied_since >= _DENIED_SECONDS

    def doubted(self) -> None:
        """An answer did not come: nothing about this delivery, but a sign that all is not well."""
        self._in_a_row += 1
        self._denied_since = None

    @property
    def is_open(self) -> bool:
        """Whether nothing gets through at present, so that Telegram is asked before anybody."""
        return self._in_a_row >= _PATIENT_FAILURES

    def pause(self) -> float:
        """Seconds to wait before sending more."""
        if not self.is_open:
            return 0.0
        doublings = min(self._in_a_row - _PATIENT_FAILURES, 10)
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**doublings)

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
