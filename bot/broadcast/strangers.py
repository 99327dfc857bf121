"""Whether the first who are written to know this bot at all.

When not one of them can be reached, it is hardly they who have gone: it is another bot, with
another token, or Telegram has shut this one. To mark them would strike everybody off, for good. So
until somebody is reached nobody is marked, and when that takes too long all are given back.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from storage import Outcome, Result

SO_MANY: Final = 20


class UnreachableBreaker:
    """Those who could not be reached before anybody could.

    Args:
        settle: writes a result down.
        are_expected: somebody has seen to it, and this is the right bot.
    """

    def __init__(self, settle: Callable[[Result], None], *, are_expected: bool) -> None:
        self._settle = settle
        self._are_expected = are_expected
        self._open: list[Result] = []
        self._are_many = False

    def record_delivery(self) -> None:
        """Somebody was reached."""
        self._are_expected, self._are_many = True, False
        self.close()

    def record_failure(self, result: Result) -> bool:
        """Somebody could not be; tells whether that is one too many."""
        self._open.append(result)
        self._are_many = self._are_many or (not self._are_expected and len(self._open) >= SO_MANY)
        if self._are_many:
            self.give_back()
        elif self._are_expected:
            self.close()
        return self._are_many

    def close(self) -> None:
        """Nobody else is on the list: whoever is left is settled."""
        for each in self._open:
            self._settle(each)
        self._open.clear()

    def give_back(self) -> None:
        """It ends here for now, and what these mean is not known."""
        for each in self._open:
            self._settle(replace(each, outcome=Outcome.UNSENT))
        self._open.clear()
