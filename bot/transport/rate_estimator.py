"""Estimates the rate that Telegram allows from its refusals.

Telegram does not tell its limit, and a quiet time allows a burst that hides it: after a pause, a
rate far above the limit is accepted for a while. What shows the limit is the time from one overall
refusal to the next, so that the second one mostly finds it: `docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds; rates are in messages a second.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

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
_KEPT_SECONDS = 60.0
_LONGER = 3.0
_LONGEST = 900.0
_KEPT_PAUSES = 20.0
_THE_SAME = 0.1
_DOUBLES = 120.0
_HALVINGS = 24
_A_TOKEN = 0.5
_AN_INSTANT = 0.001
# Accepted messages are counted in steps of this many seconds; this many steps are remembered.
_STEP = 0.25
_STEPS = 480
# A step with less than this share of the fullest step counts as a pause in sending.
_QUIET = 0.25


@dataclass(slots=True)
class _Step:
    """The number of messages accepted within `_STEP` seconds from `at`."""

    at: float
    number: int = 1


@dataclass(slots=True)
class AcceptanceWindow:
    """The messages accepted since an overall refusal, or since the start.

    What it says of the limit takes that for a token bucket of size `burst`, refilled with `rate`
    tokens a second, and empty at both refusals.
    """

    refused_at: float | None = None
    total: int = 0
    steps: deque[_Step] = field(default_factory=lambda: deque(maxlen=_STEPS))
    _is_cut: bool = False

    def accepted(self, now: float) -> _Step | None:
        """Counts an accepted message; returns the step before, if this begins a new one."""
        self.total += 1
        last = self.steps[-1] if self.steps else None
        if last is not None and now < last.at + _STEP:
            last.number += 1
            return None
        self._is_cut = self._is_cut or len(self.steps) == _STEPS
        self.steps.append(_Step(now))
        return last

    def last_run(self, end: float) -> tuple[int, float]:
        """Returns the number and the seconds of the last run of sending without a pause."""
        if not self.steps:
            return 0, 0.0
        least = _QUIET * max(step.number for step in self.steps)
        number, begun = self.steps[-1].number, self.steps[-1].at
        for later, step in pairwise(reversed(self.steps)):
            if step.number < least or later.at - step.at > 2 * _STEP:
                break
            number, begun = number + step.number, step.at
        return number, end - begun

    def smallest_burst(self, rate: float, end: float) -> float:
        """Returns the smallest bucket with which a limit of `rate` accepts all this."""
        needed, most = 0.0, 1.0
        for step in reversed(self.steps):
            needed += step.number
            most = max(most, needed - rate * (end - step.at))
        return most

    def tokens_left(self, rate: float, burst: float, end: float) -> float:
        """Returns the tokens that such a limit has left at the end; below 0 if it is exceeded."""
        if not self.steps:
            return 0.0
        tokens, at = burst, self.steps[0].at
        if self.refused_at is not None and not self._is_cut:
            tokens, at = 0.0, self.refused_at
        for step in self.steps:
            tokens, at = min(burst, tokens + rate * (step.at - at)) - step.number, step.at
        return tokens + rate * (end - at)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The estimate after the last refusal.

    Attributes:
        base: the rate to go on with.
        refused: the rate that was refused.
        is_measured: whether `base` comes from the limit, and is not only a cautious beginning.
        kept_for: for how many seconds of sending `base` is kept.
    """

    base: float
    refused: float
    is_measured: bool
    kept_for: float

    def rate(self, used: float) -> float:
        """Returns the rate after `used` seconds of sending."""
        base = self.base
        if not self.is_measured:
            growing = math.log(max(1.0, _NEARLY * self.refused / base)) / _GROWTH
            if used < growing:
                return base * math.exp(_GROWTH * used)
            base, used = max(base, _NEARLY * self.refused), used - growing
        return base * (1 + (max(0.0, used - self.kept_for) / _DOUBLES) ** 3)


class RateEstimator:
    """Begins at the ceiling, and estimates anew after each overall refusal."""

    def __init__(self, ceiling: float) -> None:
        self._learned_under = 0.0
        self.set_ceiling(ceiling)

    @property
    def rate(self) -> float:
        """The present rate."""
        return self._rate

    def set_ceiling(self, ceiling: float) -> None:
        """Sets the ceiling, and discards what was learned under a lower one."""
        if not 0 < ceiling < math.inf:
            raise ValueError("a rate above 0 is needed")
        self._ceiling = ceiling
        if ceiling > self._learned_under:
            self._learned_under = 0.0
            self._estimate: _Estimate | None = None
            self._first: tuple[AcceptanceWindow, float] | None = None
            self._window = AcceptanceWindow()
            self._refused_at: float | None = None
            self._used = 0.0
        self._set_rate()

    def accepted(self, now: float) -> None:
        """Notes an accepted message."""
        self._refused_at = None
        ended = self._window.accepted(now)
        if ended is not None and self._estimate is not None:
            # Counted in messages, so that the estimate is not forgotten while little is sent.
            self._used += ended.number / self._rate
            self._set_rate()

    def refused(self, now: float) -> None:
        """Notes a refused message; the first in a row shows when the limit was reached."""
        if self._refused_at is None:
            self._refused_at = now

    def refused_overall(self, now: float, pause: float) -> None:
        """Notes an overall refusal, for `pause` seconds, and estimates the rate anew."""
        at = now if self._refused_at is None else self._refused_at
        if self._window.total > 0 or self._estimate is None:
            self._estimate = self._estimate_anew(at, pause)
        # Otherwise it is still the same refusal, which lasts longer than announced.
        self._learned_under = self._ceiling
        self._window = AcceptanceWindow(refused_at=at)
        self._refused_at, self._used = None, 0.0
        self._set_rate()

    def _estimate_anew(self, end: float, pause: float) -> _Estimate:
        if self._window.total == 0:
            base, is_measured = _BLIND * self._rate, False
        elif self._first is None:
            base, is_measured = self._guess(end, pause)
            self._first = self._window, end
        else:
            base, is_measured = _KEPT * self._limit(end, self._first), True
        if base < _DEEPEST * self._rate and self._estimate is not None:
            base, is_measured = _DEEPEST * self._rate, False
        base = max(min(_LOWEST, self._ceiling), min(base, _KEPT * self._rate))
        return _Estimate(base, self._rate, is_measured, self._keep_for(base, pause))

    def _keep_for(self, base: float, pause: float) -> float:
        before = self._estimate
        again = before is not None and before.is_measured
        if before is not None and again and abs(base / before.base - 1) < _THE_SAME:
            return min(_LONGER * before.kept_for, max(_LONGEST, before.kept_for))
        return max(_KEPT_SECONDS, _KEPT_PAUSES * pause)

    def _guess(self, end: float, pause: float) -> tuple[float, bool]:
        """Returns an estimate from one refusal, and whether it is near the limit.

        It is cautious: as if there were no burst, and the bucket filled up during the pause.
        """
        number, seconds = self._window.last_run(end)
        cautious = number / (seconds + pause)
        if seconds < _LONG:
            return cautious, False
        return max(cautious, _LITTLE * number / seconds), True

    def _limit(self, end: float, first: tuple[AcceptanceWindow, float]) -> float:
        """Returns the lowest limit that explains both acceptance windows."""
        low = self._window.total / max(_AN_INSTANT, end - (self._window.refused_at or 0.0))
        high = max(self._rate, low)
        if self._is_exceeded(high, end, first):
            self._first = self._window, end
            return max(low, _UNEXPLAINED * high)
        for _ in range(_HALVINGS):
            limit = (low + high) / 2
            if self._is_exceeded(limit, end, first):
                low = limit
            else:
                high = limit
        return high

    def _is_exceeded(
        self, limit: float, end: float, first: tuple[AcceptanceWindow, float]
    ) -> bool:
        """Tells whether a limit with the burst of the first window accepts less than this one."""
        burst = first[0].smallest_burst(limit, first[1])
        return self._window.tokens_left(limit, burst, end) < -_A_TOKEN

    def _set_rate(self) -> None:
        found = self._ceiling if self._estimate is None else self._estimate.rate(self._used)
        self._rate = min(self._ceiling, found)
