"""The circuit breakers of a broadcast: they open when it is not one recipient who is to blame.

The one for outages is in `delivery_retries.py`.
"""

from collections.abc import Callable
from dataclasses import replace

from storage import Outcome, Result

MOST_UNREACHABLE = 20

_MOST_BUGS_IN_A_ROW = 3
# Or this many, when they are this share of all, though others go well in between.
_MANY_BUGS = 10
_SHARE_OF_BUGS = 0.1


class _Withholding:
    """Keeps failures back until it is clear whose they are.

    Args:
        record: records a result.
    """

    def __init__(self, record: Callable[[Result], None]) -> None:
        self._record = record
        self._withheld: list[Result] = []

    def close(self) -> None:
        """Records the failures that are left as those recipients' own."""
        self._release(lambda result: result)

    def _release(self, judge: Callable[[Result], Result]) -> None:
        for each in self._withheld:
            self._record(judge(each))
        self._withheld.clear()


class UnreachableBreaker(_Withholding):
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
        super().__init__(record)
        self._is_confirmed = is_confirmed
        self._is_open = False

    def record_delivery(self) -> None:
        """Notes that a recipient was reached, and records the failures before it."""
        self._is_confirmed, self._is_open = True, False
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Notes a recipient who was not reached; tells whether there were too many."""
        self._withheld.append(result)
        if not self._is_confirmed and len(self._withheld) >= MOST_UNREACHABLE:
            self._is_open = True
        if self._is_open:
            self.give_back()
        elif self._is_confirmed:
            self.close()
        return self._is_open

    def give_back(self) -> None:
        """Records the failures that are left as unsent, when the run ends early."""
        self._release(lambda result: replace(result, outcome=Outcome.UNSENT))


class BugBreaker(_Withholding):
    """Opens when a bug is likely to hit every recipient, and not one alone.

    A delivery that failed on a bug is recorded once another delivery went well. When several in a
    row fail, the bug is not theirs: all but the first go back to be claimed again. The first is
    recorded, so that a broadcast that is resumed again and again still comes to its end.
    """

    def __init__(self, record: Callable[[Result], None]) -> None:
        super().__init__(record)
        self._bugs = 0
        self._others = 0
        self._is_open = False

    def record_success(self) -> None:
        """Notes a delivery without a bug, and records the failures before it."""
        self._others += 1
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Notes a failure by a bug; tells whether the bug is likely to hit everybody."""
        self._withheld.append(result)
        self._bugs += 1
        if not self._is_open and not self._are_many():
            return False
        if not self._is_open:
            self._record(self._withheld.pop(0))
        self._is_open = True
        self._release(_given_back)
        return True

    def _are_many(self) -> bool:
        share = self._bugs / (self._bugs + self._others)
        many = self._bugs >= _MANY_BUGS and share >= _SHARE_OF_BUGS
        return many or len(self._withheld) >= _MOST_BUGS_IN_A_ROW


def _given_back(result: Result) -> Result:
    surely_not_sent = result.outcome is Outcome.REJECTED
    return replace(result, outcome=Outcome.UNSENT if surely_not_sent else Outcome.IN_DOUBT)
