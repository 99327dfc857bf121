"""How fast a bot may send, and what it hears when it sends faster.

Pure: every function is told the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """New messages a second, to all chats together.

    Attributes:
        rate: what comes back in a second.
        burst: what may go at once after a quiet time.
        pause: seconds in which nothing is let through once the limit was passed. Telegram
            documents none; the simulator has the same.
    """

    rate: float
    burst: float
    pause: float = 2.0


class Bucket:
    """Tokens that come back with time, and a pause once they have run out."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._tokens = limit.burst
        self._at = -math.inf
        self._paused_until = -math.inf

    def take(self, now: float) -> int:
        """Takes one; returns 0, or the whole seconds to wait when there is none."""
        if now < self._paused_until:
            return math.ceil(self._paused_until - now)
        limit = self._limit
        if math.isfinite(self._at):
            self._tokens = min(limit.burst, self._tokens + (now - self._at) * limit.rate)
        self._at = now
        if self._tokens < 1:
            self._paused_until = now + limit.pause
            return math.ceil(limit.pause)
        self._tokens -= 1
        return 0
