"""Which updates were taken and which are finished: numbers only, no input and no output."""


class Window:
    """Telegram's updates between the first that is not finished and the newest one seen.

    It holds no more than Telegram shows at a time, which is a hundred.
    """

    def __init__(self) -> None:
        self._unfinished: set[int] = set()
        self._finished_ahead: set[int] = set()
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

    def take(self, number: int) -> bool:
        """Takes a number unless it is known; tells whether it was new."""
        if number in self._unfinished or number in self._finished_ahead:
            return False
        # After a quiet week Telegram may begin again at any number, a lower one too: then
        # the newest is what came last, or the offset would stay beyond all that comes.
        if self._newest is None or number > self._newest or not self._unfinished:
            self._newest = number
        self._unfinished.add(number)
        return True

    def finish(self, number: int) -> None:
        """Marks a number that was taken as handled or passed over."""
        was_first = number == min(self._unfinished)
        self._unfinished.discard(number)
        self._finished_ahead.add(number)
        if was_first:
            self._forget_acknowledged()

    def _forget_acknowledged(self) -> None:
        if not self._unfinished:
            self._finished_ahead.clear()
            return
        floor = min(self._unfinished)
        self._finished_ahead = {number for number in self._finished_ahead if number > floor}
