"""The circuit breaker for bugs while sending: does a bug concern one recipient or all of them?

A delivery that failed on a bug is recorded once another delivery went well. When several in a row
fail, the bug is not theirs: all but the first go back to be claimed again. The first is recorded,
so that a broadcast that is resumed again and again still comes to its end.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from storage import Outcome, Result

_IN_A_ROW: Final = 3
# Or this many, when they are this share of all, though others go well in between.
_MANY: Final = 10
_SHARE: Final = 0.1


class BugBreaker:
    """Counts the failures by a bug in one delivery loop, and opens when there are too many.

    Args:
        settle: records a result.
    """

    def __init__(self, settle: Callable[[Result], None]) -> None:
        self._settle = settle
        self._open: list[Result] = []
        self._mistakes = 0
        self._others = 0
        self._is_everybodys = False

    def passed(self) -> None:
        """Notes a delivery without a bug, and records the failures before it."""
        self._others += 1
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Notes a failure by a bug; tells whether the bug is likely to hit everybody."""
        self._open.append(result)
        self._mistakes += 1
        if not self._is_everybodys and not self._are_many():
            return False
        if not self._is_everybodys:
            self._settle(self._open.pop(0))
        self._is_everybodys = True
        for each in self._open:
            self._settle(_given_back(each))
        self._open.clear()
        return True

    def close(self) -> None:
        """Records the failures that are left as those recipients' own."""
        for each in self._open:
            self._settle(each)
        self._open.clear()

    def _are_many(self) -> bool:
        share = self._mistakes / (self._mistakes + self._others)
        return len(self._open) >= _IN_A_ROW or (self._mistakes >= _MANY and share >= _SHARE)


def _given_back(result: Result) -> Result:
    surely_not_sent = result.outcome is Outcome.REJECTED
    return replace(result, outcome=Outcome.UNSENT if surely_not_sent else Outcome.IN_DOUBT)
