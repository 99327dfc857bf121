"""Who comes to a petition: people drawn from a seed, with what each of them will do.

Rules that can be read, not statistics: how many do what is in the shares below, so that every way
through the petition is taken by somebody when there are some hundred people.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bot.petition.stages import Action
from simulator.person import Person

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
