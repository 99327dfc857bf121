"""The checks that a person's Telegram client makes before it sends a message.

All functions raise `SimulatorError` for content that a client would not send.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulator.chats import Content, Media
from simulator.errors import Refused, SimulatorError
from simulator.keyboard_checks import checked_markup
from simulator.media_kinds import CAPTIONED
from simulator.text_checks import CAPTION_UNITS, TEXT_UNITS, client_text
from telegram_text.entities import Entity, Rendered, length

Entities = Iterable[Entity | Mapping[str, Any]]
"""Formatting, as `Entity` objects or as Bot API objects."""

Buttons = Sequence[Sequence[tuple[str, str]]]
"""Rows of link buttons, each a label and a URL."""

_LONGEST_ALBUM = 10
_ALONE = frozenset({"document", "audio"})
_IN_ALBUMS = _ALONE | {"photo", "video"}


def text(words: str, entities: Entities = ()) -> Content:
    """Returns a text message."""
    rendered = _rendered(words, entities)
    if not 1 <= length(rendered.text) <= TEXT_UNITS:
        raise SimulatorError(f"a message has 1 to {TEXT_UNITS} characters")
    return {"text": rendered.text, "entities": rendered.entities}


def caption(media: Media, words: str, entities: Entities = ()) -> Content:
    """Returns a message with media and perhaps a caption."""
    if words and media.kind not in CAPTIONED:
        raise SimulatorError(f"a {media.kind} has no caption")
    rendered = _rendered(words, entities)
    if length(rendered.text) > CAPTION_UNITS:
        raise SimulatorError(f"a caption has at most {CAPTION_UNITS} characters")
    return {"media": media, "text": rendered.text, "entities": rendered.entities}


def keyboard(buttons: Buttons) -> Mapping[str, Any] | None:
    """Returns an inline keyboard of link buttons, as under a forwarded post."""
    rows = [[{"text": label, "url": url} for label, url in row] for row in buttons]
    return checked_markup({"inline_keyboard": rows})


def check_album(kinds: Sequence[str]) -> None:
    """Checks that a client would put these kinds of media into one album."""
    if not 2 <= len(kinds) <= _LONGEST_ALBUM:
        raise SimulatorError(f"an album has 2 to {_LONGEST_ALBUM} messages")
    if unfit := set(kinds) - _IN_ALBUMS:
        raise SimulatorError(f"a {min(unfit)} cannot be in an album")
    if len(set(kinds)) > 1 and set(kinds) & _ALONE:
        raise SimulatorError("documents and audio files are in albums of their own")


def _rendered(words: str, entities: Entities) -> Rendered:
    try:
        return client_text(words, entities)
    except Refused as refusal:
        raise SimulatorError(refusal.description) from refusal
