"""Sample deliveries for the charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2025, 7, 18, 12, 5, 7, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """The counts of one interval."""

    at: datetime
    delivered: int
    unreachable: int = 0


def delivery(
    counts: Sequence[int], seconds: float, unreachable: int = 0, start: datetime = START
) -> list[Part]:
    """Returns intervals with these counts, which together take so many seconds."""
    width = timedelta(seconds=seconds / len(counts))
    return [
        Part(start + place * width, count, unreachable if count else 0)
        for place, count in enumerate(counts)
    ]
