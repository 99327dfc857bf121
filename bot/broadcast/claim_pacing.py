"""How many deliveries to claim, and when: enough to keep the gate busy, few in case of a kill."""

import math

# One claim takes as many deliveries as are sent in this time.
BATCH_SECONDS = 0.1
# How long before their turn deliveries are claimed: what a slow disk may take.
AHEAD_SECONDS = 0.7
# As many deliveries as are sent in this time may be claimed and not yet done.
WINDOW_SECONDS = 1.0
_LARGEST_CLAIM = 500


class ClaimPacer:
    """Paces claims a little ahead of the send rate; times are passed in, in seconds."""

    def __init__(
        self,
        batch: float = BATCH_SECONDS,
        ahead: float = AHEAD_SECONDS,
        window: float = WINDOW_SECONDS,
    ) -> None:
        self._batch_seconds = batch
        self._ahead = ahead
        self._window = window
        self._next = -math.inf

    def window(self, rate: float) -> int:
        """Returns how many deliveries may be claimed and not yet done, at `rate` a second."""
        return max(self._batch(rate), math.ceil(rate * self._window))

    def room(self, rate: float, under_way: int) -> int:
        """Returns how many to claim now: at least one, so call it only when there is room."""
        return max(1, min(self._batch(rate), self.window(rate) - under_way))

    def wait(self, now: float) -> float:
        """Returns the seconds until the next claim is due."""
        return max(0.0, self._next - now - self._ahead)

    def took(self, count: int, rate: float, now: float) -> None:
        """Notes that `count` deliveries were claimed."""
        self._next = max(self._next, now) + count / rate

    def _batch(self, rate: float) -> int:
        return min(_LARGEST_CLAIM, max(1, math.ceil(rate * self._batch_seconds)))
