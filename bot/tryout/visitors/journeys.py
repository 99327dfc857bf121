"""What one person does next: rules from what is seen and who the person is, without I/O."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from bot.petition.stages import Action, Stage
from bot.text.translations import mark
from bot.tryout.visitors.people import Traits
from bot.tryout.visitors.screens import SeenScreen


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
class Journey:
    """How far a person has come, and what is remembered on the way.

    Attributes:
        furthest: the furthest step.
        left_for: why the person left without signing.
        left_at: the stage at which that was.
        gives_name: whether a name was asked for, as of everybody who signs with one.
        refused: how many names were refused.
    """

    traits: Traits
    furthest: Step = Step.OPENED
    left_for: Reason | None = None
    left_at: Stage | None = None
    gives_name: bool = False
    refused: int = 0
    names_typed: int = 0
    is_asked_name: bool = False
    page: int = 0
    language_chosen: bool = False


def next_act(screen: SeenScreen, journey: Journey, *, shown: str, screenfuls: float) -> Act:
    """Returns what the person does at a screen, and notes it in the journey.

    The petition is `shown` in this language; the screen is `screenfuls` of a phone high.
    """
    traits = journey.traits
    if screen.stage is Stage.LANGUAGE:
        return _choose_language(screen, journey)
    if not _reads(traits, shown) and not journey.language_chosen:
        offered = screen.tap(Action.LANGUAGES)
        return TapButton(offered) if offered else Leave(Reason.LANGUAGE)
    if screenfuls > traits.screenfuls:
        return Leave(Reason.TOO_LONG)
    return _RULES[screen.stage](screen, journey)


def _reads(traits: Traits, language: str) -> bool:
    return traits.reads is None or language.partition("-")[0] in traits.reads


def _choose_language(screen: SeenScreen, journey: Journey) -> Act:
    journey.language_chosen = True
    own = (journey.traits.language or "").partition("-")[0]
    offered = screen.taps.get(Action.SET_LANGUAGE, {})
    for language in sorted(offered, key=lambda each: each.partition("-")[0] != own):
        if _reads(journey.traits, language):
            return TapButton(offered[language])
    return Leave(Reason.LANGUAGE)


def _at_home(screen: SeenScreen, journey: Journey) -> Act:
    if screen.is_signed:
        journey.furthest = Step.SIGNED
        return Leave()
    sign = _first_choice(screen, journey.traits)
    if sign is None:
        return Leave(Reason.CLOSED)
    read = screen.tap(Action.READ)
    if journey.traits.reads_appeal and journey.furthest < Step.READ and read is not None:
        return TapButton(read)
    journey.furthest = max(journey.furthest, Step.READ)
    return TapButton(sign)


def _first_choice(screen: SeenScreen, traits: Traits) -> str | None:
    """Returns the button that begins the form as the person wants it, or as it is offered."""
    wanted, other = Action.WITH_NAME, Action.WITHOUT_NAME
    if not traits.with_name:
        wanted, other = other, wanted
    return screen.tap(wanted) or screen.tap(other)


def _at_appeal(screen: SeenScreen, journey: Journey) -> Act:
    sign = _first_choice(screen, journey.traits)
    if sign is None:
        return Leave(Reason.CLOSED)
    onward = screen.tap(Action.READ, str(journey.page + 1))
    if onward is not None and journey.furthest < Step.READ:
        journey.page += 1
        return TapButton(onward)
    journey.furthest = max(journey.furthest, Step.READ)
    return TapButton(sign)


def _at_name(screen: SeenScreen, journey: Journey) -> Act:
    traits = journey.traits
    journey.furthest = max(journey.furthest, Step.NAME)
    journey.gives_name = True
    if journey.names_typed and journey.is_asked_name:
        journey.refused += 1
    profile = screen.tap(Action.PROFILE_NAME)
    if profile is not None and not traits.typed:
        return TapButton(profile)
    # Whose profile has no name that could be taken types one.
    names = traits.typed or (f"{traits.first_name} Soler", "Soler")
    if journey.names_typed >= len(names):
        return Leave(Reason.NAME_REFUSED)
    name = names[journey.names_typed]
    journey.names_typed += 1
    journey.is_asked_name = True
    return name


def _at_consent(screen: SeenScreen, journey: Journey) -> Act:
    traits = journey.traits
    journey.furthest = max(journey.furthest, Step.CONSENT)
    journey.is_asked_name = False
    change = screen.tap(Action.SIGN)
    if change is not None and journey.names_typed < len(traits.typed):
        return TapButton(change)  # the name above is an answer or a question
    if not traits.consents:
        return Leave(Reason.NO_CONSENT)
    confirm = screen.tap(Action.CONFIRM)
    return TapButton(confirm) if confirm else Leave(Reason.BUG)


_RULES = {
    Stage.HOME: _at_home,
    Stage.APPEAL: _at_appeal,
    Stage.NAME: _at_name,
    Stage.CONSENT: _at_consent,
    Stage.THANKS: _at_home,
}
