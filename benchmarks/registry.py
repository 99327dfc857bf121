"""All benchmarks, in the order in which they run and appear on the page."""

from benchmarks import (
    backups,
    calls,
    dossiers,
    exporting,
    log_truncation,
    memory,
    million_recipients,
    purge,
    repeated_kills,
    set_rate,
    signing,
    speed,
    storage_speed,
    unknown_limit,
)
from benchmarks.benchmark import Benchmark

ALL: tuple[Benchmark, ...] = (
    storage_speed.STORAGE,
    log_truncation.LOG_TRUNCATION,
    signing.NEWCOMERS_AT_ONCE,
    signing.SIGNING,
    calls.CALLS,
    speed.SPEED,
    set_rate.SET_RATE,
    unknown_limit.UNKNOWN_LIMIT,
    million_recipients.MILLION,
    million_recipients.MILLION_ON_POSTGRES,
    purge.PURGE,
    purge.PURGE_ON_POSTGRES,
    exporting.EXPORT,
    memory.MEMORY,
    repeated_kills.REPEATED_KILLS,
    dossiers.DOSSIERS,
    backups.BACKUPS,
)
