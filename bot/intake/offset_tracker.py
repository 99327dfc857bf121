"""Tracks by number which updates are taken and which are finished, to know the next offset."""

from typing import Any, TypeGuard

LARGEST = 2**31 - 1  # Telegram's largest; a larger offset would acknowledge every update


class OffsetTracker:
    """Holds the update numbers from the last requested offset to the newest one seen.

    They are a few hundred at most, since Telegram hands out a hundred at a time.
    """

    def __init__(self) -> None:
        self._unfinished: set[int] = set()
        self._finished: set[int] = set()
        self._newest: int | None = None

    def __len__(self) -> int:
        """Returns how many updates are taken and not finished."""
        return len(self._unfinished)

    @property
    def offset(self) -> int | None:
        """The lowest unfinished number; requesting from it acknowledges all below."""
        if self._unfinished:
            return min(self._unfinished)
        return None if self._newest is None else self._newest + 1

    def after(self, number: int) -> int:
        """Returns how far the newest number is ahead of this one."""
        return 0 if self._newest is None else self._newest - number

    def take(self, number: int) -> bool:
        """Takes a number unless it is known; tells whether it was new."""
        if number in self._unfinished or number in self._finished:
            return False
        # After a quiet week Telegram may go on from any number, even a lower one. Then the newest
        # is the one that came last, or the offset would stay beyond all that comes.
        if self._newest is None or number > self._newest or not self._unfinished:
            self._newest = number
        self._unfinished.add(number)
        return True

    def finish(self, number: int) -> None:
        """Marks a taken number as finished: handled or passed over.

        It is remembered, since an answer from Telegram in flight may still contain it.
        """
        self._unfinished.discard(number)
        self._finished.add(number)

    def ask(self) -> int | None:
        """Returns the offset for the next request, and forgets the finished numbers below it.

        They can come neither in its answer nor in an earlier one, as long as requests are made
        one at a time.
        """
        floor = self.offset
        if floor is not None:
            self._finished = {number for number in self._finished if number >= floor}
        return floor


def is_number(value: object) -> TypeGuard[int]:
    """Tells whether it is a valid number; a negative offset would count from the newest update."""
    return type(value) is int and 0 <= value <= LARGEST


def is_numbered(update: object) -> TypeGuard[dict[str, Any]]:
    """Tells whether it is an update with a valid number."""
    return isinstance(update, dict) and is_number(update.get("update_id"))
