"""Limits how often a person may ask for what costs a file, a row or a new message.

Counted in memory and by keyed reference, never stored; a restart clears the counts. Withdrawing
a signature, muting messages, and the taps that confirm either are never limited.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from handlers.screens.help import SUPPORTER_COMMANDS

UNLIMITED = frozenset({"withdraw", "stop"})
"""The commands without a limit."""
COUNTED = frozenset(SUPPORTER_COMMANDS) - UNLIMITED

WRITTEN = "written"
"""The budget of everything that is not a known command."""

_SECONDS = 60.0
_TIMES = 5  # in these seconds, of one command
_TIMES_WRITTEN = 30  # in these seconds, of everything else
_MOST = 20_000  # budgets that are kept; beyond that the oldest is dropped


class LimitDecision(Enum):
    """What a person gets when they ask again."""

    ALLOW = auto()
    WARN = auto()
    """Only a sentence that says it was too often."""
    IGNORE = auto()


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

    def spend(self, who: bytes, what: str, update: int) -> LimitDecision:
        """Counts a request and returns what the person gets; a repeated update counts once."""
        self._forget_old()
        spent = self._spent.get((who, what))
        if spent is None:
            while len(self._spent) >= _MOST:
                self._spent.popitem(last=False)
            spent = self._spent[who, what] = _Spent(self._clock())
        if spent.by != update:
            spent.times, spent.by = spent.times + 1, update
        return _decide(what, spent.times)

    def would_answer(self, who: bytes, what: str) -> bool:
        """Returns whether the next request for `what` gets any reply."""
        self._forget_old()
        spent = self._spent.get((who, what))
        return spent is None or _decide(what, spent.times + 1) is not LimitDecision.IGNORE

    def _forget_old(self) -> None:
        # Ordered by when each began.
        over = self._clock() - _SECONDS
        while self._spent and next(iter(self._spent.values())).since <= over:
            self._spent.popitem(last=False)


def _decide(what: str, times: int) -> LimitDecision:
    most = _TIMES_WRITTEN if what == WRITTEN else _TIMES
    if times <= most:
        return LimitDecision.ALLOW
    return LimitDecision.WARN if times == most + 1 else LimitDecision.IGNORE
