"""Finds the rate that Telegram allows, from its refusals.

Telegram does not tell its limit, and a quiet time allows a burst that hides it: after a pause, a
rate far above the limit is accepted for a while. So each refusal lowers the rate by a share, or to
what was accepted, and it rises again: quickly after the first, which is mostly far above the
limit, and then slowly. What that costs is measured in `docs/decisions/how-fast-to-send.md`.

Times are passed in, in seconds; rates are in messages a second.
"""

import math
from dataclasses import dataclass

_LOWEST = 0.5
_SHORTEST = 0.001
# A refusal after sending for so long is one of a limit that is little exceeded.
_LONG = 5.0
# The share of a refused rate, and of what was accepted, which the rate does not exceed again soon.
_NEARLY = 0.95
_KEPT = 0.97
# No refusal but the first lowers the rate by more.
_DEEPEST = 0.7
# The growth a second, as a share of the rate: after a first refusal, and after all others.
_QUICKLY = 0.15
_SLOWLY = 0.01
# A found rate is kept for this many seconds, and longer each time that it is found again. Then it
# grows along a cubic curve, so slowly at first that an unchanged limit is hardly exceeded.
_KEPT_SECONDS = 60.0
_KEPT_PAUSES = 20.0
_LONGER = 3.0
_LONGEST = 900.0
_THE_SAME = 0.1
_DOUBLES = 120.0
# Sending has paused when no message was accepted for so many seconds, or three times as long as
# the rate has between two.
_QUIET = 0.5


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The rates after a refusal.

    Attributes:
        least: the rate to go on with.
        most: what it rises to, as long as nothing is refused, and is then kept.
        growth: how fast, as a share of it each second of sending.
        kept_for: for how many seconds of sending `most` is kept.
    """

    least: float
    most: float
    growth: float
    kept_for: float

    def rate(self, used: float) -> float:
        """Returns the rate after `used` seconds of sending."""
        rising = math.log(self.most / self.least) / self.growth
        if used < rising:
            return self.least * math.exp(self.growth * used)
        over = max(0.0, used - rising - self.kept_for)
        return self.most * (1 + (over / _DOUBLES) ** 3)


@dataclass(slots=True)
class _Sending:
    """What was accepted since the last overall refusal.

    Attributes:
        number, begun, last: how many in a row without a pause, and when the first and the last.
        used: for how many seconds of sending all that was accepted was enough.
        refused_at: when the first was refused of those that nothing accepted has followed.
    """

    number: int = 0
    begun: float = 0.0
    last: float = -math.inf
    used: float = 0.0
    refused_at: float | None = None


class RateEstimator:
    """Begins at the ceiling, and estimates anew after each overall refusal."""

    def __init__(self, ceiling: float) -> None:
        self._learned_under = 0.0
        self._estimate: _Estimate | None = None
        self._sent = _Sending()
        self.set_ceiling(ceiling)

    @property
    def rate(self) -> float:
        """The present rate."""
        found = self._ceiling if self._estimate is None else self._estimate.rate(self._sent.used)
        return min(self._ceiling, found)

    def set_ceiling(self, ceiling: float) -> None:
        """Sets the ceiling, and discards what was learned under a lower one."""
        if not 0 < ceiling < math.inf:
            raise ValueError("a rate above 0 is needed")
        self._ceiling = ceiling
        if ceiling > self._learned_under:
            self._learned_under = 0.0
            self._estimate = None
            self._sent = _Sending()

    def accepted(self, now: float) -> None:
        """Notes an accepted message."""
        sent = self._sent
        if now - sent.last > max(_QUIET, 3 / self.rate):
            sent.begun, sent.number = now, 0
        sent.number += 1
        sent.last, sent.refused_at = now, None
        # Counted in messages, so that the estimate is not forgotten while little is sent.
        sent.used += 1 / self.rate

    def refused(self, now: float) -> None:
        """Notes a refused message; the first in a row shows when the limit was reached."""
        if self._sent.refused_at is None:
            self._sent.refused_at = now

    def refused_overall(self, now: float, pause: float) -> None:
        """Notes an overall refusal, for `pause` seconds, and estimates the rate anew."""
        sent = self._sent
        # Otherwise it is still the same refusal, which lasts longer than announced.
        if sent.number > 0 or self._estimate is None:
            end = now if sent.refused_at is None else sent.refused_at
            self._estimate = self._estimate_anew(sent.number, end - sent.begun, pause)
        self._learned_under = self._ceiling
        self._sent = _Sending()

    def _estimate_anew(self, number: int, seconds: float, pause: float) -> _Estimate:
        """Lowers the rate after so many were accepted in `seconds` without a pause.

        What was accepted came from those seconds, or from the pause before them too if the limit
        allows a burst: that gives the two rates.
        """
        rate, is_first = self.rate, self._estimate is None
        accepted = number / max(seconds, _SHORTEST) if number else rate
        is_far = is_first and number > 0 and seconds < _LONG
        least = number / (seconds + pause)
        if not is_far:
            least = max(least, _DEEPEST * (accepted if is_first else rate))
        least = max(min(_LOWEST, self._ceiling), min(least, _NEARLY * rate))
        most = _NEARLY * rate if is_far else min(_NEARLY * rate, _KEPT * accepted)
        most = max(least, most)
        growth = _QUICKLY if is_far else _SLOWLY
        return _Estimate(least, most, growth, self._keep_for(most, pause))

    def _keep_for(self, found: float, pause: float) -> float:
        before = self._estimate
        if before is not None and abs(found / before.most - 1) < _THE_SAME:
            return min(_LONGER * before.kept_for, max(_LONGEST, before.kept_for))
        return max(_KEPT_SECONDS, _KEPT_PAUSES * pause)
