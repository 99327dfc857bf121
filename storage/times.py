"""Times as the database stores them: whole milliseconds since 1970, UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(moment: datetime) -> int:
    """Returns what to store for an aware datetime; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a stored moment needs a time zone")
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """Returns the aware datetime, in UTC, for a stored number."""
    # Integer arithmetic: fromtimestamp would round through a float.
    return _EPOCH + millis * _MILLISECOND


def with_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row with what its columns that end in `_at` stand for."""
    return {
        name: from_millis(value) if name.endswith("_at") and value is not None else value
        for name, value in row.items()
    }
