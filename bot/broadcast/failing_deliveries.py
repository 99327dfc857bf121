"""When a delivery is given up, and when it is not one recipient who is to blame.

Times are passed in, in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.back_off import BackOff
from storage.broadcast_types import Outcome, Result

MOST_UNREACHABLE = 20

_MOST_FAILURES_IN_A_ROW = 3  # then getMe is asked before anybody else is tried
_PAUSES = BackOff(0.5, longest=30.0)  # in seconds, while nothing gets through
# A proxy's hiccup does not last as long.
_DENIED_SECONDS = 60.0

# When one recipient is given up while others get through.
_MOST_ROUNDS = 6
_LONGEST_SECONDS = 3600.0
# Far more deliveries than can be failing while others get through.
_REMEMBERED = 10_000


class UnreachableBreaker:
    """Opens when none of a broadcast's first recipients can be reached.

    The cause is then hardly on their side: this is another bot, with another token, or Telegram
    has shut it down. To mark them as unreachable would lose every supporter for good. So nobody is
    marked until one recipient is reached, and after too many failures all deliveries are given
    back.

    Args:
        record: records a result.
        is_confirmed: whether an admin has confirmed that this is the right bot.
    """

    def __init__(self, record: Callable[[Result], None], *, is_confirmed: bool) -> None:
        self._record = record
        self._is_confirmed = is_confirmed
        self._withheld: list[Result] = []

    def record_delivery(self) -> None:
        """Notes that a recipient was reached, and records the failures before it."""
        self._is_confirmed = True
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Notes a recipient who was not reached; tells whether there were too many."""
        self._withheld.append(result)
        if self._is_confirmed:
            self.close()
        return len(self._withheld) >= MOST_UNREACHABLE

    def close(self) -> None:
        """Records the failures that are left as those recipients' own."""
        for each in self._withheld:
            self._record(each)
        self._withheld.clear()

    def give_back(self) -> None:
        """Records the failures that are left as unsent, when the run ends early."""
        self._withheld = [replace(each, outcome=Outcome.UNSENT) for each in self._withheld]
        self.close()


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
        self._counted_at = 0.0

    def record_answer(self, position: int) -> None:
        """Notes a definite answer about a delivery, which shows that Telegram is reachable."""
        self._in_a_row, self._denied_since = 0, None
        self._successes += 1
        self._troubles.pop(position, None)

    def record_failure(self, position: int, now: float, *, is_denied: bool = False) -> bool:
        """Notes a failure; tells whether this delivery is to be given up.

        A 401 or 404, by which the bot is denied, may come from a proxy; one opens the breaker.
        """
        if not is_denied:
            self.record_lost_answer(now)
        elif self._denied_since is None:
            self._denied_since = self._counted_at = now
            self._in_a_row = max(self._in_a_row, _MOST_FAILURES_IN_A_ROW)
        else:
            self._count(now)
        trouble = self._troubles.get(position)
        if trouble is None:
            if len(self._troubles) >= _REMEMBERED:
                del self._troubles[next(iter(self._troubles))]
            trouble = self._troubles[position] = _Trouble(now, 1, self._successes)
        elif trouble.successes != self._successes:
            trouble.rounds += 1
            trouble.successes = self._successes
        return trouble.rounds >= _MOST_ROUNDS or now - trouble.since >= _LONGEST_SECONDS

    def record_lost_answer(self, now: float) -> None:
        """Notes a lost answer: it says nothing about the delivery, but may mean an outage."""
        self._count(now)
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

    def _count(self, now: float) -> None:
        """Counts a failure; those that were on their way together when it opened are one."""
        if not self.is_open or now - self._counted_at >= self.pause():
            self._in_a_row += 1
            self._counted_at = now
