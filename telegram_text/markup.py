"""Telegram's HTML: the one place where user text is escaped and markup is read.

`fill` puts values into a template, `parse` reads the result as Telegram's servers do, with the
same error messages. The rules are those of https://core.telegram.org/bots/api ("HTML style") and,
where that page does not say, of the client library that Telegram publishes.
"""

import re
from datetime import datetime

from telegram_text.entities import LATEST, Entity, Rendered, length
from telegram_text.html_reader import HtmlReader, MarkupError, link

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
    "seen",
    "time_tag",
]

# Telegram ends a tag at a NUL, and shows one as a space elsewhere.
_ESCAPES = str.maketrans({"\0": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_BRACES = re.compile(r"\{\{|\}\}|\{([a-z_][a-z0-9_]*)\}|[{}]")


class Html(str):
    """Text that is already Telegram HTML, and is not escaped again."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Escapes plain text for use in markup, also in a double-quoted attribute."""
    return Html(text.translate(_ESCAPES))


def time_tag(shown: str, when: datetime, form: str) -> Html:
    """Returns a moment that clients show in the reader's own zone and language.

    Older clients show the text `shown`, which has to be right by itself. Without seconds in the
    form (see `entities.DATE_TIME_FORMAT`) the tag has none either, so that what looks the same is
    the same. A time beyond `entities.LATEST` gets no tag.
    """
    unix = int(when.timestamp())
    if "T" not in form:
        unix -= unix % 60
    if not 0 < unix <= LATEST:
        return escape(shown)
    return Html(f'<tg-time unix="{unix}" format="{form}">{escape(shown)}</tg-time>')


def fill(template: str, /, **values: object) -> Html:
    """Puts values into a template's `{name}` placeholders, and escapes all that is not `Html`.

    `{{` and `}}` stand for single braces. Values without a placeholder are ignored, since a
    translation need not use all of them.

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
    """Returns the names of a template's placeholders."""
    return frozenset(match[1] for match in _BRACES.finditer(template) if match[1])


def parse(html: str) -> Rendered:
    """Reads Telegram HTML as Telegram does.

    Raises:
        MarkupError: Telegram would refuse the text, for the reason the message gives.
    """
    return HtmlReader(html).read()


def seen(html: str) -> str:
    """Returns what people see of Telegram HTML; nothing of what Telegram refuses."""
    try:
        return parse(html).text
    except MarkupError:
        return ""
