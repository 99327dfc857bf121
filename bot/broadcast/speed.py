"""How fast a broadcast goes."""

from collections import deque

_LOOK_BACK_SECONDS = 15.0


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
