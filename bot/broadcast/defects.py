"""Mistakes of ours while sending: when they are one recipient's, and when they are everybody's.

What became of somebody with whom there was a mistake is settled when another one went well. When
several in a row did not, nothing is wrong with these recipients: they are given back, all but the
first, so that a broadcast that is resumed again and again comes to its end all the same.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from storage import Outcome, Result

_IN_A_ROW: Final = 3
# Or so many, and so large a share, though others get through in between.
_MANY: Final = 10
_SHARE: Final = 0.1


class BugBreaker:
    """The mistakes of one worker's time with a broadcast.

    Args:
        settle: writes a result down.
    """

    def __init__(self, settle: Callable[[Result], None]) -> None:
        self._settle = settle
        self._open: list[Result] = []
        self._mistakes = 0
        self._others = 0
        self._is_everybodys = False

    def passed(self) -> None:
        """With one there was no mistake."""
        self._others += 1
        self.close()

    def record_failure(self, result: Result) -> bool:
        """With one there was; tells whether that is to be expected of the others as well."""
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
        """Whoever is left was alone with it."""
        for each in self._open:
            self._settle(each)
        self._open.clear()

    def _are_many(self) -> bool:
        share = self._mistakes / (self._mistakes + self._others)
        return len(self._open) >= _IN_A_ROW or (self._mistakes >= _MANY and share >= _SHARE)


def _given_back(result: Result) -> Result:
    surely_not_sent = result.outcome is Outcome.REJECTED
    return replace(result, outcome=Outcome.UNSENT if surely_not_sent else Outcome.IN_DOUBT)
