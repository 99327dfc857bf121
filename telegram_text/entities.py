"""Normalises a text and its entities as Telegram does before it shows them.

The steps are the same for text with markup and for text with a list of entities: overlapping
entities are put in order, control characters are removed, entities that cover only white space
are dropped, and white space around the whole is trimmed. Inside this module positions are code
points; outside they are UTF-16 units, as in the Bot API.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
"""Styles that Telegram splits where a link or code begins or ends."""

_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_CODE = frozenset({"code", "pre"})
_HOLDS_MORE_THAN_TEXT = frozenset({"text_link", "text_mention"})
_ORDER = {name: rank for rank, name in enumerate(SPLITTABLE, start=90)}
_CONTROL = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_SPACE = " \n"


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted part of a text; `offset` and `length` count UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None

    @property
    def end(self) -> int:
        """The offset of the first unit after the entity."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as people see it, with its entities."""

    text: str
    entities: tuple[Entity, ...] = ()


LATEST = 2**31 - 1
"""The last second, in Unix time, that a time in a text can be."""

DATE_TIME_FORMAT = re.compile("r|w?[dD]?[tT]?")
"""How a client writes a time: relative, or weekday, date and time of day, each short or long."""


def length(text: str) -> int:
    """Returns the UTF-16 code units, the unit of every limit and offset in the Bot API."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def tidied(text: str, entities: Iterable[Entity]) -> Rendered:
    """Returns a text, cleaned and trimmed, whose entities are given in code points."""
    text, spans = _cleaned(text, _disentangled(_in_order(entities)))
    spans = _without_blank(text, spans)
    text, spans = _trimmed(text, spans)
    return Rendered(text, tuple(in_utf16(text, spans)))


def in_utf16(text: str, spans: Iterable[Entity]) -> Iterable[Entity]:
    """Converts positions in code points into UTF-16 units."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return spans
    return [
        replace(
            span,
            offset=length(text[: span.offset]),
            length=length(text[span.offset : span.end]),
        )
        for span in spans
    ]


def in_code_points(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Converts positions in UTF-16 units into code points.

    Raises:
        ValueError: a position is outside the text or inside a surrogate pair.
    """
    places = {0: 0}
    units = 0
    for index, character in enumerate(text, start=1):
        units += 2 if character > "\uffff" else 1
        places[units] = index
    found = []
    for entity in entities:
        if entity.offset not in places or entity.end not in places:
            raise ValueError(f"entity at UTF-16 offset {entity.offset} does not fit the text")
        start = places[entity.offset]
        found.append(replace(entity, offset=start, length=places[entity.end] - start))
    return found


def _in_order(entities: Iterable[Entity]) -> list[Entity]:
    """Sorts as Telegram does: by offset, the longer first, styles after the rest."""
    kept = (entity for entity in entities if entity.length > 0)
    return sorted(kept, key=lambda e: (e.offset, -e.length, _ORDER.get(e.type, 50)))


def _disentangled(spans: list[Entity]) -> list[Entity]:
    """Drops what may not overlap and splits styles where links, code and quotes begin and end."""
    quotes = _apart([span for span in spans if span.type in _QUOTES])
    solid = _apart([s for s in spans if s.type not in _QUOTES and s.type not in SPLITTABLE])
    solid = [span for span in solid if not any(_crosses(span, quote) for quote in quotes)]
    cuts = sorted({edge for span in (*solid, *quotes) for edge in (span.offset, span.end)})
    code = [span for span in solid if span.type in _CODE]
    styles: list[Entity] = []
    for style in SPLITTABLE:
        for start, end in _joined([span for span in spans if span.type == style]):
            edges = [start, *(cut for cut in cuts if start < cut < end), end]
            styles += [
                Entity(style, left, right - left)
                for left, right in pairwise(edges)
                if not any(c.offset <= left < c.end for c in code)
            ]
    return _in_order([*quotes, *solid, *styles])


def _apart(spans: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for span in spans:
        if not kept or span.offset >= kept[-1].end:
            kept.append(span)
    return kept


def _crosses(span: Entity, quote: Entity) -> bool:
    if span.end <= quote.offset or quote.end <= span.offset:
        return False
    return not (quote.offset <= span.offset and span.end <= quote.end)


def _joined(spans: list[Entity]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for span in spans:
        if joined and span.offset <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span.end))
        else:
            joined.append((span.offset, span.end))
    return joined


def _cleaned(text: str, spans: list[Entity]) -> tuple[str, list[Entity]]:
    """Replaces control characters by spaces; removes those that reverse or strike the text."""
    text = _CONTROL.sub(" ", text)
    if not _REMOVED.search(text):
        return text, spans
    gone = [match.start() for match in _REMOVED.finditer(text)]

    def moved(place: int) -> int:
        return place - sum(position < place for position in gone)

    cleaned = [
        replace(span, offset=moved(span.offset), length=moved(span.end) - moved(span.offset))
        for span in spans
    ]
    return _REMOVED.sub("", text), [span for span in cleaned if span.length > 0]


def _without_blank(text: str, spans: list[Entity]) -> list[Entity]:
    kept = []
    for span in spans:
        if span.type in _HOLDS_MORE_THAN_TEXT:
            kept.append(span)
            continue
        covered = text[span.offset : span.end]
        blank = len(covered) - len(covered.lstrip(_SPACE))
        if blank < len(covered):
            kept.append(replace(span, offset=span.offset + blank, length=span.length - blank))
    return _in_order(kept)


def _trimmed(text: str, spans: list[Entity]) -> tuple[str, list[Entity]]:
    text = text.rstrip(_SPACE)
    spans = [
        replace(span, length=min(span.end, len(text)) - span.offset)
        for span in spans
        if span.offset < len(text)
    ]
    blank = len(text) - len(text.lstrip(_SPACE))
    blank = min([blank, *(span.offset for span in spans)])
    return text[blank:], [replace(span, offset=span.offset - blank) for span in spans]
