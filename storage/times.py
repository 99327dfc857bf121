"""Moments as the database keeps them: whole milliseconds of UTC since 1970."""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@overload
def to_millis(moment: datetime) -> int: ...
@overload
def to_millis(moment: None) -> None: ...
def to_millis(moment: datetime | None) -> int | None:
    """What to store for an aware datetime; a naive one is a mistake and raises ValueError."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a stored moment needs a time zone")
    return (moment - _EPOCH) // _MILLISECOND


@overload
def from_millis(millis: int) -> datetime: ...
@overload
def from_millis(millis: None) -> None: ...
def from_millis(millis: int | None) -> datetime | None:
    """The aware datetime, in UTC, that a stored number stands for."""
    if millis is None:
        return None
    # Whole arithmetic: fromtimestamp would go through a float and its rounding.
    return _EPOCH + millis * _MILLISECOND
