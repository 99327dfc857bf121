"""All benchmarks, in the order in which they run and appear on the page."""

from __future__ import annotations

from typing import Final

from benchmarks import capped, erasing, kills, limits, memory, million, signing, speed, storing
from benchmarks.benchmark import Benchmark

ALL: Final[tuple[Benchmark, ...]] = (
    storing.STORAGE,
    erasing.ERASING,
    signing.SIGNING,
    speed.SPEED,
    capped.CAPPED,
    limits.LIMITS_UNKNOWN,
    million.MILLION,
    million.MILLION_ON_POSTGRES,
    memory.MEMORY,
    kills.KILLED,
)
