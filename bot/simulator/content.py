"""One sample of every kind of message a person can send, to see what a bot makes of it."""

import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.simulator.messages import Media


def tiny_png(width: int = 64, height: int = 48) -> bytes:
    """A real image, all of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xc0" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _file(kind: str, **more: Any) -> dict[str, Any]:
    return {"file_id": f"{kind}-sample-file-id", "file_unique_id": f"{kind}-sample", **more}


_PLACE = {"latitude": 40.4168, "longitude": -3.7038}
_STICKER = {
    "type": "regular",
    "width": 512,
    "height": 512,
    "is_animated": False,
    "is_video": False,
    "emoji": "👍",
}
_POLL = {
    "id": "5000000000000000001",
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
        "animation": _file("animation", width=320, height=240, duration=2),
        "audio": _file("audio", duration=180, title="Canción", mime_type="audio/mpeg"),
        "contact": {"phone_number": "34600000000", "first_name": "Contacto"},
        "dice": {"emoji": "🎲", "value": 4},
        "location": _PLACE,
        "poll": _POLL,
        "sticker": _file("sticker", **_STICKER),
        "venue": {"location": _PLACE, "title": "Puerta del Sol", "address": "Madrid"},
        "video": _file("video", width=640, height=360, duration=5, mime_type="video/mp4"),
        "video_note": _file("video_note", length=240, duration=5),
        "voice": _file("voice", duration=3, mime_type="audio/ogg"),
    }
)
"""Samples by the field of a message that holds them; photos and documents are real files."""

KINDS = ("photo", "document", *SAMPLES)
"""Every kind of content `Person.send_kind` knows."""


def sample(kind: str) -> Media:
    """A sample of this kind of content."""
    payload = SAMPLES[kind]
    return Media(kind, payload, payload.get("file_id"))
