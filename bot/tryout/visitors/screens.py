"""What a person sees: a screen, told by its buttons, in any language; its height.

The phone has 390 by 844 points, and Telegram its ordinary size of text. Quotes that unfold at a
tap are counted folded.
"""

import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass

from bot.petition.petition import Petition
from bot.petition.stages import Action, Stage
from bot.text.translations import Catalogs
from handlers.screens.buttons import SupporterTap, read_tap
from simulator.chats import Message
from simulator.person import Person
from telegram_text.entities import Entity
from telegram_text.markup import fill, parse

_LINE = 35
"""How many letters stand in a line, the space that wrapped words leave at its end included."""
_FOLDED_LINES = 3
# In points: a line, what is above and below a text, a row of buttons with the gap above it.
_LINE_HEIGHT, _PADDING, _BUTTON = 22.0, 17.0, 48.0
_WIDTH, _TALLEST_PICTURE = 324.0, 420.0
# What is left for messages between the title and the field, and with the keyboard open.
_VISIBLE, _VISIBLE_TYPING = 669.0, 367.0


@dataclass(frozen=True, slots=True)
class SeenScreen:
    """The newest message with buttons.

    Attributes:
        stage: which screen it is; HOME also for a signer and after the closing.
        taps: the callback data of the buttons, by what they do and to what.
    """

    message: Message
    stage: Stage
    taps: Mapping[Action, dict[str, str]]

    @property
    def is_signed(self) -> bool:
        """Whether the screen is a signer's: the thanks, or the petition with the way back."""
        return self.stage is Stage.THANKS or Action.WITHDRAW in self.taps

    def tap(self, action: Action, argument: str | None = None) -> str | None:
        """Returns the data of a button, if there is one: with this argument, or the last one."""
        found = self.taps.get(action, {})
        return found.get(next(reversed(found), "") if argument is None else argument)

    @property
    def seen(self) -> tuple[int, str, list[str]]:
        """What is seen of it: another screen is another message, text or label of a button."""
        return self.message.id, self.message.text, self.message.labels


def newest_screen(person: Person) -> SeenScreen | None:
    """Returns what the person sees below everything else, if it has buttons of a screen."""
    for message in reversed(person.messages):
        taps: dict[Action, dict[str, str]] = {}
        for button in (button for row in message.buttons for button in row):
            tap = read_tap(button.data)
            if isinstance(tap, SupporterTap):
                taps.setdefault(tap.action, {})[tap.argument] = button.data or ""
        if taps:
            return SeenScreen(message, _stage(taps.keys()), taps)
    return None


def _stage(has: Set[Action]) -> Stage:
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


def screenfuls(message: Message, *, typing: bool = False) -> float:
    """Returns how many heights of the visible part a message takes; above 1, one scrolls."""
    return height(message) / (_VISIBLE_TYPING if typing else _VISIBLE)


def height(message: Message) -> float:
    """Returns how high a message is, in points, with its picture and its buttons."""
    high = len(message.buttons) * _BUTTON
    if message.text:
        high += _PADDING + lines(message.text, message.entities) * _LINE_HEIGHT
    if message.photo is not None:
        largest = message.photo.payload[-1]
        high += min(_TALLEST_PICTURE, _WIDTH * largest["height"] / largest["width"])
    return high


def lines(text: str, entities: tuple[Entity, ...] = ()) -> int:
    """Returns in how many lines a text is wrapped, its folded quotes as they are at first."""
    units = text.encode("utf-16-le")
    quotes = (
        units[2 * each.offset : 2 * each.end].decode("utf-16-le")
        for each in entities
        if each.type == "expandable_blockquote"
    )
    hidden = sum(max(0, lines(quote) - _FOLDED_LINES) for quote in quotes)
    return sum(max(1, -(-_width(each) // _LINE)) for each in text.split("\n")) - hidden


def _width(paragraph: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in paragraph)
    return len(paragraph) + wide - sum(map(bool, map(unicodedata.combining, paragraph)))
