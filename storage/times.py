"""Times as the database stores them, and ids that rise with them.

A time is whole milliseconds since 1970, UTC. With ids that rise, an index grows at its end. Random
ones would scatter: a broadcast's rows follow the order of signing, and writing each portion of
them would touch the whole index.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_TIME_BYTES = 6
_RANDOM_BYTES = 10

# How many hexadecimal digits of a rising id people are shown: all of its time. The first eight
# are the same for a minute.
SHOWN_DIGITS: Final = 2 * _TIME_BYTES


def to_millis(moment: datetime) -> int:
    """Returns what to store for an aware datetime; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a stored moment needs a time zone")
    return (moment - EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """Returns the aware datetime, in UTC, for a stored number."""
    # Integer arithmetic: fromtimestamp would round through a float.
    return EPOCH + millis * _MILLISECOND


def boot_seconds() -> float:
    """Returns the time by a clock that goes on while the machine or the process sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def rising_id(at: datetime, more: bytes | None = None) -> bytes:
    """Returns 16 bytes: the milliseconds of a moment, then the first of `more`, or random ones."""
    end = os.urandom(_RANDOM_BYTES) if more is None else more[:_RANDOM_BYTES]
    return to_millis(at).to_bytes(_TIME_BYTES, "big") + end
