"""Kinds of files: how their content is recognised, and their fields in the Bot API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

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
