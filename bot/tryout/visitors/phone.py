"""How much of a phone a message takes, by counting its characters.

The phone has 390 by 844 points, and Telegram its ordinary size of text. Quotes that unfold at a
tap are counted folded.
"""

import unicodedata

from simulator.chats import Message
from telegram_text.entities import Entity

_LINE = 35
"""How many letters stand in a line, the space that wrapped words leave at its end included."""
_FOLDED_LINES = 3
# In points: a line, what is above and below a text, a row of buttons with the gap above it.
_LINE_HEIGHT, _PADDING, _BUTTON = 22.0, 17.0, 48.0
_WIDTH, _TALLEST_PICTURE = 324.0, 420.0
# What is left for messages between the title and the field, and with the keyboard open.
_VISIBLE, _VISIBLE_TYPING = 669.0, 367.0


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
