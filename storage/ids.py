"""Identifiers that rise with time, so that an index grows at its end.

Random ones would scatter: a broadcast's rows follow the order of signing, and writing each
portion of them would touch the whole index.
"""

import os
from datetime import datetime
from typing import Final

from storage.times import to_millis

_TIME_BYTES = 6
_RANDOM_BYTES = 10

# How many hexadecimal digits of a rising id people are shown: all of its time. The first eight
# are the same for a minute.
SHOWN_DIGITS: Final = 2 * _TIME_BYTES


def rising_id(at: datetime, more: bytes | None = None) -> bytes:
    """Returns 16 bytes: the milliseconds of a moment, then the first of `more`, or random ones."""
    end = os.urandom(_RANDOM_BYTES) if more is None else more[:_RANDOM_BYTES]
    return to_millis(at).to_bytes(_TIME_BYTES, "big") + end


def was_made_before(identifier: bytes, moment: datetime) -> bool:
    """Returns whether a rising id is of an earlier time than a moment."""
    return identifier[:_TIME_BYTES] < to_millis(moment).to_bytes(_TIME_BYTES, "big")
