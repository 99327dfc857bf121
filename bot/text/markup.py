"""Telegram's HTML: the one place where user text is escaped and markup is read.

`fill` puts values into a template, `parse` reads the result as Telegram's servers do, down
to the wording of the refusals. The rules are those of https://core.telegram.org/bots/api
("HTML style") and, where that page is silent, of Telegram's published client library.
"""

import re

from bot.text.entities import Entity, Rendered, length
from bot.text.telegram_html import MarkupError, link, read

__all__ = [
    "Entity",
    "Html",
    "MarkupError",
    "Rendered",
    "escape",
    "fill",
    "length",
    "link",
    "parse",
    "placeholders",
]

# Telegram ends a tag at a NUL, and shows one as a space elsewhere.
_ESCAPES = str.maketrans({"\0": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_BRACES = re.compile(r"\{\{|\}\}|\{([a-z_][a-z0-9_]*)\}|[{}]")


class Html(str):
    """Text that is Telegram HTML already, and is not escaped again."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Make plain text safe to stand in markup, in a double-quoted attribute too."""
    return Html(text.translate(_ESCAPES))


def fill(template: str, /, **values: object) -> Html:
    """Put values into a template's `{name}` placeholders, escaping all that is not `Html`.

    `{{` and `}}` stand for single braces. Values without a placeholder are left out, since
    a translation need not use everything it is offered.

    Raises:
        MarkupError: a placeholder has no value, or a brace stands alone.
    """

    def filled(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise MarkupError(f'a single "{match[0]}" at position {match.start()}; write it twice')
        if match[1] not in values:
            raise MarkupError(f"unknown placeholder {{{match[1]}}}")
        value = values[match[1]]
        return value if isinstance(value, Html) else escape(str(value))

    return Html(_BRACES.sub(filled, template))


def placeholders(template: str) -> frozenset[str]:
    """Name the placeholders of a template."""
    return frozenset(match[1] for match in _BRACES.finditer(template) if match[1])


def parse(html: str) -> Rendered:
    """Read Telegram HTML as Telegram does.

    Raises:
        MarkupError: Telegram would refuse the text, for the reason the message gives.
    """
    return read(html)
