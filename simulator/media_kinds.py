"""Kinds of content: their fields in the Bot API, and samples."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from PIL import Image, ImageOps

SKIES = (("#223a70", "#f6b07a"), ("#145c74", "#cee8d0"), ("#4a2c62", "#f28e84"))


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file, with its fields; those that are `described` follow from the file's name."""

    suffix: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    described: tuple[str, ...] = ("file_name", "mime_type")
    captioned: bool = True


_ANIMATION = {"width": 320, "height": 240, "duration": 2}
_VIDEO = {"width": 640, "height": 360, "duration": 5}
_VIDEO_NOTE = {"length": 240, "duration": 5}
_STICKER = {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}
_SQUARE = {"width": 512, "height": 512}

FILE_KINDS: Mapping[str, FileKind] = MappingProxyType(
    {
        "document": FileKind(".txt"),
        "animation": FileKind(".gif", _ANIMATION),
        "audio": FileKind(".mp3", {"duration": 180, "title": "Canción"}),
        "sticker": FileKind(".webp", _STICKER | _SQUARE, described=(), captioned=False),
        "video": FileKind(".mp4", _VIDEO),
        "video_note": FileKind(".mp4", _VIDEO_NOTE, described=(), captioned=False),
        "voice": FileKind(".ogg", {"duration": 3}, described=("mime_type",)),
    }
)
"""Every kind of file by its field in a message; photos, which have sizes, are not here."""

CAPTIONED = frozenset({"photo"} | {name for name, kind in FILE_KINDS.items() if kind.captioned})
"""The kinds of content that can have a caption."""

_PLACE = {"latitude": 40.4168, "longitude": -3.7038}
_POLL = {
    "id": "0",
    "question": "¿Sí o no?",
    "options": [
        {"text": "Sí", "voter_count": 0, "persistent_id": "0"},
        {"text": "No", "voter_count": 0, "persistent_id": "1"},
    ],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}

SAMPLES: Mapping[str, Any] = MappingProxyType(
    {
        "contact": {"phone_number": "34600000000", "first_name": "Contacto"},
        "dice": {"emoji": "🎲", "value": 4},
        "location": _PLACE,
        "poll": _POLL,
        "venue": {"location": _PLACE, "title": "Puerta del Sol", "address": "Madrid"},
    }
)
"""Samples by their field in a message; the other kinds are files."""

KINDS = ("photo", *FILE_KINDS, *SAMPLES)
"""Every kind of content that `Person.send_kind` takes."""


@lru_cache(maxsize=len(SKIES))
def sample_photo(number: int) -> bytes:
    """Returns an evening sky as a JPEG, in the colours of this number."""
    above, below = SKIES[number]
    light = Image.linear_gradient("L").resize((960, 640))
    written = io.BytesIO()
    ImageOps.colorize(light, above, below).save(written, "JPEG")
    return written.getvalue()
