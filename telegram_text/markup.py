"""Telegram's HTML: the one place where user text is escaped and markup is read.

`fill` puts values into a template, `parse` reads the result as Telegram's servers do, with the
same error messages. The rules are those of https://core.telegram.org/bots/api ("HTML style") and,
where that page does not say, of the client library that Telegram publishes.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from urllib.parse import urlsplit

from telegram_text.entities import DATE_TIME_FORMAT, LATEST, Entity, Rendered, tidied
from telegram_text.entities import length as length

# Telegram ends a tag at a NUL, and shows one as a space elsewhere. The ampersand is first, since
# the others bring one.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\0": " "}
_BRACES = re.compile(r"\{\{|\}\}|\{([a-z_][a-z0-9_]*)\}|[{}]")

# What the reader knows.
_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(?:x([0-9a-fA-F]*)|([0-9]*))|([a-zA-Z]*));?")
_SPECIAL = re.compile("[<&]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = " \t\r\n\v\0"
_NOT_SPACE = re.compile(f"[^{_SPACE}]|$")
_END_OF_NAME = re.compile(f"[{_SPACE}>]|$")
_END_OF_ATTRIBUTE = re.compile(f"[{_SPACE}=>]|$")
_END_OF_TOKEN = re.compile(r"[^a-zA-Z0-9.-]|$")
_PERSON = re.compile(r"tg://user/?\?id=([1-9][0-9]*)")


class MarkupError(ValueError):
    """The markup cannot be used; errors of parsing have Telegram's wording."""


class Html(str):
    """Text that is already Telegram HTML, and is not escaped again."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Escapes plain text for use in markup, also in a double-quoted attribute."""
    for plain, escaped in _ESCAPES.items():
        text = text.replace(plain, escaped)
    return Html(text)


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
    return _HtmlReader(html).read()


def seen(html: str) -> str:
    """Returns what people see of Telegram HTML; nothing of what Telegram refuses."""
    try:
        return parse(html).text
    except MarkupError:
        return ""


def link(url: str) -> str | None:
    """Returns the address that Telegram keeps for a link, or None if it drops it silently."""
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme in ("tg", "ton"):
        return url if host else None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[^\s.]+(\.[^\s.]+)+", host):
        return None
    if re.search(r"\s", url):
        return None
    return parts._replace(path=parts.path or "/").geturl()


def _argument(tag: str, name: str, value: str) -> str:
    """Returns what a tag uses of an attribute; empty for an attribute that it does not know."""
    if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id"), ("tg-time", "unix")):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    return "expandable" if (tag, name) == ("blockquote", "expandable") else ""


@dataclass(slots=True)
class _Open:
    """A tag that is not closed yet."""

    tag: str
    argument: str
    start: int
    format: str = ""


class _HtmlReader:
    """Parses one text in one pass; positions are in code points until the end."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._place = 0
        self._pieces: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> Rendered:
        """Returns the text as Telegram shows it."""
        while match := _SPECIAL.search(self._html, self._place):
            self._add(self._html[self._place : match.start()])
            self._place = match.start()
            if match[0] == "&":
                self._add(self._reference() or self._character())
            elif self._html.startswith("</", self._place):
                self._end_tag()
            else:
                self._start_tag()
        self._add(self._html[self._place :])
        if self._open:
            self._refuse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        text = "".join(self._pieces)
        if _SURROGATE.search(text):
            self._refuse("Text contains invalid Unicode characters after decoding HTML entities")
        return tidied(
            text, (replace(e, language=None) if e.type == "code" else e for e in self._entities)
        )

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _refuse(self, reason: str, place: int | None = None, rest: str = "") -> NoReturn:
        if place is not None:
            # Telegram counts bytes here, and UTF-16 units everywhere else.
            offset = len(self._html[:place].encode("utf-8", "surrogatepass"))
            reason = f"{reason} at byte offset {offset}{rest}"
        raise MarkupError(f"can't parse entities: {reason}")

    def _at(self, place: int) -> str:
        """Returns the character there; past the end a NUL, which counts as white space."""
        return self._html[place] if place < len(self._html) else "\0"

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.search(self._html, self._place)
        self._place = found.start() if found else len(self._html)

    def _character(self) -> str:
        self._place += 1
        return self._html[self._place - 1]

    def _reference(self) -> str:
        """Decodes `&lt;` or `&#60;` and moves past it; empty if none is there."""
        match = _REFERENCE.match(self._html, self._place)
        if not match:
            return ""
        if match[3] is not None:
            character = _NAMED.get(match[3], "")
        else:
            digits, base = (match[1], 16) if match[1] is not None else (match[2], 10)
            written = len(match[0].rstrip(";"))
            code = int(digits, base) if digits and written < 10 else 0
            character = chr(code) if 0 < code < 0x10FFFF else ""
        if character:
            self._place = match.end()
        return character

    def _start_tag(self) -> None:
        begin = self._place
        self._place += 1
        self._skip(_END_OF_NAME)
        if self._at(self._place) == "\0":
            self._refuse("Unclosed start tag", begin)
        tag = self._html[begin + 1 : self._place].lower()
        if tag not in _TYPES:
            self._refuse(f'Unsupported start tag "{tag}"', begin)
        argument = form = ""
        while self._at(self._place) != ">":
            self._skip(_NOT_SPACE)
            if self._at(self._place) == ">":
                break
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument
            if (tag, name) == ("tg-time", "format"):
                form = value
        if tag == "span" and argument != "spoiler":
            self._refuse('Tag "span" must have class "tg-spoiler"', begin)
        self._place += 1
        self._open.append(_Open(tag, argument, self._length, form))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        """Reads one attribute; returns its name and value."""
        start = self._place
        self._skip(_END_OF_ATTRIBUTE)
        name = self._html[start : self._place].lower()
        self._skip(_NOT_SPACE)
        if not name:
            if self._at(self._place) == "\0":
                self._refuse(f'Unclosed start tag "{tag}"', begin)
            self._refuse(f'Empty attribute name in the tag "{tag}"', begin)
        if self._at(self._place) != "=":
            if (tag, name) == ("blockquote", "expandable") and self._at(self._place) != "\0":
                return name, ""
            expected = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
            self._refuse(expected, begin)
        self._place += 1
        self._skip(_NOT_SPACE)
        if self._at(self._place) == "\0":
            self._refuse(f'Unclosed start tag "{tag}"', begin)
        value = self._quoted() if self._at(self._place) in "\"'" else self._token()
        if self._at(self._place) == "\0":
            self._refuse("Unclosed start tag", begin)
        return name, value

    def _token(self) -> str:
        start = self._place
        self._skip(_END_OF_TOKEN)
        if self._at(self._place) not in _SPACE + ">":
            self._refuse("Unexpected end of name token", start)
        return self._html[start : self._place].lower()

    def _quoted(self) -> str:
        quote = self._at(self._place)
        self._place += 1
        value: list[str] = []
        while (character := self._at(self._place)) not in (quote, "\0"):
            value.append(self._reference() or self._character())
        if character == quote:
            self._place += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self._place
        if not self._open:
            self._refuse("Unexpected end tag", begin)
        self._skip(_END_OF_NAME)
        name = self._html[begin + 2 : self._place].lower()
        self._skip(_NOT_SPACE)
        if self._at(self._place) != ">":
            self._refuse("Unclosed end tag", begin)
        self._place += 1
        opened = self._open.pop()
        if name and name != opened.tag:
            wanted = f', expected "</{opened.tag}>", found "</{name}>"'
            self._refuse("Unmatched end tag", begin, wanted)
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        if self._length == opened.start:
            return  # an empty tag, which Telegram drops silently
        kind = _TYPES[opened.tag]
        entity = Entity(kind, opened.start, self._length - opened.start)
        if kind == "text_link":
            self._link(entity, opened.argument)
        elif kind == "custom_emoji":
            self._emoji(entity, opened.argument)
        elif kind == "date_time":
            self._time(entity, opened.argument, opened.format)
        elif kind in ("pre", "code"):
            self._code(entity, opened.argument)
        elif opened.argument == "expandable":
            self._entities.append(replace(entity, type="expandable_blockquote"))
        else:
            self._entities.append(entity)

    def _link(self, entity: Entity, target: str) -> None:
        target = target or "".join(self._pieces)[entity.offset :]
        person = _PERSON.fullmatch(target)
        if person:
            self._entities.append(replace(entity, type="text_mention", user_id=int(person[1])))
        elif address := link(target):
            self._entities.append(replace(entity, url=address))

    def _emoji(self, entity: Entity, number: str) -> None:
        if not number.isascii() or not number.isdigit() or int(number) == 0:
            self._refuse("Invalid custom emoji identifier specified")
        self._entities.append(replace(entity, custom_emoji_id=number))

    def _time(self, entity: Entity, unix: str, form: str) -> None:
        """Adds a time; the wording of these refusals is not Telegram's, which is not published."""
        if not unix.isascii() or not unix.isdigit() or not 0 < int(unix) <= LATEST:
            self._refuse("Invalid Unix time specified")
        if not DATE_TIME_FORMAT.fullmatch(form):
            self._refuse("Invalid date and time format specified")
        self._entities.append(replace(entity, unix_time=int(unix), date_time_format=form or None))

    def _code(self, entity: Entity, language: str) -> None:
        """Adds a code or pre; a code with a language inside or around a pre merges into it."""
        last = self._entities[-1] if self._entities else None
        same = last is not None and (last.offset, last.end) == (entity.offset, entity.end)
        if last is not None and same and last.type != entity.type:
            known = language or last.language
            if known and last.type in ("pre", "code"):
                self._entities[-1] = replace(last, type="pre", language=known)
                return
        self._entities.append(replace(entity, language=language or None))
