"""The world around one bot, with its people."""

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

    def person(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language: str | None = "es",
        user_id: int | None = None,
    ) -> Person:
        """Adds a person who has not written to the bot yet; their `user_id` must be free."""
        number = user_id or self._free_number()
        if number in self.people:
            raise SimulatorError(f"there is a person {number} already")
        user = User(number, first_name, last_name, username, language)
        person = Person(self, user)
        self.people[number] = person
        return person

    def _free_number(self) -> int:
        """Returns the next number that no person has."""
        number = _FIRST_PERSON + len(self.people)
        while number in self.people:
            number += 1
        return number
