"""Every benchmark there is, in the order in which they run."""

from __future__ import annotations

from typing import Final

from benchmarks import broadcast, signing, storing
from benchmarks.benchmark import Benchmark

ALL: Final[tuple[Benchmark, ...]] = (storing.STORAGE, signing.SIGNING, broadcast.BROADCAST)
