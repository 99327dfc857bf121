"""Round numbers and round times for the axes of a chart."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import count

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
# The steps of clocks and calendars, in seconds.
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 5, 10, 20, 50, 100, 200)),
)


def count_ticks(most: int, at_most: int = 4) -> list[int]:
    """Returns at most `at_most` round numbers, from 0 to the first that is not below `most`."""
    step = next(
        step
        for power in count()
        for step in (1 * 10**power, 2 * 10**power, 5 * 10**power)
        if -(-most // step) < at_most
    )
    return [step * n for n in range(max(2, -(-most // step) + 1))]


def time_step(start: datetime, end: datetime, at_most: int) -> timedelta:
    """Returns the shortest usual step with at most `at_most` ticks between the two."""
    seconds = (end - start).total_seconds()
    fitting = (step for step in _STEPS if seconds / step <= at_most - 1)
    return timedelta(seconds=next(fitting, _STEPS[-1]))


def time_ticks(start: datetime, end: datetime, step: timedelta, zone: tzinfo) -> list[datetime]:
    """Returns the moments between the two that are whole steps on a clock in that zone.

    Steps are counted in local time from the midnight before, so that they are round on both sides
    of a change to summer time; an hour that comes twice is marked once.
    """
    midnight = datetime.combine(start.astimezone(zone).date(), time())
    since_midnight = start.astimezone(zone).replace(tzinfo=None) - midnight
    wall = midnight + step * -(-since_midnight // step)
    last = end.astimezone(zone).replace(tzinfo=None)
    found = []
    while wall <= last:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        # A local time that the change to summer time skips converts back to another one.
        if moment.astimezone(zone).replace(tzinfo=None) == wall and start <= moment <= end:
            found.append(moment)
        wall += step
    return found
