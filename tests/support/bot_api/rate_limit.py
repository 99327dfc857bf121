"""The limit of new messages a second, with the seconds to wait beyond it.

Pure: the caller passes the time.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The limit of new messages to all chats together.

    Attributes:
        rate: messages a second.
        burst: messages at once after a quiet time.
        pause: seconds in which all calls are refused once the limit is exceeded. Telegram
            does not document it; the simulator has the same.
    """

    rate: float
    burst: float
    pause: float = 2.0


class TokenBucket:
    """A token bucket, with a pause once it is empty; times are in seconds."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._tokens = limit.burst
        self._at = -math.inf
        self._paused_until = -math.inf

    def take(self, now: float) -> int:
        """Takes a token; returns 0, or the whole seconds to wait if there is none."""
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
