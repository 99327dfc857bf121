"""What a person sees: a screen, told by its buttons, in any language."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from bot.petition.petition import Petition
from bot.petition.stages import Action, Stage
from bot.text.translations import Catalogs
from simulator.chats import Message
from simulator.person import Person
from telegram_text.markup import fill, parse


@dataclass(frozen=True, slots=True)
class SeenScreen:
    """The newest message with buttons.

    Attributes:
        stage: which screen it is; HOME also for a signer and after the closing.
        taps: the callback data of the buttons, by what they do.
    """

    message: Message
    stage: Stage
    taps: Mapping[str, Sequence[str]]

    @property
    def is_signed(self) -> bool:
        """Whether the screen is a signer's: the thanks, or the petition with the way back."""
        return self.stage is Stage.THANKS or Action.WITHDRAW in self.taps

    def tap(self, action: Action, argument: str | None = None) -> str | None:
        """Returns the data of a button, if there is one: with this argument, or the last one."""
        found = self.taps.get(action, ())
        if argument is not None:
            return next((data for data in found if data.split(":", 2)[2] == argument), None)
        return found[-1] if found else None

    def is_newer(self, before: "SeenScreen | None") -> bool:
        """Returns whether something else is to be seen than before."""
        return before is None or _shown(self.message) != _shown(before.message)


def _shown(message: Message) -> tuple[int, str, list[str]]:
    return message.id, message.text, message.labels


def newest_screen(person: Person) -> SeenScreen | None:
    """Returns what the person sees below everything else, if it has buttons of a screen."""
    for message in reversed(person.messages):
        taps: dict[str, list[str]] = {}
        for button in (button for row in message.buttons for button in row):
            version, _, rest = (button.data or "").partition(":")
            if version.isdecimal():
                taps.setdefault(rest.partition(":")[0], []).append(button.data or "")
        if taps:
            return SeenScreen(message, _stage(taps.keys()), taps)
    return None


def _stage(has: Set[str]) -> Stage:
    """Returns the stage whose screen has these buttons, of those that a visit comes to."""
    if Action.CONFIRM in has:
        return Stage.CONSENT
    if Action.SET_LANGUAGE in has:
        return Stage.LANGUAGE
    if Action.PROFILE_NAME in has:
        return Stage.NAME
    if Action.HOME not in has:
        return Stage.HOME
    if len(has) == 1:
        return Stage.THANKS
    if has & {Action.READ, Action.WITH_NAME, Action.WITHOUT_NAME}:
        return Stage.APPEAL
    return Stage.NAME


def closing_updates(person: Person, lines: frozenset[str]) -> list[Message]:
    """Returns the closing updates in a person's chat: messages of their own, without buttons."""
    return [
        message
        for message in person.messages
        if message.from_bot and not message.buttons and any(line in message.text for line in lines)
    ]


def closing_lines(petition: Petition, signatures: int) -> frozenset[str]:
    """Returns for each language a line that only the closing update has."""
    catalogs = Catalogs.load()
    words = {language: catalogs.words(language) for language in petition.texts}
    return frozenset(
        parse(
            fill(
                texts.closing_update,
                count=words[language].number(signatures),
                people=words[language].people(signatures),
            )
        ).text.splitlines()[-1]
        for language, texts in petition.texts.items()
    )
