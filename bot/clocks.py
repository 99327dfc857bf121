"""The clocks that a running bot reads: in a rehearsal, both are faster than real time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

_log = structlog.stdlib.get_logger()


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


# Without Telegram's time for this long, the machine's clock alone decides what is erased.
_SILENT_FOR = timedelta(days=7)
_A_DAY = timedelta(days=1)


@dataclass
class DateCheck:
    """Tells whether the machine's date is right, as what is erased because of it never returns.

    `telegram_time` returns the time as Telegram's last answer gives it, None without one, and for
    how long Telegram has not said it. After `_SILENT_FOR` the machine's clock alone counts.
    """

    clock: Callable[[], datetime]
    telegram_time: Callable[[], tuple[datetime | None, timedelta]]
    _logged: str | None = field(default=None, init=False)

    def __call__(self) -> bool:
        """Returns whether anything may be erased because of the machine's date; the log says why.

        The reason is logged each time that it changes.
        """
        said, silent_for = self.telegram_time()
        if silent_for >= _SILENT_FOR:
            self._log("machine_clock_counts_alone", silent_for)
            return True
        if said is None:
            self._log("date_not_compared", silent_for)
            return False
        ahead = self.clock() - said
        if abs(ahead) >= _A_DAY:
            self._log("clock_is_wrong", ahead)
            return False
        self._logged = None
        return True

    def _log(self, event: str, seconds: timedelta) -> None:
        if event != self._logged:
            self._logged = event
            _log.critical(event, seconds=round(seconds.total_seconds()))
