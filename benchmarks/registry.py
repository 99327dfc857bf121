"""All benchmarks, in the order in which they run and appear on the page."""

from benchmarks import (
    exporting,
    memory,
    million_recipients,
    purge,
    set_rate,
    signing,
    storage_speed,
    unknown_limit,
)
from benchmarks.benchmark import Benchmark

ALL: tuple[Benchmark, ...] = (
    storage_speed.STORAGE,
    signing.NEWCOMERS_AT_ONCE,
    signing.SIGNING,
    set_rate.SET_RATE,
    unknown_limit.UNKNOWN_LIMIT,
    million_recipients.MILLION,
    million_recipients.MILLION_ON_POSTGRES,
    purge.PURGE,
    purge.PURGE_ON_POSTGRES,
    exporting.EXPORT,
    memory.MEMORY,
)
