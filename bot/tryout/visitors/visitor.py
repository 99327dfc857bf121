"""One person's visit, lived through: what they do next, of what they see and who they are."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import partial
from random import Random

from bot.petition.stages import Action, Stage
from bot.text.translations import mark
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


class Step(IntEnum):
    """How far somebody came; the steps that are counted in the report."""

    OPENED = 0
    READ = 1
    NAME = 2
    CONSENT = 3
    SIGNED = 4


class Reason(Enum):
    """Why somebody left without a signature, as the report says it."""

    LANGUAGE = mark("No leen ningún idioma de la petición")
    TOO_LONG = mark("La pantalla era demasiado larga")
    NAME_REFUSED = mark("El bot no aceptó lo que escribieron como nombre")
    SLOW = mark("La respuesta tardó demasiado")
    NO_CONSENT = mark("No dieron su consentimiento")
    CLOSED = mark("Llegaron cuando ya estaba cerrada")
    BUG = mark("Se quedaron sin un botón que tocar")


@dataclass(frozen=True, slots=True)
class TapButton:
    """A tap on a button, by its callback data."""

    data: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The end of the visit; without a reason, the person has signed."""

    reason: Reason | None = None


Act = TapButton | str | Leave
"""What a person does next; a text is typed."""


@dataclass(slots=True)
class Visitor:
    """A person with traits, a phone, and what was lived through so far.

    Attributes:
        dice: for this person's pauses alone, so that nobody's depend on others.
        shown: the language in which the petition is shown to somebody of this language.
        looks: the fewest and most seconds that a screen of the form is looked at, and no other;
            by default, each for as long as one reads.
        furthest: the furthest step.
        left_for: why the person left without signing.
        left_at: the stage at which that was.
        gives_name: whether a name was asked for, as of everybody who signs with one.
        refused: how many names were refused.
        has_withdrawn: whether the signature was taken back.
    """

    person: Person
    traits: Traits
    dice: Random
    shown: str = ""
    looks: tuple[float, float] | None = None
    furthest: Step = Step.OPENED
    left_for: Reason | None = None
    left_at: Stage | None = None
    gives_name: bool = False
    refused: int = 0
    has_withdrawn: bool = False
    _names_typed: int = 0
    _is_asked_name: bool = False
    _page: int = 0
    _has_chosen_language: bool = False

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
                self.left_for = Reason.SLOW
                return
            act = self.next_act(screen, screenfuls(screen.message))
            if isinstance(act, Leave):
                self.left_for, self.left_at = act.reason, screen.stage
                return
            if read != screen.message.text:
                await asyncio.sleep(self.looks_at(screen))
                read = screen.message.text
            screen = await (
                self.goes(act) if isinstance(act, str) else self._taps(screen, act.data)
            )
        self.left_for, self.left_at = Reason.BUG, screen.stage if screen else None

    async def lives_on(self) -> None:
        """Does what the signer does later."""
        if self.furthest < Step.SIGNED:
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

    def next_act(self, screen: SeenScreen, high: float) -> Act:
        """Returns what the person does at a screen that is `high` screenfuls of a phone."""
        if screen.stage is Stage.LANGUAGE:
            return self._choose_language(screen)
        if not self._reads(self.shown) and not self._has_chosen_language:
            offered = screen.tap(Action.LANGUAGES)
            return TapButton(offered) if offered else Leave(Reason.LANGUAGE)
        if high > self.traits.screenfuls:
            return Leave(Reason.TOO_LONG)
        if screen.stage is Stage.NAME:
            return self._at_name(screen)
        if screen.stage is Stage.CONSENT:
            return self._at_consent(screen)
        return self._before_the_form(screen)

    def _reads(self, language: str) -> bool:
        return self.traits.reads is None or language.partition("-")[0] in self.traits.reads

    def _choose_language(self, screen: SeenScreen) -> Act:
        self._has_chosen_language = True
        own = (self.traits.language or "").partition("-")[0]
        offered = screen.taps.get(Action.SET_LANGUAGE, {})
        for language in sorted(offered, key=lambda each: each.partition("-")[0] != own):
            if self._reads(language):
                return TapButton(offered[language])
        return Leave(Reason.LANGUAGE)

    def _before_the_form(self, screen: SeenScreen) -> Act:
        """Reads the appeal to its last page, and begins the form as wanted, or as offered."""
        if screen.stage is not Stage.APPEAL and screen.is_signed:
            self.furthest = Step.SIGNED
            return Leave()
        wanted, other = Action.WITH_NAME, Action.WITHOUT_NAME
        if not self.traits.with_name:
            wanted, other = other, wanted
        sign = screen.tap(wanted) or screen.tap(other)
        if sign is None:
            return Leave(Reason.CLOSED)
        onward = None
        if self.furthest < Step.READ and screen.stage is Stage.APPEAL:
            onward = screen.tap(Action.READ, str(self._page + 1))
            self._page += 1
        elif self.furthest < Step.READ and self.traits.reads_appeal:
            onward = screen.tap(Action.READ)
        if onward is not None:
            return TapButton(onward)
        self.furthest = max(self.furthest, Step.READ)
        return TapButton(sign)

    def _at_name(self, screen: SeenScreen) -> Act:
        self.furthest = max(self.furthest, Step.NAME)
        self.gives_name = True
        if self._names_typed and self._is_asked_name:
            self.refused += 1
        profile = screen.tap(Action.PROFILE_NAME)
        if profile is not None and not self.traits.typed:
            return TapButton(profile)
        # Whose profile has no name that could be taken types one.
        names = self.traits.typed or (f"{self.traits.first_name} Soler", "Soler")
        if self._names_typed >= len(names):
            return Leave(Reason.NAME_REFUSED)
        name = names[self._names_typed]
        self._names_typed += 1
        self._is_asked_name = True
        return name

    def _at_consent(self, screen: SeenScreen) -> Act:
        self.furthest = max(self.furthest, Step.CONSENT)
        self._is_asked_name = False
        change = screen.tap(Action.SIGN)
        if change is not None and self._names_typed < len(self.traits.typed):
            return TapButton(change)  # the name above is an answer or a question
        if not self.traits.consents:
            return Leave(Reason.NO_CONSENT)
        confirm = screen.tap(Action.CONFIRM)
        return TapButton(confirm) if confirm else Leave(Reason.BUG)
