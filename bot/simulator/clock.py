"""A clock that a test can move forward."""

from collections.abc import Callable


class Clock:
    """Returns the time of `base`, in Unix seconds, plus what it was moved by."""

    __slots__ = ("_ahead", "_base")

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._ahead = 0.0

    def __call__(self) -> float:
        """Returns the current Unix time."""
        return self._base() + self._ahead

    def move(self, seconds: float) -> None:
        """Moves the clock forward: messages grow old, limits recover, updates expire."""
        self._ahead += seconds
