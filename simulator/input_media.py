"""InputMedia objects, as editMessageMedia and sendMediaGroup take them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.chats import Media
from simulator.errors import Refused, bad_request
from simulator.files import Files
from simulator.media_kinds import FILE_KINDS
from simulator.parameters import UploadedFile, decode_value
from simulator.text_checks import caption_of
from telegram_text.markup import Rendered

_TEXT = frozenset({"type", "media", "caption", "parse_mode", "caption_entities"})
_SHOWN = frozenset({"show_caption_above_media", "has_spoiler"})
_FIELDS = {
    "photo": _TEXT | _SHOWN,
    "video": _TEXT
    | _SHOWN
    | {"thumbnail", "cover", "start_timestamp", "supports_streaming", *FILE_KINDS["video"].told},
    "animation": _TEXT | _SHOWN | {"thumbnail", *FILE_KINDS["animation"].told},
    "audio": _TEXT | {"thumbnail", *FILE_KINDS["audio"].told},
    "document": _TEXT | {"thumbnail", "disable_content_type_detection"},
}


@dataclass(frozen=True, slots=True)
class InputMedia:
    """A checked InputMedia whose file is not looked up yet.

    `told` are the parameters about an upload, such as its duration.
    """

    kind: str
    source: str | UploadedFile
    caption: Rendered
    above: bool
    spoiler: bool
    told: Mapping[str, Any]

    def media(self, files: Files) -> Media:
        """Looks up or stores the file and returns it; refuses an unknown or invalid one."""
        return files.media(self.kind, self.source, **self.told)


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
    told = FILE_KINDS[kind].told if kind in FILE_KINDS else ()
    return InputMedia(
        kind,
        source,
        caption_of(fields),
        fields.get("show_caption_above_media", False),
        fields.get("has_spoiler", False),
        {name: fields[name] for name in told if name in fields},
    )


def _unparsed(reason: str) -> Refused:
    return bad_request(f"can't parse InputMedia: {reason}")
