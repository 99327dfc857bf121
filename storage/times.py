"""Times as the database stores them: whole milliseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@overload
def to_millis(moment: datetime) -> int: ...
@overload
def to_millis(moment: None) -> None: ...
def to_millis(moment: datetime | None) -> int | None:
    """Returns what to store for an aware datetime; raises ValueError for a naive one."""
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
    """Returns the aware datetime, in UTC, for a stored number."""
    if millis is None:
        return None
    # Integer arithmetic: fromtimestamp would round through a float.
    return _EPOCH + millis * _MILLISECOND
