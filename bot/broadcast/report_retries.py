"""When a failed report or a failed broadcast run is tried again."""

from bot.back_off import BackOff, Retries

_LONGEST_SECONDS = 300.0
# Bugs in a row after which a broadcast is paused.
_MOST_BUGS_IN_A_ROW = 3


class ReportRetries(Retries):
    """Keeps the back-offs per broadcast, the bugs, and which questions the admins were asked."""

    def __init__(self, first_pause: float) -> None:
        super().__init__(BackOff(first_pause, _LONGEST_SECONDS))
        self._bugs: dict[bytes, int] = {}
        self._asked: set[tuple[bytes, str]] = set()

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
