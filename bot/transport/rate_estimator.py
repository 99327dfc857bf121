"""The rate that Telegram allows, found from its refusals and kept.

Telegram does not tell its limit, and a quiet time earns a burst that hides it: after a pause, a
rate far above the limit goes well for a while. What does tell is the long run from one refusal of
everything to the next, so a second refusal mostly finds it: `docs/decisions/finding-the-rate.md`.

Pure: every function is told the time.
"""

import math
from dataclasses import dataclass

from bot.transport.stretch import AcceptanceWindow

# Of what was found, this share is used: the bucket stays full, and answers to people have room.
_KEPT = 0.97
_LOWEST = 0.5
# When not one message was accepted before it, the first refusal says nothing but "less".
_BLIND = 0.7
# While only one refusal is known: growth a second, up to this share of what was refused.
_GROWTH = 0.15
_NEARLY = 0.95
# A first refusal after so many seconds of sending comes from a limit that is little exceeded.
_LONG = 5.0
_LITTLE = 0.93
# What no bucket explains: this share of what was refused.
_UNEXPLAINED = 0.9
# However low it seems, no further down at once than to this share of what was refused.
_DEEPEST = 0.25
# What was found holds for so many seconds, and longer each time that it is found again; then a
# cubic curve feels for more. It begins so slowly that a limit that is still the same is hardly
# exceeded by it.
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
    """What the refusals have told so far.

    Attributes:
        base: messages a second after the last one.
        refused: messages a second that were too many.
        is_found: whether `base` is the limit, and not only a cautious beginning.
        holds: seconds.
    """

    base: float
    refused: float
    is_found: bool
    holds: float

    def rate(self, used: float) -> float:
        """Messages a second after so many seconds of sending."""
        base = self.base
        if not self.is_found:
            growing = math.log(max(1.0, _NEARLY * self.refused / base)) / _GROWTH
            if used < growing:
                return base * math.exp(_GROWTH * used)
            base, used = max(base, _NEARLY * self.refused), used - growing
        return base * (1 + (max(0.0, used - self.holds) / _DOUBLES) ** 3)


class RateEstimator:
    """Begins at the ceiling; after each refusal of everything it knows better.

    Args:
        ceiling: messages a second, which are never exceeded.
    """

    def __init__(self, ceiling: float) -> None:
        self._learned_under = 0.0
        self.set_ceiling(ceiling)

    @property
    def rate(self) -> float:
        """Messages a second at present."""
        return self._rate

    def set_ceiling(self, ceiling: float) -> None:
        """Have another ceiling; what was learned under a lower one says nothing about it."""
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
        """A message was accepted."""
        self._refused_at = None
        ended = self._stretch.accepted(now)
        if ended is not None and self._finding is not None:
            # Not by the clock: what was found is not forgotten while little is sent.
            self._used += ended.number / self._rate
            self._set_rate()

    def refused(self, now: float) -> None:
        """A message was refused; the first in a row tells when the limit was reached."""
        if self._refused_at is None:
            self._refused_at = now

    def flooded(self, now: float, pause: float) -> None:
        """Everything is refused, and will be for `pause` seconds."""
        at = now if self._refused_at is None else self._refused_at
        if self._stretch.total > 0 or self._finding is None:
            self._finding = self._find(at, pause)
        # Otherwise it is still the same refusal: it took longer than it said.
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
        """One refusal tells little: as if there was no burst, and all came back in the pause."""
        number, seconds = self._stretch.run(end)
        cautious = number / (seconds + pause)
        if seconds < _LONG:
            return cautious, False
        return max(cautious, _LITTLE * number / seconds), True

    def _limit(self, end: float, first: tuple[AcceptanceWindow, float]) -> float:
        """The lowest limit that explains both stretches."""
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
