"""One person's visit, lived through: taps, types and waits, as the rules of `journeys` say."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from bot.petition.stages import Action, Stage
from bot.tryout.visitors.journeys import Journey, Leave, Reason, Step, next_act
from bot.tryout.visitors.people import Move, Traits
from bot.tryout.visitors.screens import SeenScreen, newest_screen, screenfuls
from simulator.person import Person
from simulator.world import World

# What an unhurried person reads in a second, in characters, and the longest that one looks.
_READ_A_SECOND = 30
_LONGEST_LOOK = 15.0
_PAUSE = (0.5, 3.0)
_FORM = (Stage.NAME, Stage.CONSENT)
_TRIES_FOR_ONE_ANSWER = 3
# More than anybody needs; a visitor who gets here goes round in a circle.
_MOST_ACTS = 60


@dataclass(slots=True)
class Visitor:
    """A person with traits, a phone, and what was lived through so far.

    Attributes:
        dice: for this person's pauses alone, so that nobody's depend on others.
        shown: the language in which the petition is shown to somebody of this language.
        looks: the fewest and most seconds that a screen of the form is looked at, and no other;
            by default, each for as long as one reads.
        has_withdrawn: whether the signature was taken back.
    """

    person: Person
    traits: Traits
    dice: Random
    shown: str = ""
    looks: tuple[float, float] | None = None
    journey: Journey = field(init=False)
    has_withdrawn: bool = False

    def __post_init__(self) -> None:
        self.journey = Journey(self.traits)

    @classmethod
    def enter(cls, world: World, traits: Traits, dice: Random, shown: str = "") -> "Visitor":
        """Creates the account of somebody who comes to a petition."""
        person = world.person(
            traits.first_name, last_name=traits.last_name, language=traits.language
        )
        return cls(person, traits, Random(dice.random()), shown)  # noqa: S311

    async def visit(self, source: str | None = None) -> None:
        """Lives through the visit, from the link to the signature or to where it ends."""
        screen = await self._sees(lambda: self.person.start(source))
        read = ""
        for _ in range(_MOST_ACTS):
            if screen is None:
                return self._leaves(Reason.SLOW, None)
            high = screenfuls(screen.message)
            act = next_act(screen, self.journey, shown=self.shown, screenfuls=high)
            if isinstance(act, Leave):
                return self._leaves(act.reason, screen.stage)
            if read != screen.message.text:
                await asyncio.sleep(self.looks_at(screen))
                read = screen.message.text
            screen = await (
                self.goes(act) if isinstance(act, str) else self._taps(screen, act.data)
            )
        return self._leaves(Reason.BUG, screen.stage if screen else None)

    async def lives_on(self) -> None:
        """Does what the signer does later."""
        if self.journey.furthest < Step.SIGNED:
            return
        await asyncio.sleep(self.dice.uniform(5, 60))
        await self.goes(*self.traits.afterwards)

    async def goes(self, *moves: Move) -> SeenScreen | None:
        """Makes these moves, and returns what is seen after the last, or None."""
        seen = newest_screen(self.person)
        for move in moves:
            if isinstance(move, Action):
                seen = await self.taps(move)
                self.has_withdrawn |= move is Action.ERASE and seen is not None
            elif isinstance(move, str):
                seen = await self._sees(partial(self.person.send, move))
            else:
                move(self.person)
        return seen

    async def taps(self, action: Action, argument: str | None = None) -> SeenScreen | None:
        """Taps a button, and returns what is seen then; None if there is no such button."""
        screen = newest_screen(self.person)
        data = None if screen is None else screen.tap(action, argument)
        if screen is None or data is None:
            return None
        await asyncio.sleep(self.dice.uniform(*(self.looks or _PAUSE)))
        return await self._taps(screen, data)

    def looks_at(self, screen: SeenScreen) -> float:
        """Returns for how many seconds a screen is looked at."""
        if self.looks is not None:
            return self.dice.uniform(*self.looks) if screen.stage in _FORM else 0.0
        seconds = len(screen.message.text) / _READ_A_SECOND
        return min(_LONGEST_LOOK, seconds) + self.dice.uniform(*_PAUSE)

    def _leaves(self, reason: Reason | None, stage: Stage | None) -> None:
        self.journey.left_for, self.journey.left_at = reason, stage

    async def _taps(self, screen: SeenScreen, data: str) -> SeenScreen | None:
        return await self._sees(lambda: self.person.tap_data(screen.message.id, data))

    async def _sees(self, does: Callable[[], object]) -> SeenScreen | None:
        """Does something, again if nothing comes of it, and returns what is seen then, or None."""
        before = newest_screen(self.person)

        def newer() -> SeenScreen | None:
            seen = newest_screen(self.person)
            return seen if seen and (before is None or seen.seen != before.seen) else None

        for _ in range(_TRIES_FOR_ONE_ANSWER):
            does()
            seen = await self.person.chat.notifier.wait_for(newer, self.traits.patience)
            if seen is not None:
                return seen
        return None
