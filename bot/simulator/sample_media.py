"""Samples of content other than text and files, and a generated picture."""

import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.simulator.chats import Media
from bot.simulator.media_kinds import FILE_KINDS


def tiny_png(width: int = 64, height: int = 48) -> bytes:
    """Returns a valid PNG of one colour; the sides are in pixels."""

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
