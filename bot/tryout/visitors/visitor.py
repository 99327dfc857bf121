"""Who comes to a petition, drawn from a seed, and their visit: what they do of what they see.

Rules that can be read, not statistics: how many do what is in the shares below, so that every way
through the petition is taken by somebody when there are some hundred people.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from bot.petition.stages import Action, Stage
from bot.tryout.visitors.screens import SeenScreen, newest_screen
from simulator.person import Person
from simulator.world import World

# Of people whose language the petition has, and of the others: how many of each hundred.
_SPEAKS_ONE_OF_ITS = 70
_OTHER_LANGUAGES = (
    *("ca", "ca", "gl", "eu", "pt-br", "pt-br", "fr", "fr", "de", "it", "ar", "ar", "ru", "uk"),
    *("pl", "nl", "ro", "tr", "zh-hans", "hi", "fa", "id", "ja", "es", "es", "en", "en", None),
)

_FIRST_NAMES = (
    *("Adriana", "Alba", "Amara", "Ángel", "Beatriz", "Bruno", "Camila", "Carles", "Chiara"),
    *("Daniel", "Elena", "Esteban", "Fatima", "Gael", "Hugo", "Inés", "Jana", "Karim", "Laia"),
    *("Leire", "Liam", "Marc", "Nadia", "Noah", "Olga", "Óscar", "Pedro", "Rocío", "Samuel"),
    *("Tomás", "Uxía", "Xavier", "Yolanda", "Zoe", "فاطمة", "Олена", "李娜", "🦋", "~ M ~"),
)
_LAST_NAMES = (
    *("Alonso", "Benítez", "Castro", "Díaz", "Esteve", "Ferrer", "Gómez", "Haddad", "Iglesias"),
    *("Jones", "Keita", "López", "Méndez", "Navarro", "Ochoa", "Peña", "Quiroga", "Rossi"),
    *("Sáez", "Soler", "Ugarte", "Vidal", "Walsh", "Yáñez", None, None, None, "🌿", "2001"),
)
_MISTYPED = (
    *("@{first}", "www.{first}.example/yo", "{first}\n{last}", "12345678Z", "a", "👍", "+34 600"),
    *("¿qué tengo que poner?", "hola", "Quiero firmar, gracias", "=HYPERLINK(1)", "{first} " * 30),
)


Move = Action | str | Callable[[Person], None]
"""A button that is tapped, a text that is typed, or something else that a person can do."""

_AFTERWARDS: dict[tuple[Move, ...], int] = {
    (): 54,
    ("/start",): 12,
    ("/mydata", Action.OTHER_RIGHTS): 8,
    ("/mydata", Action.CORRECT_NAME, "Alex Vidal"): 4,
    ("/mydata", Action.ASK_NAME_CONSENT, "Alex Vidal", Action.GIVE_NAME): 3,
    ("/mydata", Action.REMOVE_NAME): 3,
    ("/stop",): 3,
    ("/withdraw", Action.ERASE): 5,
    (Person.block,): 6,
    (Person.deactivate,): 2,
}
"""What signers do later, and how many of each hundred."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One person; by default, one who reads everything and signs.

    Attributes:
        language: as Telegram names it; None if it does not.
        arrives: when, as a share of the time in which people sign; above 1 after the closing.
        reads_appeal: whether the appeal is read before signing.
        typed: the names that are typed, one after the other as they are refused; none if the
            name of the profile is taken.
        with_name: whether they sign with a name, where they have the choice.
        afterwards: what happens after the signature.
    """

    first_name: str
    last_name: str | None
    language: str | None
    arrives: float = 0.0
    reads_appeal: bool = True
    typed: tuple[str, ...] = ()
    with_name: bool = True
    afterwards: tuple[Move, ...] = ()


def draw_people(dice: Random, number: int, languages: Sequence[str]) -> Iterator[Traits]:
    """Yields people, the same for the same dice; the source language comes first."""
    for _ in range(number):
        first, last = dice.choice(_FIRST_NAMES), dice.choice(_LAST_NAMES)
        yield Traits(
            first_name=first,
            last_name=last,
            language=_language(dice, languages),
            arrives=_arrival(dice),
            reads_appeal=dice.random() < 0.45,
            typed=_typed(dice, first, last),
            with_name=dice.random() < 0.7,
            afterwards=dice.choices(list(_AFTERWARDS), list(_AFTERWARDS.values()))[0],
        )


def _language(dice: Random, languages: Sequence[str]) -> str | None:
    if dice.random() * 100 >= _SPEAKS_ONE_OF_ITS:
        return dice.choice(_OTHER_LANGUAGES)
    # Most read the source language, and each further one half as many as the one before.
    weights = [2.0**-place for place in range(len(languages))]
    return dice.choices(languages, weights)[0]


def _arrival(dice: Random) -> float:
    """Returns when somebody comes: half of them in a wave, as after a newsletter, a few too late.

    The wave is in the second tenth of the time, and twice as dense as what comes later.
    """
    kind = dice.random()
    if kind < 0.03:
        return 1.0 + dice.random()
    return dice.uniform(0.1, 0.4) if kind < 0.5 else dice.random()


def _typed(dice: Random, first: str, last: str | None) -> tuple[str, ...]:
    """Returns the names that somebody types: up to three that are none, and then one."""
    if dice.random() < 0.65:
        return ()
    wrong = [
        dice.choice(_MISTYPED).format(first=first, last=last or first)
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 3)))
    ]
    return (*wrong, f"{first} {last or ''}".strip())


# What an unhurried person reads in a second, in characters, and the longest that one looks.
_READ_A_SECOND = 30
_LONGEST_LOOK = 15.0
_PAUSE = (0.5, 3.0)
_FORM = (Stage.NAME, Stage.CONSENT)
_PATIENCE = 60.0  # seconds that an answer may take until the person taps again
_TRIES_FOR_ONE_ANSWER = 3
# More than anybody needs; a visitor who gets here goes round in a circle.
_MOST_ACTS = 60


@dataclass(frozen=True, slots=True)
class TapButton:
    """A tap on a button, by its callback data."""

    data: str


@dataclass(slots=True)
class Visitor:
    """A person with traits, a phone, and what was lived through so far.

    Attributes:
        dice: for this person's pauses alone, so that nobody's depend on others.
        looks: the fewest and most seconds that a screen of the form is looked at, and no other;
            by default, each for as long as one reads.
        has_signed: whether the bot has thanked for the signature.
        is_stuck: whether no answer came, or there was no button to go on with.
        has_withdrawn: whether the signature was taken back.
    """

    person: Person
    traits: Traits
    dice: Random
    looks: tuple[float, float] | None = None
    has_signed: bool = False
    is_stuck: bool = False
    has_withdrawn: bool = False
    _names_typed: int = 0
    _page: int = 0
    _has_read: bool = False

    @classmethod
    def enter(cls, world: World, traits: Traits, dice: Random) -> "Visitor":
        """Creates the account of somebody who comes to a petition."""
        person = world.person(
            traits.first_name, last_name=traits.last_name, language=traits.language
        )
        return cls(person, traits, Random(dice.random()))  # noqa: S311

    async def visit(self, source: str | None = None) -> None:
        """Lives through the visit, from the link to the signature or to where it ends."""
        screen = await self._sees(lambda: self.person.start(source))
        read = ""
        for _ in range(_MOST_ACTS):
            if screen is None:
                break
            act = self.next_act(screen)
            if act is None:
                return
            if read != screen.message.text:
                await asyncio.sleep(self.looks_at(screen))
                read = screen.message.text
            screen = await (
                self.goes(act) if isinstance(act, str) else self._taps(screen, act.data)
            )
        self.is_stuck = True

    async def lives_on(self) -> None:
        """Does what the signer does later."""
        if not self.has_signed:
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
            seen = await self.person.chat.notifier.wait_for(newer, _PATIENCE)
            if seen is not None:
                return seen
        return None

    def next_act(self, screen: SeenScreen) -> TapButton | str | None:
        """Returns what the person taps or types at a screen; None at the end of the visit."""
        if screen.stage is Stage.LANGUAGE:  # asked of whose own language the petition lacks
            return TapButton(next(iter(screen.taps[Action.SET_LANGUAGE].values())))
        if screen.stage is Stage.NAME:
            return self._at_name(screen)
        if screen.stage is Stage.CONSENT:
            return self._at_consent(screen)
        return self._before_the_form(screen)

    def _before_the_form(self, screen: SeenScreen) -> TapButton | None:
        """Reads the appeal to its last page, and begins the form as wanted, or as offered."""
        if screen.stage is not Stage.APPEAL and screen.is_signed:
            self.has_signed = True
            return None
        wanted, other = Action.WITH_NAME, Action.WITHOUT_NAME
        if not self.traits.with_name:
            wanted, other = other, wanted
        sign = screen.tap(wanted) or screen.tap(other)
        if sign is None:
            return None  # it is closed
        onward = None
        if not self._has_read and screen.stage is Stage.APPEAL:
            onward = screen.tap(Action.READ, str(self._page + 1))
            self._page += 1
        elif not self._has_read and self.traits.reads_appeal:
            onward = screen.tap(Action.READ)
        self._has_read = onward is None
        return TapButton(onward or sign)

    def _at_name(self, screen: SeenScreen) -> TapButton | str:
        profile = screen.tap(Action.PROFILE_NAME)
        if profile is not None and not self.traits.typed:
            return TapButton(profile)
        # Whose profile has no name that could be taken, or who has typed none yet, types this one.
        names = (*self.traits.typed, f"{self.traits.first_name} Soler", "Soler")
        name = names[min(self._names_typed, len(names) - 1)]
        self._names_typed += 1
        return name

    def _at_consent(self, screen: SeenScreen) -> TapButton | None:
        change, confirm = screen.tap(Action.SIGN), screen.tap(Action.CONFIRM)
        if change is not None and self._names_typed < len(self.traits.typed):
            return TapButton(change)  # the name above is an answer or a question
        self.is_stuck = confirm is None
        return TapButton(confirm) if confirm else None
