"""Support for tests of delayed replies: a clock set by hand, and replies that can fail."""

import asyncio
from collections.abc import Iterator

ANA, BEA, EVE = 7, 8, 9


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waking))
        await waking

    async def pass_(self, seconds: float) -> None:
        """Lets time pass, and what is due happen."""
        end = self.now + seconds
        while True:
            await settled()
            awake = [one for one in self._sleepers if not one[1].done()]
            self._sleepers = awake
            due = min((moment for moment, _ in awake), default=end + 1)
            if due > end:
                self.now = end
                return
            self.now = due
            next(waking for moment, waking in awake if moment == due).set_result(None)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Chat:
    """A chat whose calls end in what was planned, and then go well."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.tries = 0
        self.later = 0
        self._outcomes: Iterator[Exception | None] = iter(outcomes)

    async def answer(self) -> None:
        self.tries += 1
        outcome = next(self._outcomes, None)
        if outcome is not None:
            raise outcome

    async def again(self) -> None:
        self.later += 1
        await self.answer()


class Hanging:
    """A chat whose calls are not answered."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.answers = asyncio.Event()

    async def answer(self) -> None:
        self.begun += 1
        try:
            await self.answers.wait()
        finally:
            self.ended += 1
