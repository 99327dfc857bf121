"""Estimates the rate that Telegram allows from its refusals.

Telegram does not tell its limit, and a quiet time allows a burst that hides it: after a pause, a
rate far above the limit is accepted for a while. What shows the limit is the time from one overall
refusal to the next, so that the second one mostly finds it: `docs/decisions/finding-the-rate.md`.

Times are passed in, in seconds.
"""

import math
from dataclasses import dataclass

from bot.transport.stretch import AcceptanceWindow

# The share of the limit that is used: the bucket stays full, and replies have room.
_KEPT = 0.97
_LOWEST = 0.5
# The share of the rate that is used when no message was accepted before the refusal.
_BLIND = 0.7
# While only one refusal is known: the growth a second, up to this share of the refused rate.
_GROWTH = 0.15
_NEARLY = 0.95
# After this many seconds of sending, the first refusal shows that the limit is little exceeded;
# this share of the rate is then the estimate.
_LONG = 5.0
_LITTLE = 0.93
# When no bucket explains the refusals: this share of the refused rate.
_UNEXPLAINED = 0.9
# One step never goes lower than to this share of the refused rate.
_DEEPEST = 0.25
# A found rate is kept for this many seconds, and longer each time that it is found again. Then it
# grows along a cubic curve, so slowly at first that an unchanged limit is hardly exceeded.
_HOLDS = 60.0
_LONGER = 3.0
_LONGEST = 900.0
_HOLDS_PAUSES = 20.0
_THE_SAME = 0.1
_DOUBLES = 120.0
_HALVINGS = 24
_A_TOKEN = 0.5
_AN_INSTANT = 0.001


@dataclass(frozen=True, slots=True)
class _Finding:
    """The estimate after the last refusal.

    Attributes:
        base: the rate to go on with, in messages a second.
        refused: the rate that was refused, in messages a second.
        is_found: whether `base` comes from the limit, and is not only a cautious beginning.
        holds: for how many seconds of sending `base` is kept.
    """

    base: float
    refused: float
    is_found: bool
    holds: float

    def rate(self, used: float) -> float:
        """Returns the messages a second after `used` seconds of sending."""
        base = self.base
        if not self.is_found:
            growing = math.log(max(1.0, _NEARLY * self.refused / base)) / _GROWTH
            if used < growing:
                return base * math.exp(_GROWTH * used)
            base, used = max(base, _NEARLY * self.refused), used - growing
        return base * (1 + (max(0.0, used - self.holds) / _DOUBLES) ** 3)


class RateEstimator:
    """Begins at the ceiling, and estimates anew after each overall refusal.

    Args:
        ceiling: the highest rate, in messages a second.
    """

    def __init__(self, ceiling: float) -> None:
        self._learned_under = 0.0
        self.set_ceiling(ceiling)

    @property
    def rate(self) -> float:
        """The present rate in messages a second."""
        return self._rate

    def set_ceiling(self, ceiling: float) -> None:
        """Sets the ceiling, and discards what was learned under a lower one."""
        if not 0 < ceiling < math.inf:
            raise ValueError("a rate above 0 is needed")
        self._ceiling = ceiling
        if ceiling > self._learned_under:
            self._learned_under = 0.0
            self._finding: _Finding | None = None
            self._first: tuple[AcceptanceWindow, float] | None = None
            self._stretch = AcceptanceWindow()
            self._refused_at: float | None = None
            self._used = 0.0
        self._set_rate()

    def accepted(self, now: float) -> None:
        """Notes an accepted message."""
        self._refused_at = None
        ended = self._stretch.accepted(now)
        if ended is not None and self._finding is not None:
            # Counted in messages, so that the estimate is not forgotten while little is sent.
            self._used += ended.number / self._rate
            self._set_rate()

    def refused(self, now: float) -> None:
        """Notes a refused message; the first in a row shows when the limit was reached."""
        if self._refused_at is None:
            self._refused_at = now

    def flooded(self, now: float, pause: float) -> None:
        """Notes an overall refusal, for `pause` seconds, and estimates the rate anew."""
        at = now if self._refused_at is None else self._refused_at
        if self._stretch.total > 0 or self._finding is None:
            self._finding = self._find(at, pause)
        # Otherwise it is still the same refusal, which lasts longer than announced.
        self._learned_under = self._ceiling
        self._stretch = AcceptanceWindow(refused_at=at)
        self._refused_at, self._used = None, 0.0
        self._set_rate()

    def _find(self, end: float, pause: float) -> _Finding:
        if self._stretch.total == 0:
            base, is_found = _BLIND * self._rate, False
        elif self._first is None:
            base, is_found = self._guess(end, pause)
            self._first = self._stretch, end
        else:
            base, is_found = _KEPT * self._limit(end, self._first), True
        if base < _DEEPEST * self._rate and self._finding is not None:
            base, is_found = _DEEPEST * self._rate, False
        base = max(min(_LOWEST, self._ceiling), min(base, _KEPT * self._rate))
        return _Finding(base, self._rate, is_found, self._holds(base, pause))

    def _holds(self, base: float, pause: float) -> float:
        before = self._finding
        again = before is not None and before.is_found
        if before is not None and again and abs(base / before.base - 1) < _THE_SAME:
            return min(_LONGER * before.holds, max(_LONGEST, before.holds))
        return max(_HOLDS, _HOLDS_PAUSES * pause)

    def _guess(self, end: float, pause: float) -> tuple[float, bool]:
        """Returns an estimate from one refusal, and whether it is near the limit.

        It is cautious: as if there were no burst, and the bucket filled up during the pause.
        """
        number, seconds = self._stretch.run(end)
        cautious = number / (seconds + pause)
        if seconds < _LONG:
            return cautious, False
        return max(cautious, _LITTLE * number / seconds), True

    def _limit(self, end: float, first: tuple[AcceptanceWindow, float]) -> float:
        """Returns the lowest limit that explains both acceptance windows."""
        low = self._stretch.total / max(_AN_INSTANT, end - (self._stretch.refused_at or 0.0))
        high = max(self._rate, low)
        if self._stretch.left(high, first[0].burst(high, first[1]), end) < -_A_TOKEN:
            self._first = self._stretch, end
            return max(low, _UNEXPLAINED * high)
        for _ in range(_HALVINGS):
            limit = (low + high) / 2
            if self._stretch.left(limit, first[0].burst(limit, first[1]), end) < -_A_TOKEN:
                low = limit
            else:
                high = limit
        return high

    def _set_rate(self) -> None:
        found = self._ceiling if self._finding is None else self._finding.rate(self._used)
        self._rate = min(self._ceiling, found)
