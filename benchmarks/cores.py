"""Keeps client and server on separate cores, so that neither slows the other.

With a single core, or without `sched_setaffinity`, the system decides.
"""

from __future__ import annotations

import os
from typing import Final

CLIENT: Final = 0
SERVER: Final = -1


def keep_to(which: int) -> None:
    """Keeps this process and its children on one core: `CLIENT` or `SERVER`."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) >= 2:
        os.sched_setaffinity(0, {cores[which]})
