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

# Far more than can be in trouble while others get through; a bound all the same.
_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Trouble:
    since: float
    rounds: int
    successes: int


class Patience:
    """The failures of one worker's time with a broadcast."""

    def __init__(self) -> None:
        self._troubles: dict[int, _Trouble] = {}
        self._in_a_row = 0
        self._successes = 0

    def answered(self, position: int) -> None:
        """Telegram said something definite about a delivery, so it is there."""
        self._in_a_row = 0
        self._successes += 1
        self._troubles.pop(position, None)

    def failed(self, position: int, now: float) -> bool:
        """Note a failure; tells whether this delivery is to be given up."""
        self._in_a_row += 1
        trouble = self._troubles.get(position)
        if trouble is None:
            self._remember(position, _Trouble(now, rounds=1, successes=self._successes))
            return False
        if trouble.successes != self._successes:
            trouble.rounds += 1
            trouble.successes = self._successes
        return trouble.rounds >= _ROUNDS or now - trouble.since >= _LONGEST_SECONDS

    def doubted(self) -> None:
        """An answer did not come: nothing about this delivery, but a sign that all is not well."""
        self._in_a_row += 1

    @property
    def is_worn(self) -> bool:
        """Whether nothing gets through at present, so that Telegram is asked before anybody."""
        return self._in_a_row >= _PATIENT_FAILURES

    def pause(self) -> float:
        """Seconds to wait before sending more."""
        if not self.is_worn:
            return 0.0
        doublings = min(self._in_a_row - _PATIENT_FAILURES, 10)
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**doublings)

    def _remember(self, position: int, trouble: _Trouble) -> None:
        if len(self._troubles) >= _REMEMBERED:
            del self._troubles[next(iter(self._troubles))]
        self._troubles[position] = trouble
