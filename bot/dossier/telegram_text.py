"""Turns Telegram HTML into what the dossier's template sets: blocks of runs, all of them data."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from telegram_text.entities import Entity, Rendered, in_code_points
from telegram_text.markup import parse

Block = dict[str, Any]
Run = dict[str, Any]

_STYLES = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "code": "code",
    "pre": "code",
}
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_ITEM = re.compile(r"\s*([•·–—-]|\d{1,2}[.)])\s+")


def blocks(html: str) -> list[Block]:
    """Returns a text as blocks, one for each line that is not empty.

    A block has `runs`, each with its `text` and the styles that it has, and `url` for a link;
    `quote` if it is quoted, `item` (the sign or number) if it stands in a list, `bold` if all of
    it is bold, and `apart` if an empty line precedes it.

    Raises:
        MarkupError: it is no Telegram HTML.
    """
    rendered = parse(html)
    entities = in_code_points(rendered.text, rendered.entities)
    found: list[Block] = []
    place, apart = 0, True
    for line in rendered.text.split("\n"):
        if line.strip():
            found.append(_block(rendered, entities, place, place + len(line), apart=apart))
        apart = not line.strip()
        place += len(line) + 1
    return found


def _block(
    rendered: Rendered, entities: list[Entity], start: int, end: int, *, apart: bool
) -> Block:
    block: Block = {"apart": apart}
    if item := _ITEM.match(rendered.text, start, end):
        block["item"] = item[1]
        start = item.end()
    inside = [entity for entity in entities if entity.offset < end and entity.end > start]
    block["quote"] = any(entity.type in _QUOTES for entity in inside)
    block["runs"] = list(_runs(rendered.text, inside, start, end))
    block["bold"] = all(run.get("bold") for run in block["runs"] if run["text"].strip())
    return block


def _runs(text: str, entities: list[Entity], start: int, end: int) -> Iterator[Run]:
    edges = {start, end}
    for entity in entities:
        edges |= {min(max(edge, start), end) for edge in (entity.offset, entity.end)}
    for left, right in pairwise(sorted(edges)):
        run: Run = {"text": text[left:right]}
        for entity in entities:
            if entity.offset <= left and right <= entity.end:
                if style := _STYLES.get(entity.type):
                    run[style] = True
                if entity.type == "text_link" and entity.end <= end and right == entity.end:
                    run["url"] = entity.url
        yield run
