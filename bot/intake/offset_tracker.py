"""Tracks by number which updates are taken and which are finished, to know the next offset."""

import asyncio


class OffsetTracker:
    """Holds the updates from the last requested offset to the newest one, and what ends with each.

    They are a few hundred at most, since Telegram hands out a hundred at a time. Those that are
    finished are remembered too, since an answer from Telegram in flight may still contain them.
    """

    def __init__(self) -> None:
        self._taken: dict[int, asyncio.Future[None]] = {}
        self._newest = -1

    @property
    def offset(self) -> int | None:
        """The lowest unfinished number; requesting from it acknowledges all below."""
        unfinished = [number for number in self._taken if not self._is_finished(number)]
        return min(unfinished, default=None if self._newest < 0 else self._newest + 1)

    def knows(self, number: int) -> bool:
        """Tells whether the number was taken."""
        return number in self._taken

    def take(self, number: int, done: asyncio.Future[None]) -> None:
        """Takes a number that is not known; it is finished with `done`, unless that is cancelled.

        After a quiet week Telegram may go on from any number, even a lower one. Then the newest is
        the one that came last, or the offset would stay beyond all that comes.
        """
        if number < self._newest and all(map(self._is_finished, self._taken)):
            self._taken, self._newest = {}, number
        self._newest = max(self._newest, number)
        self._taken[number] = done

    def ask(self) -> int | None:
        """Returns the offset for the next request, and forgets the numbers below it.

        They can come neither in its answer nor in an earlier one, as long as requests are made
        one at a time.
        """
        floor = self.offset
        if floor is not None:
            self._taken = {each: done for each, done in self._taken.items() if each >= floor}
        return floor

    def _is_finished(self, number: int) -> bool:
        done = self._taken[number]
        return done.done() and not done.cancelled()
