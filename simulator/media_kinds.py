"""Kinds of content: how files are recognised, their fields in the Bot API, and samples."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from PIL import Image

from simulator.chats import Media

_MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
_OGG = b"OggS\0\x02" + b"\0" * 20
_MP3 = b"ID3\x04\0\0\0\0\0\0"
_GIF = b"GIF89a\x40\x01\xf0\0\0\0\0;"
_WEBP = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x01\0\xff\x01\0"
_VIDEO = ("width", "height", "duration")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file.

    `starts` are the signatures of its content (offset and bytes), of which one must match; with
    none, any content will do. `told` are the fields that a call may set, `sure` those that are
    always there, `described` those that follow from the file's name.
    """

    suffix: str
    sample: bytes
    starts: tuple[tuple[int, bytes], ...] = ()
    told: tuple[str, ...] = ()
    sure: Mapping[str, Any] = field(default_factory=dict)
    of_sample: Mapping[str, Any] = field(default_factory=dict)
    described: tuple[str, ...] = ("file_name", "mime_type")
    captioned: bool = True

    def holds(self, content: bytes) -> bool:
        """Returns whether Telegram would recognise this content as such a file."""
        return not self.starts or any(content[at:].startswith(mark) for at, mark in self.starts)


_STICKER = {"type": "regular", "is_animated": False, "is_video": False}
_SQUARE = {"width": 512, "height": 512}

FILE_KINDS: Mapping[str, FileKind] = MappingProxyType(
    {
        "document": FileKind(".txt", b"Hola.\n"),
        "animation": FileKind(
            ".gif",
            _GIF,
            ((0, b"GIF8"), (4, b"ftyp")),
            _VIDEO,
            dict.fromkeys(_VIDEO, 0),
            {"width": 320, "height": 240, "duration": 2},
        ),
        "audio": FileKind(
            ".mp3",
            _MP3,
            ((0, b"ID3"), (0, b"\xff\xfb"), (4, b"ftypM4A")),
            ("duration", "performer", "title"),
            {"duration": 0},
            {"duration": 180, "title": "Canción"},
        ),
        "sticker": FileKind(
            ".webp",
            _WEBP,
            ((8, b"WEBP"), (0, b"\x1f\x8b"), (0, b"\x1aE\xdf\xa3")),
            ("emoji",),
            _STICKER | _SQUARE,
            {"emoji": "👍"},
            described=(),
            captioned=False,
        ),
        "video": FileKind(
            ".mp4",
            _MP4,
            ((4, b"ftyp"),),
            _VIDEO,
            dict.fromkeys(_VIDEO, 0),
            {"width": 640, "height": 360, "duration": 5},
        ),
        "video_note": FileKind(
            ".mp4",
            _MP4,
            ((4, b"ftyp"),),
            ("length", "duration"),
            {"length": 240, "duration": 0},
            {"duration": 5},
            described=(),
            captioned=False,
        ),
        "voice": FileKind(
            ".ogg",
            _OGG,
            ((0, b"OggS"), (0, b"ID3"), (4, b"ftypM4A")),
            ("duration",),
            {"duration": 0},
            {"duration": 3},
            described=("mime_type",),
        ),
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


def sample(kind: str) -> Media:
    """Returns a sample of this kind of content, which must be in `SAMPLES`."""
    return Media(kind, SAMPLES[kind])


def tiny_png(width: int = 64, height: int = 48) -> bytes:
    """Returns a valid PNG of one colour; the sides are in pixels."""
    written = io.BytesIO()
    Image.new("L", (width, height), 192).save(written, "PNG")
    return written.getvalue()
