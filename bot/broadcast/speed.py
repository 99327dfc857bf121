"""The progress and speed of a broadcast in numbers; the handlers write the texts."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from storage import Tally

_LOOK_BACK_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class ProgressView:
    """What a progress message shows.

    Attributes:
        share: the share that is done, from 0.0 to 1.0; 1.0 only when nothing is left.
        done: how many deliveries are done.
        total: how many deliveries there are.
        per_second: how many deliveries were done a second lately.
        remaining_seconds: the time left at that speed; None when it is not known.
        finished: whether nothing is left.
    """

    share: float
    done: int
    total: int
    per_second: float
    remaining_seconds: float | None
    finished: bool


def progress_view(tally: Tally, per_second: float) -> ProgressView:
    """Returns what to show for a tally and the present speed."""
    finished = tally.open == 0
    remaining = tally.open / per_second if per_second > 0 else None
    return ProgressView(
        share=1.0 if finished else tally.done / tally.total,
        done=tally.done,
        total=tally.total,
        per_second=per_second,
        remaining_seconds=0.0 if finished else remaining,
        finished=finished,
    )


class Speed:
    """Measures the deliveries a second over the last 15 seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> float | None:
        """Notes how many are done; returns the speed a second, None at the first call."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _LOOK_BACK_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        if now <= since:
            return None
        return max(0.0, (done - before) / (now - since))
