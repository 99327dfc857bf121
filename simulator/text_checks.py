"""Turns the text parameters of a call into the text that people see."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from simulator.auto_entities import find_entities, with_found_entities
from simulator.chats import Content
from simulator.errors import bad_request
from simulator.parameters import Params, names
from telegram_text.entities import (
    DATE_TIME_FORMAT,
    LATEST,
    SPLITTABLE,
    Entity,
    Rendered,
    in_code_points,
    length,
    tidied,
)
from telegram_text.markup import MarkupError, parse

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
_REMEMBERED = 64
_TYPES = frozenset(SPLITTABLE) | names(
    "blockquote expandable_blockquote code pre text_link text_mention custom_emoji date_time"
)
_EXTRAS = ("url", "language", "custom_emoji_id", "unix_time", "date_time_format")
_ENTITY_FIELDS = frozenset({"type", "offset", "length", "user", *_EXTRAS})
_FOUND_ANYWAY = names("mention hashtag cashtag bot_command url email phone_number")


def text_of(params: Params) -> Content:
    """Returns the text of a message; refuses one that is empty, too long or wrongly marked up."""
    rendered = _rendered(params["text"], params, "entities")
    if not rendered.text:
        raise bad_request("text must be non-empty")
    if length(rendered.text) > TEXT_UNITS:
        raise bad_request("message is too long")
    return {"text": rendered.text, "entities": rendered.entities}


def caption_of(params: Params) -> Content:
    """Returns the caption of a message, perhaps empty; refuses a wrong one as `text_of` does."""
    rendered = _rendered(params.get("caption", ""), params, "caption_entities")
    if length(rendered.text) > CAPTION_UNITS:
        raise bad_request("message caption is too long")
    return {
        "text": rendered.text,
        "entities": rendered.entities,
        "caption_above": params.get("show_caption_above_media", False),
        "spoiler": params.get("has_spoiler", False),
    }


def client_text(text: str, entities: Iterable[Entity | Mapping[str, Any]]) -> Rendered:
    """Returns a text formatted with these entities; refuses one that does not fit.

    Without entities the text stays as it is, white space and control characters included.
    """
    given = [e if isinstance(e, Entity) else _entity(e) for e in entities]
    if not given:
        return Rendered(text, find_entities(text))
    kept = [entity for entity in given if entity is not None]
    try:
        return with_found_entities(tidied(text, in_code_points(text, kept)))
    except ValueError as error:
        raise bad_request(f"can't parse entities: {error}") from error


def _rendered(text: str, params: Params, entities: str) -> Rendered:
    mode = params.get("parse_mode", "")
    if not mode:
        shapes = params.get(entities)
        return client_text(text, shapes) if shapes else _plain(text)
    if params.get(entities):
        raise bad_request(f"parse_mode and {entities} exclude each other")
    if mode.lower() != "html":
        raise bad_request("unsupported parse_mode")  # the simulator has no Markdown
    try:
        return _html(text)
    except MarkupError as error:
        raise bad_request(str(error)) from error


# Parsing is most of the work of a call, and a broadcast sends the same text every time.
@lru_cache(maxsize=_REMEMBERED)
def _html(text: str) -> Rendered:
    return with_found_entities(parse(text))


@lru_cache(maxsize=_REMEMBERED)
def _plain(text: str) -> Rendered:
    return with_found_entities(tidied(text, ()))


def _entity(shape: Any) -> Entity | None:
    if not isinstance(shape, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    if unknown := set(shape) - _ENTITY_FIELDS:
        raise bad_request(f'unknown field "{min(unknown)}" in MessageEntity')
    kind, offset, size = shape.get("type"), shape.get("offset"), shape.get("length")
    if not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or size < 0:
        raise bad_request('can\'t parse MessageEntity: Field "offset" or "length" is invalid')
    if kind in _FOUND_ANYWAY:
        return None
    if kind not in _TYPES:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    if kind == "date_time":
        _check_time(shape.get("unix_time"), shape.get("date_time_format", ""))
    user = shape.get("user")
    return Entity(
        str(kind),
        offset,
        size,
        user_id=user.get("id") if isinstance(user, dict) else None,
        **{name: shape.get(name) for name in _EXTRAS},
    )


def _check_time(unix: Any, form: Any) -> None:
    if type(unix) is not int or not 0 < unix <= LATEST:
        raise bad_request('can\'t parse MessageEntity: Field "unix_time" is invalid')
    if not isinstance(form, str) or not DATE_TIME_FORMAT.fullmatch(form):
        raise bad_request('can\'t parse MessageEntity: Field "date_time_format" is invalid')
