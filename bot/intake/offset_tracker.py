"""Which updates were taken and which are finished: numbers only, no input and no output."""


class OffsetTracker:
    """Telegram's updates from the offset that was last asked with to the newest one seen.

    It holds no more than a few hundred: Telegram shows a hundred at a time.
    """

    def __init__(self) -> None:
        self._unfinished: set[int] = set()
        self._finished: set[int] = set()
        self._newest: int | None = None

    def __len__(self) -> int:
        """How many are taken and not finished."""
        return len(self._unfinished)

    @property
    def offset(self) -> int | None:
        """The lowest number that is not finished; asking from it acknowledges all below."""
        if self._unfinished:
            return min(self._unfinished)
        return None if self._newest is None else self._newest + 1

    def after(self, number: int) -> int:
        """How far the newest number is from this one."""
        return 0 if self._newest is None else self._newest - number

    def take(self, number: int) -> bool:
        """Takes a number unless it is known; tells whether it was new."""
        if number in self._unfinished or number in self._finished:
            return False
        # After a quiet week Telegram may begin again at any number, a lower one too: then
        # the newest is what came last, or the offset would stay beyond all that comes.
        if self._newest is None or number > self._newest or not self._unfinished:
            self._newest = number
        self._unfinished.add(number)
        return True

    def finish(self, number: int) -> None:
        """Marks a number that was taken as handled or passed over.

        It stays known: an answer of Telegram's that is on its way may still hold it.
        """
        self._unfinished.discard(number)
        self._finished.add(number)

    def ask(self) -> int | None:
        """The offset to ask with now.

        What stands below it cannot come in the answer any more, nor in an earlier one, since one
        question is asked at a time; so only now may it be forgotten.
        """
        floor = self.offset
        if floor is not None:
            self._finished = {number for number in self._finished if number >= floor}
        return floor
