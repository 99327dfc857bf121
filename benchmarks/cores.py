"""Which core whom: a client and a server that share one measure each other.

With a single core, or where a process cannot be kept to one, the system decides.
"""

from __future__ import annotations

import os
from typing import Final

CLIENT: Final = 0
SERVER: Final = -1


def keep_to(which: int) -> None:
    """Keep this process, and what it starts, to one core: `CLIENT`'s or `SERVER`'s."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) >= 2:
        os.sched_setaffinity(0, {cores[which]})
