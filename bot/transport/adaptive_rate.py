"""The rate of a broadcast, which is found by what Telegram accepts and refuses."""

import math

# The share of the rate that is kept after an overall refusal, and after one while it rose quickly.
# Of the first one no more is kept than what was accepted, in the time of the pause too.
_KEPT, _KEPT_WHEN_QUICK = 0.87, 0.7
_LOWEST = 0.5
# By how much each accepted message raises the rate: after a first refusal that leaves less than a
# share of it, and after all others, divided by the seconds of the pause, so that long ones are
# seldom.
_FAR, _QUICKLY = 0.7, 0.15
_SLOWLY, _SHORTEST_PAUSE = 0.006, 4.0


class AdaptiveRate:
    """A rate up to a ceiling, which rises with each accepted message and falls when refused.

    Telegram does not tell its limit, and a quiet time allows a burst that hides it. What finding
    it costs is measured in `docs/decisions/how-fast-to-send.md`.
    """

    def __init__(self, ceiling: float) -> None:
        self._ceiling = self._learned_under = ceiling
        self._found = math.inf  # until the first refusal
        self._gain = 0.0
        self._accepted = 0  # since the last refusal, or since the sending began

    @property
    def rate(self) -> float:
        """The present rate."""
        return min(self._ceiling, self._found)

    def set_ceiling(self, ceiling: float) -> None:
        """Sets the ceiling as sending begins; discards what was learned under a lower one."""
        self._ceiling, self._accepted = ceiling, 0
        if ceiling > self._learned_under:
            self._found = math.inf

    def accepted(self) -> None:
        """Notes an accepted message."""
        self._found += self._gain
        self._accepted += 1

    def refused(self, pause: float) -> None:
        """Lowers the rate after an overall refusal for `pause` seconds."""
        is_first, rate = self._found == math.inf, self.rate
        if self._accepted == 0 and not is_first:
            return  # it is still the same refusal, which lasts longer than announced
        kept = (_KEPT_WHEN_QUICK if self._gain == _QUICKLY else _KEPT) * rate
        if is_first and self._accepted:
            kept = min(kept, self._accepted / (self._accepted / rate + pause))
        is_far = is_first and kept < _FAR * rate
        self._gain = _QUICKLY if is_far else _SLOWLY / max(pause, _SHORTEST_PAUSE)
        self._found = max(kept, min(_LOWEST, self._ceiling))
        self._learned_under, self._accepted = self._ceiling, 0
