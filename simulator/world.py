"""The world around one bot: its people, and waiting until nothing happens."""

import asyncio
from collections.abc import Callable

from simulator.chats import User
from simulator.errors import SimulatorError
from simulator.person import Person
from simulator.state import State

_FIRST_PERSON = 6_100_000_001


class World(State):
    """All people, chats and files around one bot; `clock` returns the Unix time."""

    def __init__(self, bot: User, clock: Callable[[], float]) -> None:
        self.people: dict[int, Person] = {}
        super().__init__(bot, clock, self.people)
        self.calls_in_flight = 0

    def person(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language: str | None = "es",
        user_id: int | None = None,
        premium: bool = False,
    ) -> Person:
        """Adds a person who has not written to the bot yet; their `user_id` must be free."""
        number = user_id or self._free_number()
        if number in self.people:
            raise SimulatorError(f"there is a person {number} already")
        user = User(number, first_name, last_name, username, language, is_premium=premium)
        person = Person(self, user)
        self.people[number] = person
        return person

    def _free_number(self) -> int:
        """Returns the next number that no person has."""
        number = _FIRST_PERSON + len(self.people)
        while number in self.people:
            number += 1
        return number

    async def idle(self, seconds: float = 20) -> None:
        """Waits until nothing is pending and no call runs; raises `SimulatorError` if in vain."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await self._is_idle(deadline - loop.time()):
            if loop.time() >= deadline:
                raise SimulatorError(
                    f"not idle after {seconds} s: {len(self.updates.pending)} updates are not"
                    f" acknowledged, {self.calls_in_flight} calls are under way"
                )

    async def _is_idle(self, seconds: float) -> bool:
        if not await self.updates.acknowledged(seconds):
            return False
        await self.notifier.wait_for(lambda: not self.calls_in_flight, seconds)
        before = self.event_count
        # A bot may acknowledge an update before it acts on it.
        await asyncio.sleep(0.02)
        busy = self.calls_in_flight or self.updates.pending
        return not busy and before == self.event_count
