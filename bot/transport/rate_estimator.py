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
# The share of what was accepted that is kept, of which the pause before may have brought a part:
# what could be sent in that share of its time. What is kept is no more than this share of the
# refused rate, and after no refusal but the first less than that one.
_KEPT = 0.95
_OF_PAUSE = 0.25
_LOWER = 0.87
_DEEPEST = 0.7
# The growth a second, as a share of the rate: after a first refusal, and after all others, where
# it is at most this divided by the seconds of the pause, so that long ones are seldom.
_QUICKLY = 0.15
_SLOWLY = 0.0015
_PAUSES_APART = 0.006
# Sending has paused when no message was accepted for so many seconds, or three times as long as
# the rate has between two.
_QUIET = 0.5


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
        self._base: float | None = None  # the rate after the last refusal; None before the first
        self._growth = _SLOWLY
        self._sent = _Sending()
        self.set_ceiling(ceiling)

    @property
    def rate(self) -> float:
        """The present rate."""
        if self._base is None:
            return self._ceiling
        # Beyond this the growth is the ceiling in any case.
        return min(self._ceiling, self._base * math.exp(min(self._growth * self._sent.used, 20.0)))

    def set_ceiling(self, ceiling: float) -> None:
        """Sets the ceiling, and discards what was learned under a lower one."""
        self._ceiling = ceiling
        if ceiling > self._learned_under:
            self._learned_under = 0.0
            self._base = None
            self._sent = _Sending()

    def accepted(self, now: float) -> None:
        """Notes an accepted message."""
        sent, rate = self._sent, self.rate
        if now - sent.last > max(_QUIET, 3 / rate):
            sent.begun, sent.number = now, 0
        sent.number += 1
        sent.last, sent.refused_at = now, None
        # Counted in messages, so that the estimate is not forgotten while little is sent.
        sent.used += 1 / rate

    def refused(self, now: float) -> None:
        """Notes a refused message; the first in a row shows when the limit was reached."""
        if self._sent.refused_at is None:
            self._sent.refused_at = now

    def refused_overall(self, now: float, pause: float) -> None:
        """Notes an overall refusal, for `pause` seconds, and estimates the rate anew."""
        # Otherwise it is still the same refusal, which lasts longer than announced.
        sent = self._sent
        if sent.number > 0 or self._base is None:
            end = now if sent.refused_at is None else sent.refused_at
            self._estimate_anew(sent.number, end - sent.begun, pause)
        self._learned_under = self._ceiling
        self._sent = _Sending()

    def _estimate_anew(self, number: int, seconds: float, pause: float) -> None:
        """Lowers the rate after so many were accepted in `seconds` without a pause.

        They came from those seconds, or from the pause before them too if the limit allows a
        burst, which is supposed after the first refusal.
        """
        rate, is_first, pause = self.rate, self._base is None, max(pause, _SHORTEST)
        self._growth = min(_SLOWLY, _PAUSES_APART / pause)
        if number == 0:
            kept = _DEEPEST * rate
        elif is_first and seconds < _LONG:
            kept, self._growth = number / (seconds + pause), _QUICKLY
        elif is_first:
            kept = _KEPT * number / seconds
        else:
            kept = max(_KEPT * number / (seconds + _OF_PAUSE * pause), _DEEPEST * rate)
        self._base = max(min(_LOWEST, self._ceiling), min(kept, _LOWER * rate))
