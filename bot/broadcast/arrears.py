"""Ends that could not be reported, and when each is tried again.

Pure: every function is told the time.
"""

from dataclasses import dataclass
from typing import Final

_LONGEST_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Owed:
    pause: float
    due: float


class Arrears:
    """What a worker owes; a restart forgets it and tries at once."""

    def __init__(self, first_pause: float) -> None:
        self._first_pause = first_pause
        self._owed: dict[bytes, _Owed] = {}

    def failed(self, broadcast: bytes, now: float) -> float:
        """Note that it could not be said; returns how long it rests, twice as long each time."""
        known = self._owed.get(broadcast)
        pause = min(_LONGEST_SECONDS, known.pause * 2 if known else self._first_pause)
        self._owed[broadcast] = _Owed(pause, now + pause)
        return pause

    def said(self, broadcast: bytes) -> None:
        """It is not owed any more."""
        self._owed.pop(broadcast, None)

    def rests(self, broadcast: bytes, now: float) -> bool:
        """Whether it is too early to try again."""
        known = self._owed.get(broadcast)
        return known is not None and now < known.due
