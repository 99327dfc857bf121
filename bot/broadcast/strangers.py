"""The circuit breaker for a broadcast of which none of the first recipients can be reached.

The cause is then hardly on their side: this is another bot, with another token, or Telegram has
shut it down. To mark them as unreachable would lose every supporter for good. So nobody is marked
until one recipient is reached, and after too many failures all deliveries are given back.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from storage import Outcome, Result

SO_MANY: Final = 20


class UnreachableBreaker:
    """Keeps the unreachable results that came before the first recipient was reached.

    Args:
        settle: records a result.
        are_expected: whether an admin has confirmed that this is the right bot.
    """

    def __init__(self, settle: Callable[[Result], None], *, are_expected: bool) -> None:
        self._settle = settle
        self._are_expected = are_expected
        self._open: list[Result] = []
        self._are_many = False

    def record_delivery(self) -> None:
        """Notes that a recipient was reached, and records the results kept before."""
        self._are_expected, self._are_many = True, False
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Notes a recipient who was not reached; tells whether there were too many."""
        self._open.append(result)
        self._are_many = self._are_many or (not self._are_expected and len(self._open) >= SO_MANY)
        if self._are_many:
            self.give_back()
        elif self._are_expected:
            self.close()
        return self._are_many

    def close(self) -> None:
        """Records the results that are left as unreachable, at the end of a broadcast."""
        for each in self._open:
            self._settle(each)
        self._open.clear()

    def give_back(self) -> None:
        """Records the results that are left as unsent, when the run ends early."""
        for each in self._open:
            self._settle(replace(each, outcome=Outcome.UNSENT))
        self._open.clear()
