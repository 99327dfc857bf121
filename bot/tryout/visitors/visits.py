"""One person's visit, lived through: taps, types and waits, as the rules of `journeys` say."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from bot.petition.petition import Petition
from bot.petition.stages import Action, Stage
from bot.tryout.visitors.journeys import Act, Journey, Leave, Reason, Step, TapButton, next_act
from bot.tryout.visitors.people import Afterwards, Quirk, Traits
from bot.tryout.visitors.phone import screenfuls
from bot.tryout.visitors.screens import SeenScreen, newest_screen
from simulator.person import Person
from simulator.world import World

# What an unhurried person reads in a second, in characters, and the longest that one looks.
_READ_A_SECOND = 30
_LONGEST_LOOK = 15.0
_PAUSE = (0.5, 3.0)
_TAPS_FOR_ONE_ANSWER = 3
# More than anybody needs; whoever gets here goes round in a circle.
_MOST_ACTS = 60


@dataclass(slots=True)
class Visitor:
    """A person with traits, a phone, and what was lived through so far.

    Attributes:
        dice: for this person's pauses alone, so that nobody's depend on others.
        shown: the language in which the petition is shown to somebody of this language.
        looks: how many seconds a screen is looked at; by default, for as long as one reads.
        has_withdrawn: whether the signature was taken back.
    """

    person: Person
    traits: Traits
    dice: Random
    shown: str = ""
    looks: Callable[[SeenScreen], float] | None = None
    journey: Journey = field(init=False)
    has_withdrawn: bool = False

    def __post_init__(self) -> None:
        self.journey = Journey(self.traits)

    @classmethod
    def enter(cls, world: World, traits: Traits, dice: Random, petition: Petition) -> "Visitor":
        """Creates the account of somebody who comes to a petition."""
        shown = petition.language_for(traits.language)
        return cls(traits.account(world), traits, Random(dice.random()), shown)  # noqa: S311

    @property
    def has_come(self) -> bool:
        """Whether the visit has begun."""
        return bool(self.person.messages)

    async def visit(self, source: str | None = None) -> None:
        """Lives through the visit, from the link to the signature or to where it ends."""
        screen = await self.sees(lambda: self.person.start(source))
        read = ""
        for _ in range(_MOST_ACTS):
            if screen is None:
                return self._leaves(Reason.SLOW, None)
            high = screenfuls(screen.message)
            act = next_act(screen, self.journey, shown=self.shown, screenfuls=high)
            if isinstance(act, Leave):
                return self._leaves(act.reason, screen.stage)
            if read != screen.message.text:
                await asyncio.sleep((self.looks or self._reads)(screen))
                read = screen.message.text
            screen = await self._does(act, screen)
        return self._leaves(Reason.BUG, screen.stage if screen else None)

    def _leaves(self, reason: Reason | None, stage: Stage | None) -> None:
        self.journey.left_for, self.journey.left_at = reason, stage

    def _reads(self, screen: SeenScreen) -> float:
        seconds = len(screen.message.text) / _READ_A_SECOND
        return min(_LONGEST_LOOK, seconds) + self.dice.uniform(*_PAUSE)

    async def _does(self, act: Act, screen: SeenScreen) -> SeenScreen | None:
        if isinstance(act, TapButton):
            twice = self.journey.once(Quirk.TAPS_TWICE)

            def tap() -> None:
                self.person.tap_data(screen.message.id, act.data)
                if twice:
                    self.person.tap_data(screen.message.id, act.data)

            return await self.sees(tap)
        if isinstance(act, Leave):
            return screen
        if self.journey.once(Quirk.STICKER):
            self.person.send_kind("sticker")
        return await self.sees(lambda: self.person.send(act.text))

    async def taps(self, action: Action, argument: str | None = None) -> SeenScreen | None:
        """Taps a button, and returns what is seen then; None if there is no such button."""
        screen = newest_screen(self.person)
        data = None if screen is None else screen.tap(action, argument)
        if screen is None or data is None:
            return None
        await asyncio.sleep(self.looks(screen) if self.looks else self.dice.uniform(*_PAUSE))
        return await self.sees(partial(self.person.tap_data, screen.message.id, data))

    async def sees(self, does: Callable[[], object]) -> SeenScreen | None:
        """Does something, again if nothing comes of it, and returns what is seen then, or None."""
        before, loop = newest_screen(self.person), asyncio.get_running_loop()
        begun = loop.time()

        def newer() -> SeenScreen | None:
            seen = newest_screen(self.person)
            return seen if seen is not None and seen.is_newer(before) else None

        seen = None
        for _ in range(_TAPS_FOR_ONE_ANSWER):
            does()
            seen = await self.person.chat.notifier.wait_for(newer, self.traits.patience)
            if seen is not None:
                break
        self.journey.waits.append(loop.time() - begun)
        return seen

    async def lives_on(self) -> None:
        """Does what the signer does later."""
        if self.journey.furthest < Step.SIGNED:
            return
        await asyncio.sleep(self.dice.uniform(5, 60))
        person = self.person
        match self.traits.afterwards:
            case Afterwards.LOOKS:
                await self.sees(person.start)
            case Afterwards.MY_DATA:
                await self.goes("/mydata", Action.OTHER_RIGHTS)
            case Afterwards.CORRECTS:
                await self.goes("/mydata", Action.CORRECT_NAME)
                await self.sees(lambda: person.send("Alex Vidal"))
            case Afterwards.MUTES:
                await self.goes("/stop")
            case Afterwards.WITHDRAWS:
                await self.goes("/withdraw", Action.ERASE)
            case Afterwards.BLOCKS:
                person.block()
            case Afterwards.DELETES:
                person.deactivate()
            case Afterwards.NOTHING:
                return

    async def goes(self, command: str, *actions: Action) -> SeenScreen | None:
        """Sends a command and taps buttons, and returns what is seen then, or None."""
        screen = await self.sees(lambda: self.person.send(command))
        for action in actions:
            screen = await self.taps(action)
            self.has_withdrawn |= action is Action.ERASE and screen is not None
        return screen
