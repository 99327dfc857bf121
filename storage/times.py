"""Times as the database stores them: whole milliseconds since 1970, UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, overload

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


def with_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row with what its columns that end in `_at` stand for."""
    return {
        name: from_millis(value) if name.endswith("_at") else value for name, value in row.items()
    }
