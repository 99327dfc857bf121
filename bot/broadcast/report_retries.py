"""When a failed report or a failed broadcast run is tried again.

Times are passed in, in seconds.
"""

from bot.back_off import BackOff

_LONGEST_SECONDS = 300.0
# Bugs in a row after which a broadcast is paused.
_MOST_BUGS_IN_A_ROW = 3


class ReportRetries:
    """Keeps back-offs per broadcast in memory, so that a restart tries everything at once."""

    def __init__(self, first_pause: float) -> None:
        self._back_off = BackOff(first_pause, _LONGEST_SECONDS)
        # How often a report failed, and when it is tried again.
        self._retries: dict[bytes, tuple[int, float]] = {}
        self._bugs: dict[bytes, int] = {}
        self._asked: set[tuple[bytes, str]] = set()

    def record_failure(self, broadcast: bytes, now: float) -> float:
        """Notes a failure; returns the seconds until the next try, which double each time."""
        failures = self._retries.get(broadcast, (0, now))[0] + 1
        pause = self._back_off.pause(failures)
        self._retries[broadcast] = failures, now + pause
        return pause

    def record_report(self, broadcast: bytes) -> None:
        """Notes that the report was made."""
        self._retries.pop(broadcast, None)

    def is_too_early(self, broadcast: bytes, now: float) -> bool:
        """Tells whether it is too early to try again."""
        return broadcast in self._retries and now < self._retries[broadcast][1]

    def record_bug(self, broadcast: bytes) -> bool:
        """Notes a run that ended in a bug; tells whether there were too many in a row."""
        self._bugs[broadcast] = self._bugs.get(broadcast, 0) + 1
        return self._bugs[broadcast] >= _MOST_BUGS_IN_A_ROW

    def record_success(self, broadcast: bytes) -> None:
        """Notes a run without a bug."""
        self._bugs.pop(broadcast, None)

    def record_question(self, broadcast: bytes, question: str) -> None:
        """Notes that the admins were asked this question."""
        self._asked.add((broadcast, question))

    def is_asked(self, broadcast: bytes, question: str | None) -> bool:
        """Tells whether there is a question that the admins were asked."""
        return (broadcast, question) in self._asked
