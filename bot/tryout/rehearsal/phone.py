"""How much of a phone a message takes, from the widths of letters: no browser is needed.

The model is of a phone of 390 by 844 points and of Telegram at its ordinary size of text. It
wraps words as Telegram does, folds quotes that unfold at a tap, and counts buttons.
"""

import math
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from PIL import ImageFont

from bot.charts.canvas import FONTS
from simulator.chats import Message
from telegram_text.entities import Entity

_MEASURED_AT = 100
_FOLDED_LINES = 3
_NOT_IN_THE_FONT = 0.6
"""The width of a letter of a script that the font has not, in heights of the text."""

# In points. Of a message: its letters, lines and widest line, and what is above and below them.
_TEXT_SIZE, _LINE_HEIGHT, _TEXT_WIDTH, _PADDING = 17.0, 22.0, 298.0, 13.0
# A row of buttons, and the gap above it and between messages.
_BUTTON, _GAP = 44.0, 4.0
# What is left for messages between the title and the field, and with the keyboard open.
_VISIBLE, _VISIBLE_TYPING = 669.0, 367.0
_TALLEST_PICTURE = 420.0


def height(message: Message) -> float:
    """Returns how high a message is, in points, with its picture and its buttons."""
    high = _GAP + len(message.buttons) * (_BUTTON + _GAP)
    if message.text:
        high += _PADDING + lines(message.text, message.entities) * _LINE_HEIGHT
    if message.photo is not None:
        largest = message.photo.payload[-1]
        width = _TEXT_WIDTH + 2 * _PADDING
        high += min(_TALLEST_PICTURE, width * largest["height"] / largest["width"])
    return high


def screenfuls(message: Message, *, typing: bool = False) -> float:
    """Returns how many heights of the visible part a message takes; above 1, one scrolls."""
    return height(message) / (_VISIBLE_TYPING if typing else _VISIBLE)


def lines(text: str, entities: tuple[Entity, ...] = ()) -> int:
    """Returns in how many lines a text is wrapped, its folded quotes as they are at first."""
    bold = [False] * (len(text) + 1)
    folded = [False] * (len(text) + 1)
    places = _places(text)
    for entity in entities:
        for place in range(places.get(entity.offset, 0), places.get(entity.end, len(text))):
            bold[place] = bold[place] or entity.type == "bold"
            folded[place] = folded[place] or entity.type == "expandable_blockquote"
    count, quoted, at = 0, 0, 0
    for paragraph in text.split("\n"):
        letters = tuple(bold[at : at + len(paragraph)])
        wrapped = _wrap(paragraph, letters, _TEXT_WIDTH / _TEXT_SIZE)
        if folded[at]:
            quoted += wrapped
        else:
            count += min(quoted, _FOLDED_LINES) + wrapped
            quoted = 0
        at += len(paragraph) + 1
    return count + min(quoted, _FOLDED_LINES)


@lru_cache(maxsize=4096)
def _wrap(paragraph: str, bold: tuple[bool, ...], most: float) -> int:
    """Returns in how many lines a paragraph is wrapped; `most` is in heights of the text."""
    count, used, at = 1, 0.0, 0
    for word in _words(paragraph):
        width = sum(_width(letter, bold[at + place]) for place, letter in enumerate(word))
        at += len(word)
        if used and used + width > most and not word.isspace():
            count, used = count + 1, 0.0
        if width > most:
            count += math.ceil(width / most) - 1
            width %= most
        used += width
    return count


def _words(paragraph: str) -> Iterator[str]:
    """Yields words and the spaces between them; every ideograph is a word of its own."""
    word = ""
    for letter in paragraph:
        alike = word and letter.isspace() == word[-1].isspace()
        if word and (not alike or _is_wide(letter) or _is_wide(word[-1])):
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
