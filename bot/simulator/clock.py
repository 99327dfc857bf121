"""A clock that a test can move forward, while everything else goes on in its own time."""

from collections.abc import Callable


class Clock:
    """The Unix time of `base`, and what it was moved by."""

    __slots__ = ("_ahead", "_base")

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._ahead = 0.0

    def __call__(self) -> float:
        """What time it is."""
        return self._base() + self._ahead

    def move(self, seconds: float) -> None:
        """Let this much time have passed: messages grow old, limits recover, updates expire."""
        self._ahead += seconds
