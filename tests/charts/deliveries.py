"""Sample deliveries for the charts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.broadcasts import Moment

START = datetime(2025, 7, 18, 12, 5, 7, tzinfo=UTC)


def delivery(
    counts: Sequence[int], seconds: float, unreachable: int = 0, start: datetime = START
) -> list[Moment]:
    """Returns intervals with these counts, which together take so many seconds."""
    width = timedelta(seconds=seconds / len(counts))
    return [
        Moment(start + place * width, count, unreachable if count else 0)
        for place, count in enumerate(counts)
    ]
