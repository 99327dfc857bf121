"""How much of a phone a message takes, from the widths of letters: no browser is needed.

The model is of a phone of 390 by 844 points and of Telegram at its ordinary size of text; see
`PHONE`. It wraps words as Telegram does, folds quotes that unfold at a tap, and counts buttons.
"""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import ImageFont

from bot.charts.canvas import FONTS
from bot.simulator.chats import Message
from bot.text.entities import Entity

_MEASURED_AT = 100
_FOLDED_LINES = 3
_NOT_IN_THE_FONT = 0.6
"""The width of a letter of a script that the font has not, in heights of the text."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone with Telegram on it; everything is in points.

    Attributes:
        text_size, line_height: of a message.
        text_width: of a message's widest line.
        padding: above and below the text of a bubble, together.
        button, gap: the height of a row of buttons, and the gap above it and between messages.
        visible: the height that is left for messages, between the title and the field.
        visible_typing: the same with the keyboard open.
    """

    text_size: float = 17.0
    line_height: float = 22.0
    text_width: float = 298.0
    padding: float = 13.0
    button: float = 44.0
    gap: float = 4.0
    visible: float = 669.0
    visible_typing: float = 367.0
    tallest_picture: float = 420.0

    def height(self, message: Message) -> float:
        """Returns how high a message is, with its picture and its buttons."""
        picture = self._picture(message)
        rows = len(message.buttons) * (self.button + self.gap)
        return picture + self._text(message) + rows + self.gap

    def screenfuls(self, message: Message, *, typing: bool = False) -> float:
        """Returns how many heights of the visible part a message takes; above 1, one scrolls."""
        return self.height(message) / (self.visible_typing if typing else self.visible)

    def _text(self, message: Message) -> float:
        if not message.text:
            return 0.0
        return self.padding + self.lines(message.text, message.entities) * self.line_height

    def _picture(self, message: Message) -> float:
        if message.photo is None:
            return 0.0
        largest = message.photo.payload[-1]
        width = self.text_width + 2 * self.padding
        return float(min(self.tallest_picture, width * largest["height"] / largest["width"]))

    def lines(self, text: str, entities: tuple[Entity, ...] = ()) -> int:
        """Returns in how many lines a text is wrapped, its folded quotes as they are at first."""
        bold = [False] * (len(text) + 1)
        folded = [False] * (len(text) + 1)
        places = _places(text)
        for entity in entities:
            span = range(places.get(entity.offset, 0), places.get(entity.end, len(text)))
            for place in span:
                bold[place] = bold[place] or entity.type == "bold"
                folded[place] = folded[place] or entity.type == "expandable_blockquote"
        count, quoted, at = 0, 0, 0
        for paragraph in text.split("\n"):
            letters = tuple(bold[at : at + len(paragraph)])
            wrapped = _wrap(paragraph, letters, self.text_width / self.text_size)
            if folded[at]:
                quoted += wrapped
            else:
                count += min(quoted, _FOLDED_LINES) + wrapped
                quoted = 0
            at += len(paragraph) + 1
        return count + min(quoted, _FOLDED_LINES)


PHONE = Phone()


@lru_cache(maxsize=4096)
def _wrap(paragraph: str, bold: tuple[bool, ...], most: float) -> int:
    """Returns in how many lines a paragraph is wrapped; `most` is in heights of the text."""
    lines, used, at = 1, 0.0, 0
    for word in _words(paragraph):
        width = sum(_width(letter, bold[at + place]) for place, letter in enumerate(word))
        at += len(word)
        if used and used + width > most and not word.isspace():
            lines, used = lines + 1, 0.0
        if width > most:
            lines += math.ceil(width / most) - 1
            width %= most
        used += width
    return lines


def _words(paragraph: str) -> Iterator[str]:
    """Yields words and the spaces between them; every ideograph is a word of its own."""
    word = ""
    for letter in paragraph:
        wide = unicodedata.east_asian_width(letter) in "WF"
        if word and (wide or letter.isspace() != word[-1].isspace() or _is_wide(word[-1])):
            yield word
            word = ""
        word += letter
    if word:
        yield word


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def _places(text: str) -> dict[int, int]:
    """Returns the place of each character by its offset in UTF-16 units."""
    found, offset = {}, 0
    for place, letter in enumerate(text):
        found[offset] = place
        offset += 2 if ord(letter) > 0xFFFF else 1
    return found


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    name = "NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf"
    return ImageFont.truetype(FONTS / name, _MEASURED_AT)


@cache
def _width(letter: str, bold: bool) -> float:
    """Returns the width of a letter in heights of the text."""
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn"):
        return 0.0
    if _is_wide(letter):
        return 1.0
    if not letter.isspace() and not _has(letter):
        return _NOT_IN_THE_FONT
    return _font(bold).getlength(letter) / _MEASURED_AT


def _has(letter: str) -> bool:
    """Returns whether the font has the letter: what it lacks looks like a letter nobody has."""
    font = _font(False)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffd"))
