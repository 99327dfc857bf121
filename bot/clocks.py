"""The clocks that a running bot reads: in a rehearsal, both are faster than real time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Returns the time of day, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of one process, which have to run at the same speed as its event loop.

    Attributes:
        monotonic: seconds from any moment on.
        now: the time of day, in UTC.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
