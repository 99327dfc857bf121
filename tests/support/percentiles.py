"""The percentile of measured values."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value that this share (0 to 1) of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
