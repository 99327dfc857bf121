"""What could not be said or done, and when each is tried again.

Pure: every function is told the time.
"""

from dataclasses import dataclass
from typing import Final

_LONGEST_SECONDS: Final = 300.0
# Mistakes in a row that are more than bad luck.
_OFTEN: Final = 3


@dataclass(frozen=True, slots=True)
class _Owed:
    pause: float
    due: float


class ReportRetries:
    """What a worker owes; a restart forgets it and tries at once."""

    def __init__(self, first_pause: float) -> None:
        self._first_pause = first_pause
        self._owed: dict[bytes, _Owed] = {}
        self._broken: dict[bytes, int] = {}
        self._told: set[tuple[bytes, str]] = set()

    def failed(self, broadcast: bytes, now: float) -> float:
        """Note that it did not work; returns how long it rests, twice as long each time."""
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

    def broke(self, broadcast: bytes) -> bool:
        """Note a mistake of ours; tells whether it was one too many in a row."""
        self._broken[broadcast] = self._broken.get(broadcast, 0) + 1
        return self._broken[broadcast] >= _OFTEN

    def went_well(self, broadcast: bytes) -> None:
        """There was no mistake this time."""
        self._broken.pop(broadcast, None)

    def asked(self, broadcast: bytes, question: str) -> None:
        """Whoever is to decide knows of it."""
        self._told.add((broadcast, question))

    def is_asked(self, broadcast: bytes, question: str) -> bool:
        """Whether they know."""
        return (broadcast, question) in self._told
