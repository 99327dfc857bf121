"""When a failed report or a failed broadcast run is tried again.

Times are passed in, in seconds.
"""


from bot.back_off import BackOff

_LONGEST_SECONDS = 300.0
# Bugs in a row after which a broadcast is paused.
_OFTEN = 3


class ReportRetries:
    """Keeps back-offs per broadcast in memory, so that a restart tries everything at once."""

    def __init__(self, first_pause: float) -> None:
        self._back_off = BackOff(first_pause, _LONGEST_SECONDS)
        # How often a report failed, and when it is tried again.
        self._owed: dict[bytes, tuple[int, float]] = {}
        self._broken: dict[bytes, int] = {}
        self._told: set[tuple[bytes, str]] = set()

    def failed(self, broadcast: bytes, now: float) -> float:
        """Notes a failure; returns the seconds until the next try, which double each time."""
        failures = self._owed.get(broadcast, (0, now))[0] + 1
        pause = self._back_off.pause(failures)
        self._owed[broadcast] = failures, now + pause
        return pause

    def said(self, broadcast: bytes) -> None:
        """Notes that the report was made."""
        self._owed.pop(broadcast, None)

    def rests(self, broadcast: bytes, now: float) -> bool:
        """Tells whether it is too early to try again."""
        return broadcast in self._owed and now < self._owed[broadcast][1]

    def broke(self, broadcast: bytes) -> bool:
        """Notes a run that ended in a bug; tells whether there were too many in a row."""
        self._broken[broadcast] = self._broken.get(broadcast, 0) + 1
        return self._broken[broadcast] >= _OFTEN

    def went_well(self, broadcast: bytes) -> None:
        """Notes a run without a bug."""
        self._broken.pop(broadcast, None)

    def asked(self, broadcast: bytes, question: str) -> None:
        """Notes that the admins were asked this question."""
        self._told.add((broadcast, question))

    def is_asked(self, broadcast: bytes, question: str) -> bool:
        """Tells whether the admins were asked this question."""
        return (broadcast, question) in self._told
