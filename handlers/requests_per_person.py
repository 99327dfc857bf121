"""Limits how often a person may ask for what costs a file, a row or a new message.

Counted in memory and by keyed reference, never stored; a restart clears the counts. Withdrawing
a signature, muting messages, and the taps that confirm either are never limited.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

UNLIMITED = frozenset({"withdraw", "stop"})
"""The commands without a limit."""

WRITTEN = "written"
"""The budget of everything that is not a known command."""

_SECONDS = 60.0
_TIMES = 5  # in these seconds, of one command
_TIMES_WRITTEN = 30  # in these seconds, of everything else
_MOST = 20_000  # budgets that are kept; beyond that the oldest is dropped


@dataclass(slots=True)
class _Spent:
    since: float
    times: int = 0
    by: int | None = None


class Budgets:
    """Counts what each person has asked for within a minute, by a clock of monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent: OrderedDict[tuple[bytes, str], _Spent] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, who: bytes, what: str, update: int) -> int:
        """Counts a request; returns how many were too many. A repeated update counts once."""
        over = self._clock() - _SECONDS
        while self._spent and next(iter(self._spent.values())).since <= over:
            self._spent.popitem(last=False)  # they are ordered by when each began
        spent = self._spent.get((who, what))
        if spent is None:
            while len(self._spent) >= _MOST:
                self._spent.popitem(last=False)
            spent = self._spent[who, what] = _Spent(self._clock())
        if spent.by != update:
            spent.times, spent.by = spent.times + 1, update
        return max(0, spent.times - (_TIMES_WRITTEN if what == WRITTEN else _TIMES))
