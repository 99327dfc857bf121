"""InputMedia objects, as editMessageMedia takes them."""

from dataclasses import dataclass
from typing import Any

from simulator.chats import Media
from simulator.errors import Refused, bad_request
from simulator.files import Files
from simulator.parameters import UploadedFile, decode_value, names
from simulator.text_checks import caption_of
from telegram_text.markup import Rendered

_CAPTION = names("type media caption parse_mode caption_entities")
_FIELDS = {
    "photo": _CAPTION | {"show_caption_above_media", "has_spoiler"},
    "document": _CAPTION | {"thumbnail", "disable_content_type_detection"},
}


@dataclass(frozen=True, slots=True)
class InputMedia:
    """A checked InputMedia whose file is not looked up yet."""

    kind: str
    source: str | UploadedFile
    caption: Rendered
    above: bool
    spoiler: bool

    def media(self, files: Files) -> Media:
        """Looks up or stores the file and returns it; refuses an unknown or invalid one."""
        return files.media(self.kind, self.source)


def read_input_media(shape: Any) -> InputMedia:
    """Reads one InputMedia object; refuses missing, wrong and unknown fields."""
    if not isinstance(shape, dict):
        raise _unparsed("expected an Object")
    fields = {name: value for name, value in shape.items() if value is not None}
    kind, source = fields.get("type"), fields.get("media")
    if not isinstance(kind, str):
        raise _unparsed('can\'t find field "type"')
    if not isinstance(source, str | UploadedFile) or not source:
        raise _unparsed("media not found")
    if kind not in _FIELDS:
        raise _unparsed(f'type "{kind}" is unsupported')
    if unknown := set(fields) - _FIELDS[kind]:
        raise bad_request(f'unknown field "{min(unknown)}" in media')
    rest = fields.keys() - {"type", "media"}
    fields |= {name: decode_value(name, fields[name], {}) for name in sorted(rest)}
    return InputMedia(
        kind,
        source,
        caption_of(fields),
        fields.get("show_caption_above_media", False),
        fields.get("has_spoiler", False),
    )


def _unparsed(reason: str) -> Refused:
    return bad_request(f"can't parse InputMedia: {reason}")
