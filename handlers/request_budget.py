"""How often a person may ask for what costs a file, a row or a new message.

Counted in memory and by keyed reference: nothing of it is stored, and a restart forgives. Taking a
signature back and wanting to be left alone are never counted, nor are the taps that confirm it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from .screens.command_list import SUPPORTER_COMMANDS

UNLIMITED: Final = frozenset({"withdraw", "stop"})
"""The commands that are always answered."""
COUNTED: Final = frozenset(SUPPORTER_COMMANDS) - UNLIMITED

WRITTEN: Final = "written"
"""What the budget of everything that is no known command is counted under."""

_SECONDS: Final = 60.0
_TIMES: Final = 5
_TIMES_WRITTEN: Final = 30
_MOST: Final = 20_000


class Ration(Enum):
    """What a person gets when they ask once more."""

    GRANTED = auto()
    TOLD = auto()
    """Only the sentence that it was too often."""
    NOTHING = auto()


@dataclass(slots=True)
class _Spent:
    since: float
    times: int = 0
    by: int | None = None


class Budgets:
    """What everybody has asked for within the last minute.

    Args:
        clock: seconds, monotonic.
        most: so many budgets are kept; the oldest is forgotten for a new one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._spent: OrderedDict[tuple[bytes, str], _Spent] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, who: bytes, what: str, update: int) -> Ration:
        """Counts that an update asks for something; one that comes again is counted once.

        Args:
            who: the reference of the person, or of the group.
            what: a command, or another name for what is asked for.
            update: the number of the update.
        """
        self._forget_old()
        spent = self._spent.get((who, what))
        if spent is None:
            while len(self._spent) >= self._most:
                self._spent.popitem(last=False)
            spent = self._spent[who, what] = _Spent(self._clock())
        if spent.by != update:
            spent.times, spent.by = spent.times + 1, update
        return _ration(what, spent.times)

    def would_answer(self, who: bytes, what: str) -> bool:
        """Whether the next to ask for it will be shown anything."""
        self._forget_old()
        spent = self._spent.get((who, what))
        return spent is None or _ration(what, spent.times + 1) is not Ration.NOTHING

    def _forget_old(self) -> None:
        # They stand in the order in which they began.
        over = self._clock() - _SECONDS
        while self._spent and next(iter(self._spent.values())).since <= over:
            self._spent.popitem(last=False)


def _ration(what: str, times: int) -> Ration:
    most = _TIMES_WRITTEN if what == WRITTEN else _TIMES
    if times <= most:
        return Ration.GRANTED
    return Ration.TOLD if times == most + 1 else Ration.NOTHING
