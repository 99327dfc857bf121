"""How far a broadcast is, as numbers; the words are the handlers'."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from storage import Tally

_LOOK_BACK_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class ProgressView:
    """What a progress message shows.

    Attributes:
        share: from 0.0 to 1.0, 1.0 only when nothing is left.
        done: deliveries that need nothing more.
        total: all deliveries.
        per_second: how many became done a second lately.
        remaining_seconds: until the end at that speed; None when it cannot be told.
        finished: nothing is left.
    """

    share: float
    done: int
    total: int
    per_second: float
    remaining_seconds: float | None
    finished: bool


def progress_view(tally: Tally, per_second: float) -> ProgressView:
    """What to show of a tally and the present speed."""
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
    """Messages a second over the last quarter of a minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> float | None:
        """Take note of how many are done by now; returns the speed, from the second time on."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _LOOK_BACK_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        if now <= since:
            return None
        return max(0.0, (done - before) / (now - since))
